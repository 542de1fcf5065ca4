"""Finds what live sessions hold about an erased participant: name, own field, seat, and what they wrote.

Scores, times and what was chosen stay, under the pseudonym of the worker id, so results keep their rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.model import keys
from chalicelib.model.participant import Participant
from chalicelib.operations.shared.context import Context
from chalicelib.study.live_sessions.live_session_records import LiveSession, session_of_seat

from .stored_items import REPLACEMENT, own_fields

#: The detail of a participant that holds their seat until the live session holds nothing about them.
LIVE_SEAT: Final = "live_seat"

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ContentChange:
    """An item to write, at another key where one is given, or to delete where there are no fields."""

    item: Item
    fields: dict[str, Any] | None
    key: keys.Key | None = None


def live_changes(
    ctx: Context, participant: Participant, clean: Callable[[str, Any], Any]
) -> Iterator[ContentChange]:
    """Yield the changes of the records of a participant's live session; `clean(item, answer)`: what stays."""
    seat = str(participant.details.get(LIVE_SEAT, ""))
    number = session_of_seat(seat)
    if number is None:
        return
    for partition in (keys.live_name(number, "")[0], keys.live_form(number, "")[0]):
        for claim in ctx.uow.items(partition):
            if claim.get("seat") == seat:
                yield ContentChange(claim, None)
    pseudonym = participant.worker_id
    player = ctx.uow.item(keys.live_player(number, seat))
    if player is not None:
        yield ContentChange(player, _player(player, pseudonym), keys.live_player(number, pseudonym))
    yield from _answers(ctx, number, participant, clean)
    yield from _results(ctx, number, seat, pseudonym, clean)


def _player(fields: Item, pseudonym: str) -> dict[str, Any]:
    """Return the record of a player, or their row in a result, without what identifies them."""
    return {**own_fields(fields), "seat": pseudonym, "name": REPLACEMENT, "custom": ""}


def _answers(
    ctx: Context, number: int, participant: Participant, clean: Callable[[str, Any], Any]
) -> Iterator[ContentChange]:
    stored = ctx.uow.item(keys.live_session(number))
    positions = 0 if stored is None else LiveSession.from_item(stored).position + 1
    wanted = [keys.live_answer(number, position, participant.id) for position in range(positions)]
    ctx.uow.prefetch(more=wanted)
    for answer in (ctx.uow.item(key) for key in wanted):
        if answer is not None:
            yield from _if_changed(answer, _answer(answer, participant.worker_id, clean))


def _answer(fields: Item, pseudonym: str, clean: Callable[[str, Any], Any]) -> dict[str, Any]:
    answers = {name: clean(name, value) for name, value in fields.get("answers", {}).items()}
    return {**own_fields(fields), "seat": pseudonym, "answers": answers}


def _results(
    ctx: Context, number: int, seat: str, pseudonym: str, clean: Callable[[str, Any], Any]
) -> Iterator[ContentChange]:
    """Yield the parts of the frozen result that have rows of the seat."""
    for part in ctx.uow.items(keys.live_result(number, 0)[0]):
        fields = own_fields(part)
        if "players" in fields:
            fields["players"] = [
                _player(row, pseudonym) if row["seat"] == seat else row for row in fields["players"]
            ]
            fields["answers"] = [
                _answer(row, pseudonym, clean) if row["seat"] == seat else row for row in fields["answers"]
            ]
            yield from _if_changed(part, fields)


def _if_changed(item: Item, fields: dict[str, Any]) -> Iterator[ContentChange]:
    if fields != own_fields(item):
        yield ContentChange(item, fields)
