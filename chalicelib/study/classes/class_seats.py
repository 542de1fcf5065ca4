"""The worker ids of members of classes, which their entry links carry."""

from __future__ import annotations

from typing import Final

#: The beginning of the worker ids of participants who are members of a class.
SEAT_PREFIX: Final = "class-"


def class_seat(number: int, mark: str) -> str:
    """Return the worker id of a member of a class; `mark`: a random text that can't be guessed."""
    return f"{SEAT_PREFIX}{number}-{mark}"


def class_of_seat(seat: str) -> int | None:
    """Return the number of the class that a worker id belongs to; None for any other id."""
    number, _, mark = seat.removeprefix(SEAT_PREFIX).partition("-")
    is_seat = seat.startswith(SEAT_PREFIX) and number.isascii() and number.isdecimal() and bool(mark)
    return int(number[:15]) if is_seat else None
