"""Finds what the gradebook of a class holds about an erased participant: points, comments, exceptions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.model import keys
from chalicelib.operations.shared.context import Context


def items_of_gradebook(ctx: Context, participant_id: int) -> Iterator[Mapping[str, Any]]:
    """Yield the points, comments and exceptions that a member of a class was given; nothing for others."""
    reference = ctx.uow.item(keys.class_of_participant(participant_id))
    if reference is None:
        return
    yield from items_of_seat(ctx, int(reference["class_number"]), str(reference["seat"]))


def items_of_seat(ctx: Context, number: int, seat: str) -> Iterator[Mapping[str, Any]]:
    """Yield the points, comments and exceptions that a member of a class was given."""
    yield from ctx.uow.items(*keys.exceptions_of_seat(number, seat))
    yield from ctx.uow.items(*keys.points_of_seat(number, seat))
