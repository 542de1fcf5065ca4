"""Opens a lab and its apps for a command, wherever each is: on this machine, or on AWS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from chalicelib.operations.labs.lab_apps import LabApp
from infra.local.dashboard.dashboard_links import dashboard_address
from infra.local.lifecycle.run_paths import RunPaths
from infra.local.lifecycle.run_session import RunSession
from infra.operator.run_session import opened
from infra.problems import OperatorProblem

#: The folder of a lab, which has no author's code.
LAB_FOLDER: Final = Path(__file__).with_name("lab")


@dataclass(frozen=True, slots=True)
class RunPlace:
    """Where a run is: its id, and the region of a deployed one, or the folder of a run on this machine."""

    run_id: str
    region: str = ""
    folder: str = ""

    @classmethod
    def of(cls, app: LabApp) -> RunPlace:
        """Return where an app of a lab is."""
        return cls(app.id, app.region, app.folder)


@contextmanager
def opened_at(place: RunPlace, *, with_code: bool = False) -> Iterator[RunSession]:
    """Open a run for the with block; NotFound or OperatorProblem when it isn't there any more."""
    folder = Path(place.folder) if place.folder else Path.cwd()
    with opened(place.run_id, RunPaths(folder), with_code=with_code, region=place.region or None) as session:
        yield session


def lab_in(folder: Path, lab_id: str, region: str | None = None) -> RunPlace:
    """Return where a lab is: in this folder, or deployed from this machine; OperatorProblem if none is.

    With a region, labs that are served from this folder are ignored.
    """
    if region is None and RunPaths(folder).has(lab_id):
        return RunPlace(lab_id, folder=str(folder))
    # Lazy import: the AWS clients take a while to import.
    from infra.aws.account.local_registry import LocalRegistry

    entry = LocalRegistry().find(lab_id, region=region)
    if entry is not None:
        return RunPlace(lab_id, region=entry.region)
    if region is not None:
        return RunPlace(lab_id, region=region)
    raise OperatorProblem(
        f"There is no lab {lab_id} in {folder}, and none of this name was deployed from this machine. Serve "
        "one with: petri lab serve, deploy one with: petri lab deploy, or go to its folder."
    )


def place_of(run_id: str, region: str | None, folder: Path) -> RunPlace:
    """Return where a run is that a command names: in a folder, or deployed from this machine."""
    if region is None and RunPaths(folder).has(run_id):
        return RunPlace(run_id, folder=str(folder))
    # Lazy import: the AWS clients take a while to import.
    from infra.aws.account.local_registry import LocalRegistry

    entry = LocalRegistry().find(run_id, region=region)
    if entry is None:
        raise OperatorProblem(
            f"There is no run {run_id} in {folder}, and no app of this name was deployed from this machine. "
            "Name one with its id; `petri apps` lists deployed apps."
        )
    return RunPlace(run_id, region=entry.region)


def dashboard_origin(session: RunSession) -> str:
    """Return scheme and host of a run's dashboard; of a local run that isn't served, those it had last."""
    deployed = session.app.dashboard_url
    parts = urlsplit(dashboard_address(session.base) if deployed is None else deployed())
    return f"{parts.scheme}://{parts.netloc}"
