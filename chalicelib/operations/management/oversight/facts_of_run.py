"""What the run is made of and where it is: versions, hashes, the deployment, and addresses."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.model.record import moment
from chalicelib.operations.shared.context import Context
from chalicelib.version import VERSION


@dataclass(frozen=True, slots=True)
class RunVersions:
    """The versions and addresses of a run; what this process doesn't know is null."""

    run: str
    experiment: str | None
    experiment_hash: str | None = field(metadata={"help": "SHA-256 of the experiment's files."})
    petri: str
    petri_hash: str | None = field(metadata={"help": "SHA-256 of Petri's own code."})
    python: str
    package_hash: str | None = field(metadata={"help": "SHA-256 of the package that was deployed."})
    launched: datetime | None
    deployed: datetime | None
    deployed_by: str | None = field(metadata={"personal": True, "help": "The operator's name at AWS."})
    site_url: str | None = field(metadata={"help": "Where participants find the run."})
    dashboard_url: str | None


def versions_of_run(ctx: Context) -> RunVersions:
    """Return the versions and addresses."""
    facts = ctx.facts()
    return RunVersions(
        run=ctx.app_id,
        experiment=facts.experiment or None,
        experiment_hash=facts.experiment_hash or None,
        petri=VERSION,
        petri_hash=facts.petri_hash or None,
        python=platform.python_version(),
        package_hash=facts.package_hash or None,
        launched=moment(ctx.uow.state.get("launched")),
        deployed=moment(facts.deployed_at or None),
        deployed_by=facts.deployed_by or None,
        site_url=facts.site_url or None,
        dashboard_url=facts.dashboard_url or None,
    )
