"""Formats what pages show: moments, durations, counts and sums of money."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup

from chalicelib import services
from chalicelib.currency import currency_of, format_money
from chalicelib.model.record import iso

#: What stands in place of a value that isn't known.
NOTHING: Final = Markup("\N{EN DASH}")
#: Below so many seconds a duration has a decimal.
_SHORT: Final = 10
#: Between the words of a CamelCase name.
_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_TIME: Final = Markup('<time datetime="{exact}" title="{title}">{text}</time>')


def format_moment(value: datetime | str | None) -> Markup:
    """Format a moment in UTC; a script of the page shows it in the reader's own time."""
    if value is None or value == "":
        return NOTHING
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    moment = moment.astimezone(UTC)
    text = moment.strftime("%d %b %H:%M")
    return _TIME.format(exact=iso(moment), title=moment.strftime("%d %B %Y, %H:%M:%S UTC"), text=text)


def format_duration(seconds: float | None) -> str:
    """Format a duration: "4.5 s", "45 s", "3 min 20 s", "2 h 5 min", "3 d 4 h"."""
    if seconds is None:
        return NOTHING
    if 0 < seconds < _SHORT:
        return f"{seconds:.1f} s"
    whole = max(0, round(seconds))
    for size, name, part, part_name in (
        (_DAY, "d", _HOUR, "h"),
        (_HOUR, "h", _MINUTE, "min"),
        (_MINUTE, "min", 1, "s"),
    ):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size} {name}" + (f" {rest} {part_name}" if rest else "")
    return f"{whole} s"


def format_count(value: float | None) -> str:
    """Format a number with separators between thousands."""
    return NOTHING if value is None else f"{value:,}"


def format_number(value: Decimal | None) -> str:
    """Format a decimal number such as points, with two decimals at most."""
    if value is None:
        return NOTHING
    text = f"{value.quantize(Decimal('0.01'), ROUND_HALF_UP):f}"
    return text.rstrip("0").rstrip(".")


def format_sum(value: Decimal | float | str | None) -> str:
    """Format a sum in the experiment's currency."""
    if value is None:
        return NOTHING
    return format_money(Decimal(str(value)), currency_of(services.current().config))


def format_words(value: str) -> str:
    """Write a type or a name as words: "DiscreteGenerational" as "discrete generational"."""
    return " ".join(_WORDS.sub(" ", value.replace("_", " ")).split()).lower()


def format_query(query: Mapping[str, Sequence[str]], **changes: Any) -> str:
    """Return the query of an address with its question mark; parameters are changed or, as None, left out."""
    kept = [
        (name, value) for name, values in query.items() if name not in changes for value in values if value
    ]
    kept += [(name, str(value)) for name, value in changes.items() if value is not None]
    return f"?{urlencode(kept)}" if kept else ""


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "moment": format_moment,
    "duration": format_duration,
    "count": format_count,
    "number": format_number,
    "money": format_sum,
    "spaced": format_words,
    "query_string": format_query,
}
