"""What every operation gets: the unit of work, the experiment, who is calling, the settings."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from chalicelib.currency import currency_of, format_money
from chalicelib.errors import Refused
from chalicelib.experiment.experiment import Experiment
from chalicelib.model.participant import Participant
from chalicelib.ports import Capabilities, Recruiter, Transfer, UnitOfWork

from .poll_intervals import WaitingEstimate
from .settings import Settings

PUBLIC, PARTICIPANT, OPERATOR, ANYONE = "public", "participant", "operator", "anyone"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling: nobody in particular, a participant's token, the operator's, or a worker.

    `ANYONE` is a caller where tokens are switched off (debug only).
    """

    kind: str = PUBLIC
    participant_id: int | None = None
    serial: int = 0


ANONYMOUS = Caller()
OPERATOR_CALLER = Caller(OPERATOR)


@dataclass(frozen=True, slots=True)
class Request:
    """What makes a request recognisable: its id, chosen by the client, and a hash of what it asks."""

    id: str | None = None
    fingerprint: str = ""


class TokenIssuer(Protocol):
    """Makes the signed tokens that participants carry."""

    def issue(self, participant_id: int, serial: int) -> str:
        """Return a token for a participant; tokens of earlier serials have ended."""


class Recruiters(Protocol):
    """Finds a recruiter by the nickname that a participant's record carries."""

    def capabilities(self, nickname: str) -> Capabilities:
        """Return the capabilities of a recruiter."""

    def check_entry(
        self, nickname: str, worker_id: str, hit_id: str, assignment_id: str, signed: str | None
    ) -> None:
        """Raise Forbidden for ids without a valid entry link, where the recruiter signs its links."""

    def read_entry(self, link: str) -> tuple[str, str, str]:
        """Return worker, assignment and signed part of an entry link."""

    def submit_address(self, participant: Participant) -> str:
        """Return the URL to which the exit page sends a participant, or ""."""

    def fee(self, nickname: str, amount: Decimal, places: int) -> Decimal:
        """Return the recruiter's fee for a payment, in US dollars; `places`: how many open at a time."""

    def named(self, nickname: str) -> Recruiter:
        """Return a recruiter; ExperimentError when there is none of this name."""


@dataclass
class Context:
    """One attempt at one operation."""

    uow: UnitOfWork
    experiment: Experiment
    config: Settings
    tokens: TokenIssuer
    recruiters: Recruiters
    run_seed: str
    #: The run's id: what is sent outward carries it, so that no two runs are taken for one.
    app_id: str
    caller: Caller = ANONYMOUS
    request: Request = field(default_factory=Request)
    #: What this process knows of how many wait.
    waiting_estimate: WaitingEstimate = field(default_factory=WaitingEstimate)
    #: Raised after the commit: a refusal that leaves something behind.
    refusal: Refused | None = None
    #: How many timers have rung one after the other, each set by the one before, up to this one.
    timer_chain: int = 0
    #: Whether the consumer sends the payments of this unit right after its commit.
    sends_payments: bool = False
    #: Payments that this unit has begun for it, by participant and kind.
    begun_payments: dict[tuple[int, str], Transfer] = field(default_factory=dict)
    #: Collections that one look is enough at, by name.
    read: dict[str, Any] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """The moment of this unit."""
        return self.uow.now

    def money(self, amount: Any) -> str:
        """Write an amount in the currency of the experiment."""
        return format_money(Decimal(str(amount)), currency_of(self.config))

    def seed(self, participant: Participant | None, operation: str, count: int) -> None:
        """Seed `random` and `experiment.random`, so that the same order of arrival gives the same run."""
        number = participant.id if participant is not None else 0
        seed = f"{self.run_seed}|{number}|{operation}|{count}"
        random.seed(seed)
        self.experiment.random_seed = seed

    def refuse_after_commit(self, refusal: Refused) -> None:
        """Answer with a refusal, but keep what this unit has changed."""
        self.refusal = refusal
