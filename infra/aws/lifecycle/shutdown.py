"""Closes a deployed run's recruitment from the operator's machine, and counts what is unsettled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.model.statuses import PAYMENT_UNSETTLED, ParticipantStatus
from chalicelib.operations.payment.operator_actions import PaymentFilter, list_payments
from chalicelib.operations.recruitment import recruitment
from chalicelib.operations.shared.context import OPERATOR_CALLER, Context
from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.aws.deployed import deployment_info
from infra.aws.deployed.run_session import opened
from infra.problems import OperatorProblem

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Unsettled:
    """What would be lost if a run were deleted."""

    working: int = 0
    owed: int = 0

    def lines(self) -> list[str]:
        """Return a line for each; none when nothing would be lost."""
        lines = []
        if self.working:
            lines.append(f"{self.working} people are taking part at this moment.")
        if self.owed:
            lines.append(f"{self.owed} payments aren't settled: see `petri payments`.")
        return lines


def close(account: Account, names: Names, tell: Tell) -> None:
    """Stop recruiting and end the recruiter's listings (HITs, studies); idempotent.

    It runs on this machine, since the app's functions may be broken. Raises OperatorProblem when a recruiter
    can't be reached: workers could still find the study.
    """
    if deployment_info.read(account, names) is None:
        tell("recruitment never opened: the app was never ready")
        return
    with opened(account, names, here=True) as office:
        was_open = office.app.run(recruitment.close_places_by_operator, caller=OPERATOR_CALLER)
        carried = office.carry_out()
        for line in carried.output:
            tell(line)
        if carried.failed:
            raise OperatorProblem(
                "Recruitment couldn't be closed at the recruiter. See `petri logs` and the recruiter's own "
                "pages, check its keys, and run the command again."
            )
        tell("recruitment is closed" if was_open else "recruitment was closed before")


def unsettled(account: Account, names: Names) -> Unsettled:
    """Count what would be lost if a run were deleted: working participants and unsettled payments."""
    if deployment_info.read(account, names) is None:
        return Unsettled()
    with opened(account, names, here=True) as office:
        return office.app.run(_count, caller=OPERATOR_CALLER)


def _count(ctx: Context) -> Unsettled:
    working = ctx.uow.statuses().get(ParticipantStatus.WORKING, 0)
    payments = list_payments(ctx, PaymentFilter())
    return Unsettled(working, sum(each.status in PAYMENT_UNSETTLED for each in payments))
