"""The context of every operation: its unit of work, the experiment, the caller, the settings."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Protocol

from chalicelib.access.rights import OPERATOR_ACTOR, Actor
from chalicelib.currency import currency_of, format_money
from chalicelib.errors import Refused
from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.experiment.experiment import Experiment
from chalicelib.immutable import immutable
from chalicelib.model.participant import Participant
from chalicelib.ports import Capabilities, FileStore, Provenance, Recruiter, Transfer, UnitOfWork

from .absent_services import NoFiles
from .poll_intervals import WaitingEstimate
from .settings import Settings

PUBLIC, PARTICIPANT, OPERATOR, ANYONE = "public", "participant", "operator", "anyone"
#: The kind of a caller who has rights of their own: a user, or a program with a user's token.
MANAGER = "manager"


@immutable()
class Caller:
    """The caller: anonymous, a participant, the operator, or a manager with rights of their own.

    `ANYONE` is the kind of every caller where tokens are off (debug mode only).
    """

    kind: str = PUBLIC
    participant_id: int | None = None
    serial: int = 0
    #: The person or program that manages the run; None for participants and anonymous callers.
    actor: Actor | None = None


ANONYMOUS = Caller()
OPERATOR_CALLER = Caller(OPERATOR, actor=OPERATOR_ACTOR)


def caller_of(actor: Actor) -> Caller:
    """Return the caller that acts as an actor."""
    return OPERATOR_CALLER if actor == OPERATOR_ACTOR else Caller(MANAGER, actor=actor)


@immutable()
class Request:
    """Identifies a request: the id that the client chose, and a hash of the request."""

    id: str | None = None
    fingerprint: str = ""
    #: The network address of a manager, for the audit log; participants' are never stored.
    address: str = ""
    #: Whether this change is one of a bulk action, whose entry in the audit log names it already.
    is_part_of_bulk: bool = False
    #: Scheme and host of the dashboard as the caller reaches it, for links in mails; "" if it isn't known.
    dashboard: str = ""


class TokenIssuer(Protocol):
    """Issues the signed tokens of participants."""

    def issue(self, participant_id: int, serial: int) -> str:
        """Return a token for a participant; tokens with earlier serials are revoked."""

    def keyed(self, text: str) -> str:
        """Return a keyed hash of a text, which only this run can make."""


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

    def entry_address(self, nickname: str, worker_id: str, page: str, serial: int = 0) -> str:
        """Return the link with which a worker takes part, to a page of the run; `serial`: its renewals."""

    def entry_hit(self, nickname: str, serial: int) -> str:
        """Return the HIT id in links that were renewed so many times."""

    def submit_address(self, participant: Participant) -> str:
        """Return the URL to which the exit page sends a participant, or ""."""

    def fee(self, nickname: str, amount: Decimal, places: int) -> Decimal:
        """Return the recruiter's fee for a payment, in US dollars; `places`: how many open at a time."""

    def named(self, nickname: str) -> Recruiter:
        """Return a recruiter; ExperimentError when there is none of this name."""


@dataclass(eq=False, repr=False)
class Context:
    """The context of one attempt at one operation."""

    uow: UnitOfWork
    experiment: Experiment
    config: Settings
    tokens: TokenIssuer
    recruiters: Recruiters
    run_seed: str
    #: The run's id, which outgoing calls carry, so that two runs can't be confused.
    app_id: str
    caller: Caller = ANONYMOUS
    request: Request = field(default_factory=Request)
    #: Keeps what participants upload.
    files: FileStore = field(default_factory=NoFiles)
    #: Returns what the run is made of and where it is.
    facts: Callable[[], Provenance] = Provenance
    #: This process's estimate of how many participants wait.
    waiting_estimate: WaitingEstimate = field(default_factory=WaitingEstimate)
    #: What expensive reads of this process returned a moment ago: until when it is kept, and the result.
    recent_reads: dict[str, tuple[float, Any]] = field(default_factory=dict)
    #: A refusal that is raised after the commit, which keeps its changes.
    refusal: Refused | None = None
    #: The number of this timer in its chain, in which each timer was set by the one before.
    timer_chain: int = 0
    #: Whether the consumer sends this unit of work's payments right after its commit.
    sends_payments: bool = False
    #: Payments that this unit of work has begun for the consumer, by participant and kind.
    begun_payments: dict[tuple[int, str], Transfer] = field(default_factory=dict)
    #: Collections that are read once for each attempt, by name.
    read: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.experiment.run_config = self.config

    @cached_property
    def settings(self) -> RunSettings:
        """The run's settings as typed attributes, read once."""
        return RunSettings.read(self.config)

    @property
    def now(self) -> datetime:
        """The time of this unit of work."""
        return self.uow.now

    def money(self, amount: Any) -> str:
        """Format an amount in the experiment's currency."""
        return format_money(Decimal(str(amount)), currency_of(self.config))

    def seed(self, participant: Participant | None, operation: str, count: int) -> None:
        """Seed `random` and `experiment.random`, so that the same order of arrival gives the same run."""
        number = participant.id if participant is not None else 0
        seed = f"{self.run_seed}|{number}|{operation}|{count}"
        random.seed(seed)
        self.experiment.random_seed = seed

    def refuse_after_commit(self, refusal: Refused) -> None:
        """Respond with a refusal, but commit what this unit of work has changed."""
        self.refusal = refusal
