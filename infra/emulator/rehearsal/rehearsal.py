"""A whole deployment on loopback: deploy, participants, payments, destroy."""

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
from infra.aws.lifecycle import deployment, destroy, launch_request, rollback
from infra.aws.lifecycle.deployment import Deployed, Deployment, DeploySpec
from infra.aws.lifecycle.destroy import Teardown
from infra.aws.package.package_build import build
from infra.aws.package.staging import StagedApp
from infra.aws.resources import chalice_deploy, websocket_stage
from infra.emulator.mturk import ACCESS_KEY, SECRET_KEY, MTurkStandIn
from infra.emulator.process.cloud import REGION, Cloud
from infra.emulator.region import Region
from infra.emulator.services.event_sources import Pollers, RuleTimer, publish, waiting
from infra.local.lifecycle.bot_selection import chosen_bots
from infra.packaging import lambda_python
from infra.packaging.pins import petris_own

from .emulated_workers import RunningClock, Workers, WorkerVisit
from .leftovers import inventory
from .offline_wheels import wheels
from .release_checks import mark_release

APP = "rehearsal"
#: The maximum number of rounds of workers; an experiment that needs more never ends.
MOST_ROUNDS = 200
#: Seconds after which delayed messages are ignored, and the timeout without any progress.
QUIET, PATIENCE = 3.0, 60.0

Tell = Callable[[str], None]
Launch = Callable[[str, str], str]


class Stalled(Exception):
    """The queues don't become idle."""


@dataclass
class RehearsalLog:
    """Receives the progress of deploys, for output and for tests."""

    tell_line: Tell
    #: The emulator that counts the operator's calls; None: they aren't counted.
    cloud: Cloud | None = None
    steps: list[str] = field(default_factory=list)
    #: The number of calls at the beginning of each step.
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
        """Return the number of calls of each step; the last one ends at the last mark."""
        return {
            name: after - before
            for name, before, after in zip(self.steps, self.marks, self.marks[1:], strict=False)
        }


class Rehearsal:
    """One experiment on the emulated AWS; use it in a `with`."""

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
        """`settings`: override the experiment's own; `offline`: only installed packages.

        `package` and `launch` replace the real ones when no function has to run.
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
        #: The number of calls of each step of the first deploy, of a rollback and of a destroy.
        self.lengths: dict[str, int] = {}
        #: What the package and the pages of the next release contain besides the experiment.
        self._mark = ""
        #: The last report of Mechanical Turk's.
        self._reported: str | None = None

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            self.home = Path(opening.enter_context(tempfile.TemporaryDirectory(prefix="rehearsal-home-")))
            self.requester = opening.enter_context(MTurkStandIn(RunningClock()))
            self.region = opening.enter_context(Region(self.requester.url))
            opening.enter_context(self.region.operator(self.home))
            opening.enter_context(self._packages() if self._package is None else self._no_packages())
            opening.enter_context(patch.object(deployment, "build", self._built))
            # Here functions run in this machine's Python, whatever its version.
            opening.enter_context(patch.object(lambda_python, "OLDEST", lambda_python.own()))
            # The emulator creates stacks immediately.
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
        """Deploy quickly, because no function will run."""
        with patch.object(chalice_deploy, "subprocess", self.region.cloud.chalice):
            yield

    def _built(self, staged: StagedApp) -> Path:
        """Build the package once, since the experiment doesn't change in a rehearsal; mark it if asked."""
        if self._package is None:
            self._package = build(staged)
        return (
            mark_release(self._package, staged.site, self._mark, self.home) if self._mark else self._package
        )

    # -- deploying ------------------------------------------------------------------------------

    @property
    def spec(self) -> DeploySpec:
        settings = {
            "recruiter": "mturk",
            "aws_access_key_id": ACCESS_KEY,
            "aws_secret_access_key": SECRET_KEY,
            # No mail server is emulated.
            "mailer": "log",
            **self._settings,
        }
        return DeploySpec(folder=self.folder, names=self.names, settings=settings)

    def deploying(self, log: RehearsalLog | None = None) -> Deployment:
        # Without running functions, none can refuse a handshake.
        probe = websocket_stage.probe if self._offers_functions else _no_probe
        return Deployment(
            self.account, self.spec, log or RehearsalLog(self._tell), launch=self._launch, probe=probe
        )

    def deploy(self, mark: str = "") -> Deployed:
        """Deploy, or deploy again, with the real code; then uses the functions that were uploaded last.

        `mark`: a word that makes the package and the pages differ from those of other releases.
        """
        self._mark = mark
        self.region.deployed.forget()
        log = RehearsalLog(self._tell, self.region.cloud)
        made = self.deploying(log).run()
        log.mark()
        self.lengths = self.lengths or log.lengths()
        self.region.deployed.forget()
        return made

    def rolling_back(self, log: RehearsalLog | None = None) -> rollback.Rollback:
        chosen = rollback.plan(self.account, self.names)
        return rollback.Rollback(self.account, self.names, chosen, log or RehearsalLog(self._tell))

    def roll_back(self) -> None:
        """Serve the release before, with the real code."""
        self.region.deployed.forget()
        log = RehearsalLog(self._tell, self.region.cloud)
        self.rolling_back(log).run()
        log.mark()
        self.lengths |= log.lengths()
        self.region.deployed.forget()

    # -- participants ----------------------------------------------------------------------------

    @cached_property
    def people(self) -> Workers:
        """The workers, each of whom comes once, because Petri refuses repeated participation."""
        from chalicelib.experiment.loader.experiment_folder import load_experiment

        bots = chosen_bots(load_experiment(self.folder))
        return Workers(self.requester, bots, self.region.edge.url)

    @contextmanager
    def running(self) -> Iterator[Pollers]:
        """Run queues and functions for the block."""
        with Pollers(self.region.cloud, self.region.deployed.functions) as pollers:
            yield pollers

    def take_part(self, most: int | None = None) -> list[WorkerVisit]:
        """Let workers come as long as places are open; `most`: the maximum number of rounds."""
        clock = RuleTimer(self.region.cloud, self.region.deployed.functions, self.names.tick_rule)
        visits: list[WorkerVisit] = []
        for _ in range(MOST_ROUNDS if most is None else most):
            self.settle()
            arrived = self.people.come()
            if not arrived:
                return visits
            visits += arrived
            self.settle()
            clock.tick()
        self.settle()
        return visits

    def settle(self) -> None:
        """Deliver Mechanical Turk's notifications, and wait until the queues are idle."""
        rested = since = time.monotonic()
        while True:
            if self.requester.post.deliver(self._publish):
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

    def _publish(self, envelope: str) -> None:
        self._reported = envelope
        publish(self.region.cloud, envelope)

    def report_again(self) -> bool:
        """Deliver Mechanical Turk's last report a second time, as SNS may; False when there was none."""
        if self._reported is None:
            return False
        publish(self.region.cloud, self._reported)
        self.settle()
        return True

    # -- results -------------------------------------------------------------------------

    def export(self, place: Path) -> Path:
        """Export the run's data from the table, with personal data."""
        return data_export.export(self.account, self.names, place, scrub=False)

    def destroying(self, log: RehearsalLog | None = None) -> Teardown:
        order = destroy.DestroySpec(self.names, self.home / "last")
        return Teardown(self.account, order, log or RehearsalLog(self._tell))

    def destroy(self) -> list[str]:
        """Destroy the app with the real code, and return what that reports as left."""
        self.region.deployed.forget()
        log = RehearsalLog(self._tell, self.region.cloud)
        leftovers = self.destroying(log).run()
        log.mark()
        self.lengths |= log.lengths()
        return leftovers

    def leftovers(self) -> list[tuple[str, str]]:
        """Return the resources that differ from those before the rehearsal."""
        return sorted(set(inventory(self.region.cloud)) ^ set(self.before))


def _no_probe(url: str) -> None:
    """Don't probe sockets."""
