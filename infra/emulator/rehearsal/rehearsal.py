"""A deployment from the first call to the last, on loopback: deployed, taken part in, paid, destroyed."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

from infra.aws.account import steps as aws_steps
from infra.aws.account.names import Names
from infra.aws.account.session import Account, connect
from infra.aws.deployed import data_export
from infra.aws.lifecycle import deployment, destroy, launch_request
from infra.aws.lifecycle.deployment import Deployed, Deployment, DeploySpec
from infra.aws.lifecycle.destroy import Teardown
from infra.aws.package.package_build import build
from infra.aws.package.staging import StagedApp
from infra.aws.resources import chalice_deploy, websocket_stage
from infra.emulator.mturk import ACCESS_KEY, SECRET_KEY, MTurkStandIn
from infra.emulator.process.cloud import REGION, Cloud
from infra.emulator.region import Region
from infra.emulator.services.event_sources import Clock, Pollers, publish, waiting
from infra.local.lifecycle.bots import chosen_bots
from infra.packaging import lambda_python
from infra.packaging.pins import petris_own

from .leftovers import inventory
from .offline_wheels import wheels
from .workers import RunningClock, Workers, WorkerVisit

APP = "rehearsal"
#: Rounds of people who come, at most: an experiment that never ends is told so.
MOST_ROUNDS = 200
#: Seconds after which messages that are put off are left alone, and how long nothing may happen at all.
QUIET, PATIENCE = 3.0, 60.0

Tell = Callable[[str], None]
Launch = Callable[[str, str], str]


class Stalled(Exception):
    """The queues don't come to rest."""


@dataclass
class RehearsalLog:
    """Takes the progress of deploys, for lines and for tests."""

    tell_line: Tell
    #: What has the operator's calls counted; without it they aren't.
    cloud: Cloud | None = None
    steps: list[str] = field(default_factory=list)
    #: How many calls had been made when each step began.
    marks: list[int] = field(default_factory=list)

    def begin(self, number: int, total: int, name: str) -> None:
        self.steps.append(name)
        self.mark()
        self.tell_line(f"  {number}/{total} {name}")

    def mark(self) -> None:
        if self.cloud is not None:
            self.marks.append(self.cloud.count())

    def tell(self, line: str) -> None:
        self.tell_line(f"      {line}")

    def lengths(self) -> dict[str, int]:
        """Return how many calls each step made; the last one ends at the last mark."""
        return {
            name: after - before
            for name, before, after in zip(self.steps, self.marks, self.marks[1:], strict=False)
        }


class Rehearsal:
    """One experiment on the played AWS; use it in a `with`."""

    def __init__(
        self,
        folder: Path,
        tell: Tell,
        *,
        settings: Mapping[str, Any] | None = None,
        offline: bool = False,
        package: Path | None = None,
        launch: Launch = launch_request.launch,
    ) -> None:
        """`settings`: what counts more than the experiment's own; `offline`: packages only as installed.

        `package` and `launch` stand in for the real ones where no function has to run.
        """
        self.folder = folder.resolve()
        self._tell = tell
        self._settings = settings or {}
        self._offline = offline
        self._package = package
        self._offers_functions = package is None
        self._launch = launch
        self._open = ExitStack()
        self.names = Names(APP, "sandbox", REGION)
        #: How many calls each step of the first deploy and of a destroy made.
        self.lengths: dict[str, int] = {}

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            self.home = Path(opening.enter_context(tempfile.TemporaryDirectory(prefix="rehearsal-home-")))
            self.requester = opening.enter_context(MTurkStandIn(RunningClock()))
            self.region = opening.enter_context(Region(self.requester.url))
            opening.enter_context(self.region.operator(self.home))
            opening.enter_context(self._packages() if self._package is None else self._no_packages())
            opening.enter_context(patch.object(deployment, "build", self._built))
            # Functions run in this machine's Python here, whichever that is.
            opening.enter_context(patch.object(lambda_python, "OLDEST", lambda_python.own()))
            # Stacks are made at once here.
            opening.enter_context(patch.object(aws_steps, "pause", lambda _: time.sleep(0.01)))
            self.account: Account = connect()
            self.before = inventory(self.region.cloud)
            self._open = opening.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    @contextmanager
    def _packages(self) -> Iterator[None]:
        found = wheels(petris_own(), self.home / "wheels")
        pip = {"PIP_FIND_LINKS": str(found), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        with patch.dict("os.environ", {**pip, **({"PIP_NO_INDEX": "1"} if self._offline else {})}):
            yield

    @contextmanager
    def _no_packages(self) -> Iterator[None]:
        """Nothing of what is deployed will run: deploy it in the shortest time."""
        with patch.object(chalice_deploy, "subprocess", self.region.cloud.chalice):
            yield

    def _built(self, staged: StagedApp) -> Path:
        """Build the package once: what is staged doesn't change in a rehearsal."""
        if self._package is None:
            self._package = build(staged)
        return self._package

    # -- deploying ------------------------------------------------------------------------------

    @property
    def order(self) -> DeploySpec:
        settings = {
            "recruiter": "mturk",
            "aws_access_key_id": ACCESS_KEY,
            "aws_secret_access_key": SECRET_KEY,
            # Nobody's mailbox is played.
            "mailer": "log",
            **self._settings,
        }
        return DeploySpec(self.folder, self.names, settings=settings)

    def deploying(self, told: RehearsalLog | None = None) -> Deployment:
        # Where nothing runs of what is deployed, no function can refuse a handshake.
        probe = websocket_stage.probe if self._offers_functions else _no_probe
        return Deployment(
            self.account, self.order, told or RehearsalLog(self._tell), launch=self._launch, probe=probe
        )

    def deploy(self) -> Deployed:
        """Deploy by the real code, or deploy again; functions then are those that were uploaded last."""
        self.region.deployed.forget()
        told = RehearsalLog(self._tell, self.region.cloud)
        made = self.deploying(told).run()
        told.mark()
        self.lengths = self.lengths or told.lengths()
        self.region.deployed.forget()
        return made

    # -- taking part ----------------------------------------------------------------------------

    @cached_property
    def people(self) -> Workers:
        """Everybody who may come, each once: Petri lets nobody take part again."""
        from chalicelib.experiment.loader.experiment_folder import load_experiment

        bots = chosen_bots(load_experiment(self.folder))
        return Workers(self.requester, bots, self.region.edge.url)

    @contextmanager
    def running(self) -> Iterator[Pollers]:
        """Let queues and functions work while the block lasts."""
        with Pollers(self.region.cloud, self.region.deployed.functions) as pollers:
            yield pollers

    def take_part(self, most: int | None = None) -> list[WorkerVisit]:
        """Let people come as long as places are open; `most`: rounds of them."""
        clock = Clock(self.region.cloud, self.region.deployed.functions, self.names.tick_rule)
        fared: list[WorkerVisit] = []
        for _ in range(MOST_ROUNDS if most is None else most):
            self.settle()
            came = self.people.come()
            if not came:
                return fared
            fared += came
            self.settle()
            clock.tick()
        self.settle()
        return fared

    def settle(self) -> None:
        """Deliver what Mechanical Turk reports, and wait until the queues have come to rest."""
        rested = since = time.monotonic()
        while True:
            if self.requester.post.deliver(lambda envelope: publish(self.region.cloud, envelope)):
                since = rested = time.monotonic()
            both = [waiting(self.region.cloud, name) for name in self.names.queues.values()]
            busy, put_off = (sum(counts) for counts in zip(*both, strict=True))
            now = time.monotonic()
            if busy:
                rested = now
            if not busy and (not put_off or now - rested > QUIET):
                return
            if now - since > PATIENCE:
                raise Stalled(f"{busy} messages are still in the queues after {PATIENCE:.0f} s")
            time.sleep(0.05)

    # -- what comes out -------------------------------------------------------------------------

    def export(self, place: Path) -> Path:
        """Write the run's data, with who took part, out of the table."""
        return data_export.export(self.account, self.names, place, scrub=False)

    def destroying(self, told: RehearsalLog | None = None) -> Teardown:
        order = destroy.DestroySpec(self.names, self.home / "last")
        return Teardown(self.account, order, told or RehearsalLog(self._tell))

    def destroy(self) -> list[str]:
        """Take everything away by the real code; return what that says is left."""
        self.region.deployed.forget()
        told = RehearsalLog(self._tell, self.region.cloud)
        left = self.destroying(told).run()
        told.mark()
        self.lengths |= told.lengths()
        return left

    def left(self) -> list[tuple[str, str]]:
        """Return what is there that wasn't before, or the other way round."""
        return sorted(set(inventory(self.region.cloud)) ^ set(self.before))


def _no_probe(url: str) -> None:
    """Leave sockets alone."""
