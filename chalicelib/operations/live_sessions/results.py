"""The result of a live session; after its end it is frozen, so later changes of the study don't touch it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.access import require_right
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.study_context import study_of
from chalicelib.study.elements import Page
from chalicelib.study.items.markup import shown_text
from chalicelib.study.live_sessions.live_session_records import LivePhase, LivePlayer, LiveSession
from chalicelib.study.plan import parse_path

from .session_records import answers_to, players_of, read_session

#: How many players or answers one item of the frozen result holds: DynamoDB's items have 400 KB.
PER_ITEM: Final = 400


@dataclass(frozen=True, slots=True)
class PlayerResult:
    """A player at the end."""

    seat: str
    name: str = field(metadata={"personal": True})
    custom: str = field(metadata={"personal": True})
    participant_id: int | None
    score: int
    right: int
    answered: int


@dataclass(frozen=True, slots=True)
class AnswerResult:
    """What a player answered on one page."""

    seat: str
    position: int
    answers: dict[str, Any]
    share: float | None = field(
        metadata={"help": "How much of it is right, from 0 to 1; None when not graded."}
    )
    seconds: float
    score: int


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """One page of the session."""

    position: int
    page: str
    prompts: dict[str, str]
    answered: int
    percent_right: float | None = field(metadata={"help": "The mean share that is right, from 0 to 100."})


@dataclass(frozen=True, slots=True)
class LiveResult:
    """The result of a session."""

    id: int
    is_frozen: bool
    finished_at: str | None
    custom_field: str
    players: list[PlayerResult]
    questions: list[QuestionResult]
    answers: list[AnswerResult]


def read_result(ctx: Context, number: int) -> LiveResult:
    """Return the result of a session: the frozen one, or what there is so far."""
    require_right(ctx, Right.VIEW)
    return result_of(ctx, read_session(ctx, number))


def result_of(ctx: Context, session: LiveSession) -> LiveResult:
    """Return the frozen result of a session, or what there is so far."""
    frozen = ctx.uow.item(keys.live_result(session.number, 0))
    return collect(ctx, session) if frozen is None else _frozen(ctx, session, int(frozen["parts"]))


def collect(ctx: Context, session: LiveSession) -> LiveResult:
    """Collect the result from the records of the session, without players who were removed, and the texts."""
    players = [one for one in players_of(ctx, session.number) if not one.kicked]
    seats = {one.seat for one in players}
    answers: list[AnswerResult] = []
    questions: list[QuestionResult] = []
    for position in range(min(session.position + 1, len(session.paths))):
        given = [one for one in answers_to(ctx, session.number, position) if one.seat in seats]
        answers += [
            AnswerResult(one.seat, position, one.answers, one.share, one.seconds, one.score) for one in given
        ]
        shares = [one.share for one in given if one.share is not None]
        page, prompts = _page(ctx, session.paths[position])
        mean = round(100 * sum(shares) / len(shares), 1) if shares else None
        questions.append(QuestionResult(position, page, prompts, len(given), mean))
    return LiveResult(
        session.number,
        False,  # noqa: FBT003 - a field of the result
        session.finished_at,
        session.custom_field,
        [_player(one) for one in sorted(players, key=lambda one: (-one.score, one.name.casefold()))],
        questions,
        answers,
    )


def _player(one: LivePlayer) -> PlayerResult:
    return PlayerResult(
        one.seat, one.name, one.custom, one.participant_id, one.score, one.right, one.answered
    )


def _page(ctx: Context, path: str) -> tuple[str, dict[str, str]]:
    """Return the name of a page and the prompts of its items; only the path's end for one that is lost."""
    step = study_of(ctx).plan().find(parse_path(path))
    if step is None or not isinstance(step.element, Page):
        return path, {}
    items = study_of(ctx).items_of(step.element)
    return step.element.name, {name: shown_text(item.prompt) or name for name, item in items.items()}


def freeze_result(ctx: Context, number: int) -> None:
    """Store the result of a session that is over, once; it doesn't change any more."""
    session = read_session(ctx, number)
    if session.phase != LivePhase.FINISHED or ctx.uow.item(keys.live_result(number, 0)) is not None:
        return
    result = collect(ctx, session)
    players = [asdict(one) for one in result.players]
    answers = [asdict(one) for one in result.answers]
    parts = [
        {"players": players[first : first + PER_ITEM], "answers": answers[first : first + PER_ITEM]}
        for first in range(0, max(len(players), len(answers), 1), PER_ITEM)
    ]
    head = {
        "questions": [asdict(one) for one in result.questions],
        "parts": len(parts),
        "frozen_at": iso(ctx.now),
    }
    ctx.uow.put_item(keys.live_result(number, 0), "live_result", head)
    for part_number, part in enumerate(parts, 1):
        ctx.uow.put_unconditional(keys.live_result(number, part_number), "live_result", part)


def _frozen(ctx: Context, session: LiveSession, parts: int) -> LiveResult:
    head = ctx.uow.item(keys.live_result(session.number, 0)) or {}
    stored = [ctx.uow.item(keys.live_result(session.number, number)) or {} for number in range(1, parts + 1)]
    return LiveResult(
        session.number,
        True,  # noqa: FBT003 - a field of the result
        session.finished_at,
        session.custom_field,
        [PlayerResult(**one) for part in stored for one in part.get("players", ())],
        [QuestionResult(**one) for one in head.get("questions", ())],
        [AnswerResult(**one) for part in stored for one in part.get("answers", ())],
    )
