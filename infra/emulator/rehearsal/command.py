"""Implements `petri rehearse`: a whole deployment on loopback, with a report of all problems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests

from chalicelib.operations.shared.settings import Settings
from infra.emulator.services.functions import FunctionError
from infra.problems import OperatorProblem

from .dashboard_check import DashboardCheck
from .emulated_workers import WorkerVisit
from .interrupted_steps import break_off
from .ledger_check import differences, table
from .leftovers import details, inventory
from .rehearsal import Rehearsal, Stalled
from .release_checks import ReleaseCheck
from .rights_used import beyond, unused

Tell = Callable[[str], None]
#: Participants before the app is deployed again while the others take part.
BEFORE_REDEPLOY = 1
#: Seconds to wait for a response.
TIMEOUT = 30


def rehearse(
    folder: Path,
    tell: Tell,
    *,
    settings: Mapping[str, Any] | None = None,
    offline: bool = False,
    faults: bool = False,
) -> list[str]:
    """Rehearse an experiment's deployment, and return all problems; an empty list means success.

    `faults`: afterwards, also interrupt each step of deploying and destroying once.
    """
    with Rehearsal(folder, tell, settings=settings, offline=offline) as rehearsal:
        wrong = RehearsalReport(rehearsal, tell).run()
        if faults:
            tell("Interrupt every step, and continue")
            wrong += break_off(rehearsal, tell)
        return wrong


class RehearsalReport:
    """One rehearsal, reported line by line."""

    def __init__(self, rehearsal: Rehearsal, tell: Tell) -> None:
        self._rehearsal = rehearsal
        self._tell = tell
        self._wrong: list[str] = []
        #: Granted actions that no function used.
        self.unused: list[str] = []

    def run(self) -> list[str]:
        """Run everything once; after a failure the rest is still reported."""
        rehearsal, tell = self._rehearsal, self._tell
        tell("Deploy")
        deployed = rehearsal.deploy()
        tell("The created resources, as each service reports them")
        for line in details(rehearsal.region.cloud):
            tell(f"  {line}")
        for kind, count in sorted(Counter(kind for kind, _ in inventory(rehearsal.region.cloud)).items()):
            tell(f"  {count} x {kind}")
        tell("Open the dashboard")
        self._check(DashboardCheck(rehearsal.account, rehearsal.names, deployed).problems()) or tell(
            "  it is served at its own host only, and signs the operator in"
        )
        tell("Take part")
        visits = self._take_part()
        tell("Pay and export")
        self._settle_up(visits)
        tell("Compare the functions' calls with their policies")
        self._compare()
        tell("Destroy")
        self._check(rehearsal.destroy(), "Petri reports this as left: {}")
        self._check([f"{kind} {name}" for kind, name in rehearsal.leftovers()], "left behind: {}") or tell(
            "  nothing is left behind"
        )
        return self._wrong

    def _check(self, problems: Iterable[str], words: str = "{}") -> bool:
        """Report and record problems; return whether there are any."""
        found = [words.format(one) for one in problems]
        for one in found:
            self._tell(f"  WRONG: {one}")
        self._wrong += found
        return bool(found)

    def _take_part(self) -> list[WorkerVisit]:
        rehearsal = self._rehearsal
        visits: list[WorkerVisit] = []
        try:
            with rehearsal.running() as first:
                visits += rehearsal.take_part(BEFORE_REDEPLOY)
            before = ReleaseCheck.of_current(rehearsal.account, rehearsal.names)
            self._tell("  deployed another release, while people take part")
            rehearsal.deploy("second")
            with rehearsal.running() as second:
                visits += rehearsal.take_part(BEFORE_REDEPLOY)
            self._check_release(ReleaseCheck.of_current(rehearsal.account, rehearsal.names))
            self._tell("  rolled back to the release before, while people take part")
            rehearsal.roll_back()
            with rehearsal.running() as third:
                visits += rehearsal.take_part()
                self._check_requests()
            self._check_release(before)
        except (Stalled, OperatorProblem, FunctionError, LookupError) as error:
            self._check([str(error)])
            return visits
        self._check([f"{one.worker}: {problem}" for one in visits for problem in one.problems])
        failures = [*first.failures, *second.failures, *third.failures]
        self._check(failures, "the consumer failed: {}")
        if not visits:
            self._check(["no participant was recruited"])
        for function in rehearsal.region.deployed.functions.used:
            self._tell(f"  {function.name} was invoked {function.invocations} times since")
            self._check(sorted(function.outside), f"{function.name} imported from outside its package: {{}}")
        self._tell(f"  {len(visits)} people took part, recruited, reported on and paid by Mechanical Turk")
        return visits

    def _check_release(self, check: ReleaseCheck) -> None:
        """Check that a release is served: functions, routes, pages, and what was invoked since."""
        used = self._rehearsal.region.deployed.functions.used
        if not self._check([*check.problems(), *check.problems_of_calls(used)]):
            self._tell(f"  release {check.release.number} serves functions, routes, pages and messages")

    def _check_requests(self) -> None:
        """Send a request and a message, since there may be no participants left."""
        rehearsal = self._rehearsal
        asked = {"recruiter": "mturk", "workerId": "A0", "assignmentId": "B0", "hitId": "C0"}
        response = requests.get(f"{rehearsal.region.edge.url}/may-take-part", asked, timeout=TIMEOUT)
        if response.status_code != requests.codes.ok:
            self._check([f"after the rollback, /may-take-part answered {response.status_code}"])
        if not rehearsal.report_again():
            self._check(["Mechanical Turk reported nothing, so no message was handled after the rollback"])

    def _settle_up(self, visits: list[WorkerVisit]) -> None:
        rehearsal = self._rehearsal
        books = rehearsal.requester.books()
        archive = rehearsal.export(rehearsal.home / "exported")
        if not self._check(differences(archive, books)):
            total = sum((one.amount for one in books.entries), Decimal(0))
            self._tell(f"  ledger and books agree: {len(books.entries)} payments, ${total} and fees")
        self._check(rehearsal.requester.defects, "not valid for Mechanical Turk: {}")
        people = len(table(archive, "participant"))
        if people != len(visits):
            self._check([f"{len(visits)} people took part, {people} are in the export"])
        rows = {name: len(table(archive, name)) for name in ("participant", "node", "info", "payment")}
        self._tell("  exported " + ", ".join(f"{count} {name}s" for name, count in rows.items()))

    def _compare(self) -> None:
        rehearsal = self._rehearsal
        calls = rehearsal.region.calls()
        settings = Settings(dict(rehearsal.spec.settings))
        if not self._check(beyond(calls, rehearsal.names, settings)):
            self._tell("  each function's policy allows all its calls")
        self.unused = unused(calls, rehearsal.names, settings)
        if self.unused:
            self._tell("  granted, and not needed by this experiment:")
        for line in self.unused:
            self._tell(f"    {line}")
