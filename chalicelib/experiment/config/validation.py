"""Parses and validates the values of single settings.

Validators raise ValueError with the end of a sentence: "must be ...". The message never contains the value,
so that a secret in the wrong place isn't printed.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

#: the types that a setting can have
TYPES = (str, int, float, bool)

Validator = Callable[[Any], object]

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})
_WHOLE = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
#: detects a comment after a value, which is part of the value in INI files
TRAILING_COMMENT = re.compile(r"\s[#;]")
#: longer whole numbers are errors, and Python refuses to parse very long ones
_MAX_DIGITS = 300
#: more than any participant is paid; a larger amount is an error
_MAX_DOLLARS = 10_000


def parse(text: str, type_: type) -> Any:
    """Parse a text as a value of `type_`; the ValueError says what is expected."""
    if type_ is str:
        return text
    try:
        return _PARSERS[type_](text.strip())
    except ValueError as refused:
        if not text.strip():
            raise ValueError(f"{refused}, but it is empty") from None
        if TRAILING_COMMENT.search(text):
            raise ValueError(f"{refused}; a comment needs a line of its own") from None
        raise


def coerce(value: Any, type_: type) -> Any:
    """Convert a value that a program passes to `type_`.

    Accepts values of the type itself, text as in a file, and whole numbers and Decimals for a float.
    """
    if isinstance(value, str):
        return parse(value, type_)
    if type_ is bool or isinstance(value, bool):
        if type_ is bool and isinstance(value, bool):
            return value
        raise ValueError(_EXPECTED[type_])
    if type_ is float and isinstance(value, int | float | Decimal):
        return _finite(value)
    if isinstance(value, type_):
        return value
    raise ValueError(_EXPECTED[type_])


def _boolean(text: str) -> bool:
    word = text.casefold()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError(_EXPECTED[bool])


def _whole(text: str) -> int:
    if not _WHOLE.fullmatch(text) or len(text) > _MAX_DIGITS:
        raise ValueError(_EXPECTED[int])
    return int(text)


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise ValueError(_EXPECTED[float])
    return _finite(text)


def _finite(value: str | float | Decimal) -> float:
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise ValueError(_EXPECTED[float]) from None
    if not math.isfinite(number):
        raise ValueError(_EXPECTED[float])
    return number


_EXPECTED: dict[type, str] = {
    str: "must be text",
    int: "must be a whole number such as 12",
    float: "must be a number such as 0.5",
    bool: "must be true or false (yes, no, on, off, 1 and 0 are accepted too)",
}
_PARSERS: dict[type, Callable[[str], Any]] = {bool: _boolean, int: _whole, float: _number}


def at_least(lowest: float) -> Validator:
    """Return a validator: the number is `lowest` or more."""

    def rule(value: float) -> None:
        if value < lowest:
            raise ValueError(f"must be {lowest} or more")

    return rule


def at_most(highest: float, why: str) -> Validator:
    """Return a validator: the number is `highest` or less; `why` ends a sentence after "because"."""

    def rule(value: float) -> None:
        if value > highest:
            raise ValueError(f"must be {highest} or less, because {why}")

    return rule


def in_range(minimum: float | None, maximum: float | None) -> tuple[Validator, ...]:
    """Return the validators of a number with these limits; None for no limit."""

    def not_above(value: float) -> None:
        if maximum is not None and value > maximum:
            raise ValueError(f"must be {maximum} or less")

    lowest = () if minimum is None else (at_least(minimum),)
    return lowest if maximum is None else (*lowest, not_above)


def above(limit: float) -> Validator:
    """Return a validator: the number is more than `limit`."""

    def rule(value: float) -> None:
        if value <= limit:
            raise ValueError(f"must be more than {limit}")

    return rule


def between(lowest: float, highest: float) -> Validator:
    """Return a validator: the number is between the two, inclusive."""

    def rule(value: Any) -> None:
        number = _number(str(value))
        if not lowest <= number <= highest:
            raise ValueError(f"must be between {lowest} and {highest}")

    return rule


def one_of(*words: str) -> Validator:
    """Return a validator: the text is one of these words."""

    def rule(value: str) -> None:
        if value not in words:
            raise ValueError(f"must be one of: {', '.join(words)}")

    return rule


def matching(pattern: str, expected: str) -> Validator:
    """Return a validator: the text is empty or matches the pattern; `expected` ends "must be ..."."""
    compiled = re.compile(pattern)

    def rule(value: str) -> None:
        if value and not compiled.fullmatch(value):
            raise ValueError(f"must be {expected}")

    return rule


def dollars(value: float) -> None:
    """Validate an amount of US dollars: not negative, no fractions of a cent."""
    amount = Decimal(str(value))
    if not 0 <= amount <= _MAX_DOLLARS:
        raise ValueError(f"must be between 0 and {_MAX_DOLLARS}; it is an amount of US dollars")
    if amount != amount.quantize(Decimal("0.01")):
        raise ValueError("must have at most two decimals; it is an amount of US dollars and cents")


def json_list(value: str) -> None:
    """Validate a setting that contains a JSON list."""
    refusal = ValueError('must be a JSON list such as ["one", "two"]')
    try:
        parsed = json.loads(value)
    except (ValueError, RecursionError):
        raise refusal from None
    if not isinstance(parsed, list):
        raise refusal
