"""Grading as people manage it: the answers of one participant that people grade, and a grade for one."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from chalicelib.access.rules import Mode
from chalicelib.errors import BadRequest, Forbidden, InvalidState, RuleBroken
from chalicelib.operations.listings.listing import Listing
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.study_check import as_study

from .participant_actions import actor_name, participant_named


@dataclass(frozen=True, slots=True)
class GradableAnswer:
    """An answer that people grade; nothing in it identifies the participant."""

    participant_id: int
    serial: int = field(metadata={"help": "The number of the page on which it was given."})
    item: str
    prompt: str
    answer: str
    max_points: Decimal = field(metadata={"any_decimal": True})
    points: Decimal | None = field(metadata={"any_decimal": True, "help": "The last grade."})
    comment: str


def list_gradable_answers(ctx: Context, participant_id: str) -> Listing[GradableAnswer]:
    """Return the answers of a participant that people grade; none of a class that the actor doesn't teach."""
    participant = participant_named(ctx, participant_id)
    if as_study(ctx.experiment) is None or not _grades(ctx, participant.id):
        return Listing([], None, 0, is_partial=False)
    # Lazy import: only studies need their modules.
    from chalicelib.operations.study.grading.ungraded import answers_to_grade

    rows = [
        GradableAnswer(
            participant_id=one.participant_id,
            serial=one.serial,
            item=one.item,
            prompt=one.prompt,
            answer=one.answer,
            max_points=one.max_points,
            points=one.points,
            comment=one.comment,
        )
        for one in answers_to_grade(ctx, [participant.id])
    ]
    return Listing(rows, None, len(rows), is_partial=False)


def grade_answer(
    ctx: Context, participant_id: str, item: str, serial: int | None, points: Decimal, comment: str
) -> Listing[GradableAnswer]:
    """Store a grade for an answer, and return the participant's answers; the last grade counts.

    InvalidState if people don't grade the item, or if the points aren't among the item's. Forbidden for a
    member of a class that the actor doesn't teach.
    """
    participant = participant_named(ctx, participant_id)
    if as_study(ctx.experiment) is None:
        raise InvalidState("This experiment isn't a study, so it has no answers to grade.")
    if not _grades(ctx, participant.id):
        raise Forbidden(
            "This participant is a member of a class. Its instructors grade the answers, and people with the "
            "right Manage lab.",
            code="right_missing",
        )
    # Lazy import, as above.
    from chalicelib.operations.study.grading.grade_response import GivenGrade, grade_response

    grade = GivenGrade(
        participant.id, item, points=points, comment=comment, grader=actor_name(ctx), serial=serial
    )
    try:
        grade_response(ctx, grade)
    except (RuleBroken, BadRequest) as error:
        raise InvalidState(str(error)) from error
    return list_gradable_answers(ctx, participant_id)


def _grades(ctx: Context, participant_id: int) -> bool:
    """Whether the actor may grade a participant: of a class, its instructors and those who manage the lab."""
    # Lazy import: few studies have classes.
    from chalicelib.operations.classes.class_access import is_taught
    from chalicelib.operations.classes.class_records import class_of_participant

    study_class = class_of_participant(ctx, participant_id)
    return study_class is None or is_taught(ctx, study_class, Mode.UPDATE)
