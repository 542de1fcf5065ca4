"""The two vendors as a schedule sees them: people, time, faults, reports and books, all without a socket."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar, Protocol

from chalicelib.model.participant import Participant
from chalicelib.ports import Recruiter
from infra.emulator.mturk import HandClock

Books = Counter[tuple[str, str, Decimal]]
BASE_ADDRESS = "https://stories.example.org"


def nothing() -> None:
    """Happens while a call is on its way, unless a schedule has something else."""


class Side(Protocol):
    """One vendor, with the real client of the product in front of it."""

    nickname: str
    clock: HandClock
    recruiter: Recruiter
    settings: dict[str, Any]
    #: How the vendor's books call what the ledger calls base, bonus, compensation and screen-out.
    words: ClassVar[dict[str, str]]
    #: Whether it pays the reward for any submission.
    pays_any_submission: bool
    #: Called while each call of the product is on its way.
    meanwhile: Callable[[], None]

    def take(self, worker: str, reused: str | None = None) -> tuple[str, str]:
        """Let a worker take a place, maybe with the id of one given back; return assignment and HIT."""

    def submit(self, assignment_id: str, participant: Participant) -> None: ...

    def have_rejected(self, assignment_id: str, participant: Participant) -> None:
        """Submit, and reject the submission by hand before its notification arrives."""

    def give_back(self, assignment_id: str) -> None: ...

    def abandon(self, assignment_id: str) -> None: ...

    def is_through(self, assignment_id: str) -> bool:
        """Whether the vendor waits for nothing more of the worker."""

    def pass_time(self, by: timedelta) -> None: ...

    def fail_with(self, draw: Callable[[], bool], chance: random.Random) -> None:
        """Let each call for which `draw` says so meet some fault."""

    def fix(self) -> None:
        """Let no call fail any more, and fill the account."""

    def empty_account(self) -> None:
        """Leave too little money to pay all participants."""

    def reports(self) -> list[Any]:
        """Take what is reported since the last time."""

    def deliver(self, report: Any) -> bool:
        """Hand one report over; False when it has to come again."""

    def take_compensation(self, worker: str) -> None:
        """Let a worker do what the vendor asks of those who are compensated."""

    def books(self) -> Books:
        """Everything that was paid: to whom, as what, how much, and how often."""
