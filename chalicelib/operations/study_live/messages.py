"""Handles a message of a live element or a chat: POST /page/live."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from chalicelib.errors import Busy, Conflict, MessageRefused, TooManyTries
from chalicelib.model.record import iso
from chalicelib.operations.shared.access import require_working
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.answers.live_data import chat_message
from chalicelib.operations.study.flow.moves import element_at, is_over
from chalicelib.operations.study.groups.waits import stop_group
from chalicelib.operations.study.shared.class_end import is_class_over
from chalicelib.operations.study.shared.hook_errors import HookFailedError
from chalicelib.operations.study.shared.study_context import own_place, session_of, study_of
from chalicelib.study.elements import Chat, Live, Wait
from chalicelib.study.items import AnswerError, check_answer, text
from chalicelib.study.player import Player, StudyGroup
from chalicelib.study.study_records import Place

logger = logging.getLogger("petri.study")

#: The maximum size of a message as JSON, in bytes, and of messages per participant and second.
MAX_BYTES = 4096
MAX_A_SECOND = 20
MAX_CHAT_LENGTH = 500
_CHAT_TEXT = text(prompt="Message", max_length=MAX_CHAT_LENGTH).named("text")

Run = Callable[..., Any]


def handle_message(run: Run, run_as_platform: Run, serial: int, message: Mapping[str, Any]) -> dict[str, Any]:
    """Handle a message in one commit; an error of the study's method stops the group in another one.

    The error isn't one of the participant's request: their page asks for the page that is due then.
    """
    try:
        handled: dict[str, Any] = run(take_message, serial, message)
    except HookFailedError as error:
        logger.exception("a live method of the study raised an error, so its group is stopped")
        run_as_platform(stop_group, error.network_id, str(error))
        return {"serial": serial, "stale": True}
    return handled


def read_message(value: Any) -> dict[str, Any]:
    """Return a message, sent as an object or as JSON text; MessageRefused for anything else."""
    try:
        message = json.loads(value) if isinstance(value, str) else value
        size = len(json.dumps(message, ensure_ascii=False, allow_nan=False).encode("utf-8"))
    except (ValueError, RecursionError):
        raise MessageRefused("message must be a JSON object without special numbers.") from None
    if not isinstance(message, dict):
        raise MessageRefused('message must be a JSON object, such as {"price": 5}.')
    if size > MAX_BYTES:
        raise MessageRefused(f"The message has {size:,} bytes as JSON; send at most {MAX_BYTES:,}.")
    return message


def take_message(ctx: Context, serial: int, message: Mapping[str, Any]) -> dict[str, Any]:
    """Call the study's method, or store a chat's message; what it changes is stored in this commit.

    The group's record is written by each message, so that of two that arrive at the same time, one is
    handled after the other, with what the first has changed.
    """
    participant, place = own_place(ctx)
    if place is None or serial != place.serial or place.ended is not None or is_over(ctx, place):
        return {"serial": 1 if place is None else place.serial, "stale": True}
    if is_class_over(ctx, place):
        return {"serial": place.serial, "stale": True}
    page = element_at(ctx, place.path)
    if not isinstance(page, Live | Chat | Wait) or (isinstance(page, Wait) and page.on is None):
        raise MessageRefused("This page takes no messages; answer it with POST /page.")
    require_working(participant)
    session = session_of(ctx)
    player = session.player(participant.id)
    group = player.group
    if group is None:
        raise MessageRefused("Messages need a group, and this participant is in none.")
    if group.stored.stopped or group.stored.ended_early:
        return {"serial": place.serial, "stale": True}
    count = _count(ctx, group, place)
    ctx.seed(participant, f"live|{place.serial}", count)
    ctx.uow.declare_scope(*participant.node_ids)
    session.speaker = place
    if isinstance(page, Chat):
        _say(group, place, message, session.moment)
    else:
        _call(ctx, str(page.on), group, player, message)
    session.flush()
    return {"serial": place.serial}


def _count(ctx: Context, group: StudyGroup, place: Place) -> int:
    """Count a member's message, and return how many they have sent; TooManyTries when they send too many."""
    second = str(iso(ctx.now))[:19]
    last, number, total = group.stored.sent.get(str(place.participant_id), ["", 0, 0])
    number = number + 1 if last == second else 1
    if number > MAX_A_SECOND:
        raise TooManyTries(
            f"At most {MAX_A_SECOND} messages can be sent in a second; send this one again later.",
            code="too_many_messages",
        )
    group.stored.sent[str(place.participant_id)] = [second, number, total + 1]
    return int(total) + 1


def _say(group: StudyGroup, place: Place, message: Mapping[str, Any], at: str) -> None:
    """Store a chat's message, and send it to the group."""
    stored = check_answer(_CHAT_TEXT, message.get("text"))
    number = group.stored.rows
    group.record("chat", text=stored)
    group.tell(chat_message(group, number, place.participant_id, stored, at) | {"path": place.path})


def _call(ctx: Context, method: str, group: StudyGroup, player: Player, message: Mapping[str, Any]) -> None:
    with _author_code(group, f"{method}() at {player.path}"):
        getattr(study_of(ctx), method)(group, player, message)
        session_of(ctx).flush()


@contextmanager
def _author_code(group: StudyGroup, what: str) -> Iterator[None]:
    """Turn what an author's method raises into HookFailedError, unless it refuses the message."""
    try:
        yield
    except (Busy, Conflict, AnswerError):
        raise
    except Exception as error:
        # An author's method may raise anything; the error is logged where the group is stopped.
        raise HookFailedError(group.id, f"{what} raised {type(error).__name__}: {error}") from error
