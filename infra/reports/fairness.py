"""Calculates participants' hourly pay over all the time they spent, including waiting and later sessions."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from statistics import median
from typing import Any

from chalicelib.model.participant import VISIT_SECONDS
from chalicelib.model.run_records import BASE, BONUS, SCREEN_OUT, hand_bonus_of, visit_of
from chalicelib.model.statuses import OWED_PAY, PAYMENT_STOPPED

#: Kinds of payments that count as pay for taking part, besides those of visits; a compensation doesn't.
KINDS = frozenset({BASE, BONUS, SCREEN_OUT})


@dataclass(frozen=True)
class HourlyEarning:
    """One participant's pay and time."""

    participant_id: int
    minutes: Decimal
    #: US dollars.
    amount: Decimal

    @property
    def rate(self) -> Decimal:
        """Pay per hour."""
        return self.amount * 60 / self.minutes


@dataclass(frozen=True)
class HourlyPay:
    """The hourly pay of each participant, lowest first; never empty."""

    people: tuple[HourlyEarning, ...]

    @property
    def rates(self) -> tuple[Decimal, ...]:
        """Each participant's pay per hour, lowest first."""
        return tuple(person.rate for person in self.people)

    @property
    def lowest(self) -> Decimal:
        """The lowest pay per hour."""
        return self.rates[0]

    @property
    def median(self) -> Decimal:
        """The median pay per hour."""
        return median(self.rates)

    def below(self, floor: Decimal) -> int:
        """Count the participants who earned less than this per hour."""
        return sum(rate < floor for rate in self.rates)


def hourly_pay(
    participants: Iterable[Mapping[str, Any]], payments: Iterable[Mapping[str, Any]]
) -> HourlyPay | None:
    """Calculate hourly pay from rows of the participant and payment tables; None without paid participants.

    Bots are left out.
    """
    earned: defaultdict[int, Decimal] = defaultdict(Decimal)
    for payment in payments:
        if is_pay(str(payment["kind"])) and payment["status"] not in PAYMENT_STOPPED:
            earned[int(payment["participant_id"])] += Decimal(str(payment["amount"]))
    people = []
    for person in participants:
        seconds = _seconds(person)
        if seconds > 0 and person["status"] in OWED_PAY and not _is_bot(person):
            number = int(person["id"])
            people.append(HourlyEarning(number, Decimal(str(seconds)) / 60, earned[number]))
    by_rate = sorted(people, key=lambda one: (one.rate, one.participant_id))
    return HourlyPay(tuple(by_rate)) if by_rate else None


def is_pay(kind: str) -> bool:
    """Whether a payment of this kind counts as pay for taking part."""
    return kind in KINDS or visit_of(kind) is not None or hand_bonus_of(kind) is not None


def visit_seconds(details: Any) -> float:
    """Return how long a participant's paid visits after the first took; `details`: as a row has them."""
    found = json.loads(details) if isinstance(details, str) and details else details
    return float(found.get(VISIT_SECONDS, 0)) if isinstance(found, Mapping) else 0.0


def _seconds(person: Mapping[str, Any]) -> float:
    """Return how long a participant took part; 0 if they haven't ended."""
    if not person.get("end_time"):
        return 0
    began, ended = (datetime.fromisoformat(str(person[name])) for name in ("creation_time", "end_time"))
    return (ended - began).total_seconds() + visit_seconds(person.get("details"))


def _is_bot(person: Mapping[str, Any]) -> bool:
    return str(person.get("recruiter") or "").partition(":")[0] == "bots"
