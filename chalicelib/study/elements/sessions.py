"""Defines Session: the point at which a participant's visit ends, and the next one is due on another day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from .element import Element, Only, When, check_name

#: The ways to remind a participant: by their recruiter's messages, or at the address that they gave.
BY_RECRUITER, BY_EMAIL = "recruiter", "email"
WAYS: Final = (BY_RECRUITER, BY_EMAIL)
#: What follows a session that a participant has missed: the end of the study, or the next session.
END_STUDY, SKIP = "end", "skip"
#: The longest time before a session, and for which it is open.
LONGEST = timedelta(days=400)
#: The largest pay for a session, in dollars.
MOST_PAY = 10_000


def days(n: float) -> timedelta:
    """Return a time of n days, for `Session(..., after=days(7))`.

    Args:
        n: The number of days.

    Returns:
        The time.

    """
    return timedelta(days=n)


def hours(n: float) -> timedelta:
    """Return a time of n hours, for `Session(..., open_for=hours(12))`.

    Args:
        n: The number of hours.

    Returns:
        The time.

    """
    return timedelta(hours=n)


@dataclass(frozen=True)
class Session(Element):
    """Continue the study another day: what follows in the timeline belongs to this session.

    The participant's present session ends here, and is paid. They see when this session opens, and can begin
    it with the same link until it closes.

    Args:
        name: The name in paths, in the data, and on the page.
        after: How long after the end of the participant's present session it opens, such as `days(7)`.
        open_for: For how long it can be begun.
        pay: What a participant gets for this session, in US dollars, besides the points that they earn in it.
        remind: How a participant is reminded when it opens: `"recruiter"` (Mechanical Turk or Prolific sends
            the message), `"email"` (to the address that they gave at an `email` item), or both in a list.
        remind_before_end: How long before it closes a participant who hasn't begun is reminded again.
        address: The `email` item with the address; needed only where a study has several.
        missed: `"end"` to end the study for a participant who misses it, `"skip"` to go on with the next one.
        text: A sentence on the page that says when it opens.
        show_if: Hold it only if this holds; else the study goes on at once.
        only: Hold it in these conditions only.

    """

    name: str
    after: timedelta
    open_for: timedelta
    pay: Decimal | float | str = 0
    remind: str | Sequence[str] = ()
    remind_before_end: timedelta | None = None
    address: str = ""
    missed: str = END_STUDY
    text: str = ""
    show_if: When = None
    only: Only = None

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways in which participants are reminded."""
        return (self.remind,) if isinstance(self.remind, str) else tuple(self.remind)

    @property
    def dollars(self) -> Decimal:
        """The pay, in US dollars."""
        return Decimal(str(self.pay))

    def problems(self) -> list[str]:
        where = f"Session {self.name!r}"
        found = check_name(self.name, "A Session")
        if not _is_between(self.after, timedelta(0)):
            found.append(f"{where} has after={self.after!r}; give a time up to 400 days, such as days(7).")
        if not _is_between(self.open_for, timedelta(minutes=1)):
            found.append(
                f"{where} has open_for={self.open_for!r}; give a minute to 400 days, such as days(3)."
            )
        if not _is_amount(self.pay):
            found.append(f"{where} has pay={self.pay!r}; give dollars from 0 to {MOST_PAY:,}.")
        unknown = [way for way in self.ways if way not in WAYS]
        if unknown:
            found.append(f"{where} has remind={unknown[0]!r}; write 'recruiter', 'email', or both in a list.")
        if self.missed not in (END_STUDY, SKIP):
            found.append(f"{where} has missed={self.missed!r}; write 'end' or 'skip'.")
        return found + self._problems_of_reminder(where)

    def _problems_of_reminder(self, where: str) -> list[str]:
        before = self.remind_before_end
        if before is None:
            return []
        if not self.ways:
            return [f"{where} has remind_before_end, but no way; add remind='recruiter' or 'email'."]
        if not isinstance(before, timedelta) or before <= timedelta(0):
            return [f"{where} has remind_before_end={before!r}; give a time, such as hours(6)."]
        if isinstance(self.open_for, timedelta) and before >= self.open_for:
            return [f"{where} has remind_before_end={before!r}; give less than open_for."]
        return []


def _is_between(time: Any, least: timedelta) -> bool:
    return isinstance(time, timedelta) and least <= time <= LONGEST


def _is_amount(amount: Any) -> bool:
    try:
        dollars = Decimal(str(amount))
    except InvalidOperation:
        return False
    return dollars.is_finite() and 0 <= dollars <= MOST_PAY
