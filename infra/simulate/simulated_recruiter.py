"""The recruiter of a simulation: replaces the configured one, with its fees, and starts bots."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Any, Protocol

from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.model.statuses import AssignmentStatus
from chalicelib.operations.shared.settings import Settings
from chalicelib.ports import Capabilities, RecruitmentResult
from chalicelib.recruiters.hotair import HotAirRecruiter
from chalicelib.recruiters.mturk import fees

CENT = Decimal("0.01")
#: Recruiters that report a submission themselves, after the participant's own last request.
REPORTING = frozenset({"mturk", "prolific"})

Fee = Callable[[Decimal, int], Decimal]


class SimulatedRecruiting(Protocol):
    """Starts the bots for a recruiter."""

    def invite(self, n: int, recruiter: str) -> None:
        """Let n participants come through a recruiter."""

    def turn_away(self) -> None:
        """Cancel the participants who haven't arrived yet."""

    def is_at_work(self, assignment_id: str) -> bool:
        """Whether the assignment's participant is still taking part."""

    def start_replacement_bot(self, entry: Mapping[str, str]) -> None:
        """Start a bot in a dropout's seat, with the dropout's ids."""


class SimulatedRecruiter(HotAirRecruiter):
    """Starts a bot for each place, pays no real money, and charges the real recruiter's fees."""

    def __init__(self, nickname: str, fee: Fee, casting: SimulatedRecruiting) -> None:
        """`nickname`: the recruiter that it replaces; `fee`: that recruiter's fee."""
        super().__init__(lambda: "http://127.0.0.1", "debug")
        self.nickname = nickname
        # Real recruiters are called between two commits, whose cost has to be counted.
        self.capabilities = Capabilities(
            auto_submits=nickname not in REPORTING,
            is_simulated=nickname not in REPORTING,
            screens_out_without_submission=nickname == "prolific",
            starts_replacement_bots=True,
            recruits_bots=True,
        )
        self._fee = fee
        self._casting = casting
        self._tokens: set[str] = set()

    def recruit(self, n: int, token: str, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        """Let n participants come; idempotent for a token."""
        del recruiter_state
        if token not in self._tokens:
            self._tokens.add(token)
            self._casting.invite(n, self.nickname)
        return RecruitmentResult(f"{n} participants were requested.")

    def close_recruitment(self, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        """Cancel the participants who haven't arrived yet."""
        self._casting.turn_away()
        return super().close_recruitment(recruiter_state)

    def assignment_status(self, assignment_id: str, recruiter_state: Mapping[str, Any]) -> str | None:
        """Return whether the participant is still working."""
        del recruiter_state
        is_at_work = self._casting.is_at_work(assignment_id)
        return AssignmentStatus.WORKING if is_at_work else AssignmentStatus.ABANDONED

    def fee(self, amount: Decimal, places: int) -> Decimal:
        """Return the real recruiter's fee."""
        return self._fee(amount, places)

    def start_replacement_bot(self, entry: Mapping[str, str]) -> None:
        """Start a bot in a dropout's seat."""
        self._casting.start_replacement_bot(entry)


def fee_of(nickname: str, config: Settings) -> Fee:
    """Return the function that calculates a recruiter's fee."""
    if nickname == "mturk":
        return fees.fee
    if nickname != "prolific":
        return lambda amount, places: Decimal(0)  # noqa: ARG005 - the port's signature
    percent = Decimal(str(RunSettings.read(config).prolific_fee_percent))
    tax = Decimal(str(RunSettings.read(config).prolific_vat_percent))
    rate = percent / 100 * (1 + tax / 100)
    return lambda amount, places: (amount * rate).quantize(CENT, ROUND_CEILING)  # noqa: ARG005 - as above
