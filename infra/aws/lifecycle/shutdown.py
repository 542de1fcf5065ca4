"""Ending a deployed run's recruitment from the operator's machine, and what is still owed then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.model.run_records import DUE, HELD, REFUSED, SENDING
from chalicelib.operations.payment.operator_actions import PaymentFilter, list_payments
from chalicelib.operations.recruitment import recruitment
from chalicelib.operations.shared.context import Context
from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.aws.deployed import deployment_info
from infra.aws.deployed.run_session import opened
from infra.problems import OperatorProblem

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Unsettled:
    """What would be lost with a run."""

    working: int = 0
    owed: int = 0

    def lines(self) -> list[str]:
        """Say it, a line each; none when nothing would be lost."""
        said = []
        if self.working:
            said.append(f"{self.working} people are taking part at this moment.")
        if self.owed:
            said.append(f"{self.owed} payments aren't settled: see `petri payments`.")
        return said


def close(account: Account, names: Names, tell: Tell) -> None:
    """Ask for nobody any more and end what the recruiter shows (HITs, studies); again: nothing.

    It is carried out on this machine, since the app's functions may be broken. OperatorProblem when a
    recruiter couldn't be told: people could still find the study.
    """
    if deployment_info.read(account, names) is None:
        tell("nobody is recruited: it was never ready")
        return
    with opened(account, names, here=True) as office:
        was_open = office.app.run(recruitment.close_places_by_operator)
        carried = office.carry_out()
        for line in carried.said:
            tell(line)
        if carried.failed:
            raise OperatorProblem(
                "The recruiter couldn't be told to stop. See `petri logs` and the recruiter's own pages, "
                "check its keys, and run the command again."
            )
        tell("recruitment is closed" if was_open else "recruitment was closed before")


def unsettled(account: Account, names: Names) -> Unsettled:
    """Return what would be lost with a run: who is taking part, and what is owed."""
    if deployment_info.read(account, names) is None:
        return Unsettled()
    with opened(account, names, here=True) as office:
        return office.app.run(_count)


def _count(ctx: Context) -> Unsettled:
    working = ctx.uow.statuses().get("working", 0)
    open_ones = {DUE, SENDING, HELD, REFUSED}
    return Unsettled(working, sum(each.status in open_ones for each in list_payments(ctx, PaymentFilter())))
