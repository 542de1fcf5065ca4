"""Lists the answers that people grade, for a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from chalicelib.access.rights import Right
from chalicelib.operations.shared.access import require_right
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.study_context import session_of
from chalicelib.study.items.answer_text import answer_text

from .grade_response import GivenGrade, GradedAnswer, grade_response, graded_answers


@dataclass(frozen=True, slots=True)
class AnswerToGrade:
    """An answer that people grade, as a grader sees it; nothing in it identifies the participant."""

    participant_id: int
    serial: int
    item: str
    prompt: str
    answer: str
    max_points: Decimal
    #: The last grade and its comment; None while there is none.
    points: Decimal | None = None
    comment: str = ""


def participants_of_run(ctx: Context) -> Sequence[int]:
    """Return the ids of all participants."""
    return ctx.uow.participant_ids()


def answers_to_grade(ctx: Context, participant_ids: Sequence[int]) -> list[AnswerToGrade]:
    """Return the answers of some participants that people grade."""
    require_right(ctx, Right.GRADE)
    session = session_of(ctx)
    return [
        _shown(answer)
        for one in participant_ids
        if session.find_place(one) is not None
        for answer in graded_answers(ctx, one)
    ]


def _shown(answer: GradedAnswer) -> AnswerToGrade:
    last = answer.grades[-1].answers[0] if answer.grades else None
    return AnswerToGrade(
        participant_id=answer.response.participant_id,
        serial=answer.response.serial,
        item=answer.item.name,
        prompt=str(answer.item.prompt),
        answer=answer_text(answer.item, answer.entry["answer"]),
        max_points=Decimal(answer.item.points),
        points=None if last is None else Decimal(last["points"]),
        comment="" if last is None else last.get("comment", ""),
    )


def store_grades(ctx: Context, grades: Sequence[GivenGrade]) -> int:
    """Store some grades in one commit; return how many of them are new."""
    require_right(ctx, Right.GRADE)
    return sum(grade_response(ctx, grade) for grade in grades)


def has_bonus(ctx: Context, participant_id: int) -> bool:
    """Whether a participant's bonus has been computed, so that later points don't change it."""
    return ctx.uow.participant(participant_id).bonus is not None
