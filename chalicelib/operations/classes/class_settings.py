"""Checks what a person sets about a class: its name, its days, its time zone, its fee, its instructors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from chalicelib.errors import InvalidState
from chalicelib.immutable import immutable
from chalicelib.operations.accounts.actors import find_user
from chalicelib.operations.shared.context import Context
from chalicelib.study.classes.study_class import StudyClass

MAX_CLASS_NAME: Final = 120
MAX_INSTRUCTORS: Final = 50
#: The years that days of classes may be in.
YEARS: Final = range(2000, 3000)
MAX_FEE: Final = Decimal(100_000)
_FEE: Final = re.compile(r"[0-9]{1,6}([.,][0-9]{1,2})?")


@immutable(kw_only=True)
class ClassSettings:
    """What is set about a class; None leaves a setting as it is."""

    name: str | None = None
    instructors: Sequence[str] | None = None
    starts: str | None = None
    ends: str | None = None
    time_zone: str | None = None
    fee: str | None = None
    asks_email: bool | None = None
    asks_student_number: bool | None = None
    is_open: bool | None = None


def fill_class(ctx: Context, study_class: StudyClass, settings: ClassSettings) -> None:
    """Take over the settings that are given; InvalidState says which of them isn't valid."""
    if settings.name is not None:
        study_class.name = _name(settings.name)
    if settings.instructors is not None:
        study_class.instructors = _instructors(ctx, settings.instructors)
    if settings.starts is not None:
        study_class.starts = checked_day(settings.starts, "The first day")
    if settings.ends is not None:
        study_class.ends = checked_day(settings.ends, "The last day")
    if study_class.starts and study_class.ends and study_class.ends < study_class.starts:
        raise InvalidState("The last day is before the first day.", code="invalid_days")
    if settings.time_zone is not None:
        study_class.time_zone = _time_zone(settings.time_zone)
    if settings.fee is not None:
        study_class.fee = _fee(settings.fee)
    for name in ("asks_email", "asks_student_number", "is_open"):
        value = getattr(settings, name)
        if value is not None:
            setattr(study_class, name, value)


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > MAX_CLASS_NAME or not name.isprintable():
        raise InvalidState(
            f"Give the class a name of at most {MAX_CLASS_NAME} characters.", code="invalid_class_name"
        )
    return name


def _instructors(ctx: Context, usernames: Sequence[str]) -> list[str]:
    """Return the usernames, each once; InvalidState for one that isn't a user's."""
    wanted = list(dict.fromkeys(filter(None, (one.strip() for one in usernames))))
    if len(wanted) > MAX_INSTRUCTORS:
        raise InvalidState(f"A class has {MAX_INSTRUCTORS} instructors at most.", code="too_many_instructors")
    for one in wanted:
        if find_user(ctx, one) is None:
            raise InvalidState(
                f"This run has no user {one[:40]!r}. Add the user first, and name them by their username.",
                code="unknown_instructor",
            )
    return wanted


def checked_day(text: str, what: str) -> str:
    """Return a day as it is stored; "" for an empty text. InvalidState for a text that isn't a day."""
    if not text.strip():
        return ""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidState(f"{what} must be a date such as 2026-11-30.", code="invalid_days") from None
    if day.year not in YEARS:
        raise InvalidState(
            f"{what} must be in the years {YEARS.start} to {YEARS.stop - 1}.", code="invalid_days"
        )
    return day.isoformat()


def _time_zone(text: str) -> str:
    name = text.strip() or "UTC"
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        # OSError: the name of a folder of the database, such as Europe.
        raise InvalidState(
            f"{name[:60]!r} isn't the name of a time zone. Write one such as Europe/Berlin.",
            code="invalid_time_zone",
        ) from None
    return name


def _fee(text: str) -> str:
    """Return a fee as stored: a decimal number with two places; "" for none."""
    if not text.strip():
        return ""
    # A separator of thousands would be read as one of decimals: 1,000 isn't 1.
    fee = Decimal(text.strip().replace(",", ".")) if _FEE.fullmatch(text.strip()) else None
    if fee is None or fee > MAX_FEE:
        raise InvalidState(
            f"The fee must be a number from 0 to {MAX_FEE} with two decimals at most, such as 12.50.",
            code="invalid_fee",
        )
    return "" if fee == 0 else f"{fee:.2f}"
