"""What people earned an hour: what they were paid over all the time they gave, waiting included."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from statistics import median
from typing import Any

from chalicelib.model.statuses import OWED_PAY, PAYMENT_STOPPED

#: What counts as pay for taking part; a compensation makes up for something else.
KINDS = frozenset({"base", "bonus", "screen-out"})


@dataclass(frozen=True)
class HourlyEarning:
    """What one person was paid for the time they gave."""

    participant_id: int
    minutes: Decimal
    #: US dollars.
    amount: Decimal

    @property
    def rate(self) -> Decimal:
        """US dollars an hour."""
        return self.amount * 60 / self.minutes


@dataclass(frozen=True)
class HourlyPay:
    """What each person earned an hour, lowest first; there is one at least."""

    people: tuple[HourlyEarning, ...]

    @property
    def rates(self) -> tuple[Decimal, ...]:
        """US dollars an hour of each person, lowest first."""
        return tuple(person.rate for person in self.people)

    @property
    def lowest(self) -> Decimal:
        """What the worst paid person earned an hour."""
        return self.rates[0]

    @property
    def median(self) -> Decimal:
        """What half of the people earned an hour at least."""
        return median(self.rates)

    def below(self, floor: Decimal) -> int:
        """How many earned less than this an hour."""
        return sum(rate < floor for rate in self.rates)


def hourly_pay(
    participants: Iterable[Mapping[str, Any]], payments: Iterable[Mapping[str, Any]]
) -> HourlyPay | None:
    """Reckon from rows of the participant and payment tables; None when nobody came to a paid end.

    Bots earn nothing and are left out.
    """
    earned: defaultdict[int, Decimal] = defaultdict(Decimal)
    for payment in payments:
        if payment["kind"] in KINDS and payment["status"] not in PAYMENT_STOPPED:
            earned[int(payment["participant_id"])] += Decimal(str(payment["amount"]))
    people = []
    for person in participants:
        seconds = _seconds(person)
        if seconds > 0 and person["status"] in OWED_PAY and not _is_bot(person):
            number = int(person["id"])
            people.append(HourlyEarning(number, Decimal(str(seconds)) / 60, earned[number]))
    by_rate = sorted(people, key=lambda one: (one.rate, one.participant_id))
    return HourlyPay(tuple(by_rate)) if by_rate else None


def _seconds(person: Mapping[str, Any]) -> float:
    """How long somebody was there; 0 for who is there still."""
    if not person.get("end_time"):
        return 0
    began, ended = (datetime.fromisoformat(str(person[name])) for name in ("creation_time", "end_time"))
    return (ended - began).total_seconds()


def _is_bot(person: Mapping[str, Any]) -> bool:
    return str(person.get("recruiter") or "").partition(":")[0] == "bots"
