"""Items whose answer is a date or a time of day: date, time."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Final, Unpack

from markupsafe import Markup

from .answer_rules import AnswerError
from .grading import Grade, RightRange, grade_share
from .item import CommonFields, Frame, Item, item_kind
from .markup import marked, shown_text, tag

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?")
#: The dates of bots, when there are no bounds.
_BOTS_FROM: Final = dt.date(1950, 1, 1)
_BOTS_TO: Final = dt.date(2025, 12, 31)


@dataclass(frozen=True, kw_only=True)
class _Moment(Item):
    """What dates and times share: bounds, and right answers as values or ranges. ISO texts sort by time."""

    dynamic: ClassVar[tuple[str, ...]] = ("minimum", "maximum")

    minimum: Any = None
    maximum: Any = None

    def iso(self, value: Any) -> str | None:
        """Return an author's or a participant's value as ISO text; None if it isn't one."""
        raise NotImplementedError

    def validate(self, raw: Any) -> str:
        moment = self.iso(raw) if isinstance(raw, str) else None
        if moment is None:
            raise AnswerError(self._expected())
        low, high = self.iso(self.minimum), self.iso(self.maximum)
        if low is not None and moment < low:
            raise AnswerError("The answer must be {minimum} or later.", minimum=low)
        if high is not None and moment > high:
            raise AnswerError("The answer must be {maximum} or earlier.", maximum=high)
        return moment

    def _expected(self) -> str:
        raise NotImplementedError

    def grade(self, stored: Any) -> Grade:
        ungraded = self.ungraded(stored)
        if ungraded is not None:
            return ungraded
        is_right = any(low <= stored <= high for low, high in self._rights())
        return grade_share(
            int(is_right), 1, Decimal(self.points), partial=False, comment=self.comment(is_right)
        )

    def _rights(self) -> list[tuple[str, str]]:
        several = self.right if isinstance(self.right, list | tuple | set | frozenset) else [self.right]
        return [(self.iso(low) or "", self.iso(high) or "") for low, high in map(_ends, several)]

    def public(self) -> dict[str, Any]:
        bounds = {"minimum": self.iso(self.minimum), "maximum": self.iso(self.maximum)}
        return {**super().public(), **{name: bound for name, bound in bounds.items() if bound is not None}}

    def codebook(self) -> dict[str, Any]:
        range_ = [self.iso(self.minimum), self.iso(self.maximum)]
        return {**super().codebook(), "type": self.kind, "range": range_}

    def own_problems(self) -> list[str]:
        problems = []
        for name in ("minimum", "maximum"):
            value = getattr(self, name)
            if value is not None and not self.is_dynamic(value) and self.iso(value) is None:
                problems.append(f"{name}={value!r} isn't a {self.kind}; {self._example()}")
        low, high = self.iso(self.minimum), self.iso(self.maximum)
        if low is not None and high is not None and low > high:
            problems.append(f"minimum={low} is after maximum={high}; swap them")
        return problems if self.right is None else [*problems, *self._right_problems(low, high)]

    def _right_problems(self, low: str | None, high: str | None) -> list[str]:
        problems = []
        for first, last in self._rights():
            if not first or not last:
                problems.append(f"the right answer {self.right!r} isn't a {self.kind}; {self._example()}")
            elif first > last:
                problems.append(f"the right answer goes from {first} to {last}; swap them")
            elif (low is not None and last < low) or (high is not None and first > high):
                problems.append(f"the right answer {first} is before minimum or after maximum")
        return problems

    def _example(self) -> str:
        raise NotImplementedError

    def field(self, frame: Frame, type_: str, **more: Any) -> Markup:
        bounds = {"min": self.iso(self.minimum), "max": self.iso(self.maximum)}
        field = tag(
            "input", type=type_, value=shown_text(frame.value), **bounds, **more, **self.control_attributes()
        )
        return self.single(frame, field)


def _ends(right: Any) -> tuple[Any, Any]:
    if isinstance(right, RightRange):
        return right.low, right.high
    if isinstance(right, Mapping) and set(right) == {"from", "to"}:
        return right["from"], right["to"]
    return right, right


@item_kind
@dataclass(frozen=True, kw_only=True)
class DateItem(_Moment):
    """A date."""

    kind: ClassVar[str] = "date"
    fits_table: ClassVar[bool] = True

    def iso(self, value: Any) -> str | None:
        if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            return value.isoformat()
        if not isinstance(value, str) or not _DATE.fullmatch(value.strip()):
            return None
        try:
            return dt.date.fromisoformat(value.strip()).isoformat()
        except ValueError:
            return None

    def value(self, stored: Any) -> dt.date:
        return dt.date.fromisoformat(stored)

    def _expected(self) -> str:
        return marked("Write a date, such as 2026-03-31.")

    def _example(self) -> str:
        return 'write it as "2026-03-31"'

    def bot_answer(self, random: random.Random) -> str:
        low, high = self.iso(self.minimum), self.iso(self.maximum)
        first = self.value(low) if low else min(_BOTS_FROM, self.value(high)) if high else _BOTS_FROM
        last = self.value(high) if high else max(_BOTS_TO, first)
        return (first + dt.timedelta(days=random.randint(0, (last - first).days))).isoformat()

    def render(self, frame: Frame) -> Markup:
        return self.field(frame, "date")


def date(
    prompt: str, *, minimum: Any = None, maximum: Any = None, **common: Unpack[CommonFields]
) -> DateItem:
    """Ask for a date.

    Args:
        prompt: The question.
        minimum: The earliest date, as a date or "2026-03-31", or a method of the study that returns it.
        maximum: The latest date.
        common: What every item takes. `right` is a date, `between(...)`, or a list of them.

    Returns:
        The item. Its answer is a `datetime.date`.

    """
    return DateItem(prompt, minimum=minimum, maximum=maximum, **common)


@item_kind
@dataclass(frozen=True, kw_only=True)
class TimeItem(_Moment):
    """A time of day."""

    kind: ClassVar[str] = "time"
    fits_table: ClassVar[bool] = True

    seconds: bool = False

    def iso(self, value: Any) -> str | None:
        moment = value if isinstance(value, dt.time) else _time_of(value)
        if moment is None or moment.microsecond or moment.tzinfo is not None:
            return None
        if moment.second and not self.seconds:
            return None
        return moment.isoformat("seconds" if self.seconds else "minutes")

    def value(self, stored: Any) -> dt.time:
        return dt.time.fromisoformat(stored)

    def _expected(self) -> str:
        return (
            marked("Write a time, such as 14:05:30.")
            if self.seconds
            else marked("Write a time, such as 14:05.")
        )

    def _example(self) -> str:
        return 'write it as "14:05", and with seconds=True as "14:05:30"'

    def bot_answer(self, random: random.Random) -> str:
        first, last = _seconds(self.iso(self.minimum) or "00:00"), _seconds(self.iso(self.maximum) or "23:59")
        unit = 1 if self.seconds else 60
        drawn = first + unit * random.randint(0, (last - first) // unit)
        moment = dt.time(drawn // 3600, drawn // 60 % 60, drawn % 60)
        return moment.isoformat("seconds" if self.seconds else "minutes")

    def public(self) -> dict[str, Any]:
        return {**super().public(), "seconds": self.seconds}

    def render(self, frame: Frame) -> Markup:
        return self.field(frame, "time", step=1 if self.seconds else None)


def _time_of(value: Any) -> dt.time | None:
    # YAML 1.1 reads 14:05 as the number 845: minutes, or seconds with three parts.
    if not isinstance(value, str) or not _TIME.fullmatch(value.strip()):
        return None
    try:
        return dt.time.fromisoformat(value.strip())
    except ValueError:
        return None


def _seconds(iso: str) -> int:
    moment = dt.time.fromisoformat(iso)
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def time(
    prompt: str,
    *,
    minimum: Any = None,
    maximum: Any = None,
    seconds: bool = False,
    **common: Unpack[CommonFields],
) -> TimeItem:
    """Ask for a time of day.

    Args:
        prompt: The question.
        minimum: The earliest time, such as "08:00", or a method of the study that returns it.
        maximum: The latest time.
        seconds: Whether seconds are asked for too.
        common: What every item takes. `right` is a time, `between(...)`, or a list of them.

    Returns:
        The item. Its answer is a `datetime.time`.

    """
    return TimeItem(prompt, minimum=minimum, maximum=maximum, seconds=seconds, **common)
