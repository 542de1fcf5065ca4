"""Reads what a participant has answered, and what of it people have graded, as attempts at assignments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from chalicelib.immutable import immutable
from chalicelib.model import keys
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.grading.grade_response import BY_PEOPLE, GRADER, points_of
from chalicelib.operations.study.shared.study_context import study_of
from chalicelib.study.assignments.assignment_records import (
    BY_HAND,
    BY_RULE,
    PAGE,
    AssignmentEntry,
    ClassAssignment,
    PageRef,
)
from chalicelib.study.assignments.grade_computation import AnswerAttempt, share_of_points
from chalicelib.study.items import Item
from chalicelib.study.study_records import GradeRecord, StudyResponse

_ALL: Final = Decimal(1)


@immutable()
class AnswersOfMember:
    """The responses of a participant, oldest first, and the grades that people gave to them."""

    responses: Sequence[StudyResponse]
    grades: Mapping[tuple[int, str], Sequence[GradeRecord]]


NO_ANSWERS: Final = AnswersOfMember((), {})


def answers_of(ctx: Context, participant_id: int | None) -> AnswersOfMember:
    """Return what a participant has answered; nothing for a member who hasn't begun."""
    if participant_id is None:
        return NO_ANSWERS
    pk = keys.response(participant_id, 0)[0]
    stored = [item for item in ctx.uow.items(pk, keys.RESPONSES) if item["kind"] == StudyResponse.kind]
    responses = [one for one in map(StudyResponse.from_item, stored) if not _is_timed_part(one)]
    grades: dict[tuple[int, str], list[GradeRecord]] = {}
    if any(_is_graded_by_people(ctx, entry) for one in responses for entry in one.answers):
        for record in map(GradeRecord.from_item, ctx.uow.items(pk, keys.GRADES)):
            grades.setdefault((record.serial, record.item), []).append(record)
    return AnswersOfMember(responses, grades)


def _is_timed_part(response: StudyResponse) -> bool:
    """Whether it is the result of a timed part, which isn't an answer."""
    return any(entry.get("kind") == "timed" for entry in response.answers)


def _is_graded_by_people(ctx: Context, entry: Mapping[str, Any]) -> bool:
    item = study_of(ctx).items().get(entry["item"])
    return item is not None and item.grading in BY_PEOPLE


def attempts_at(
    ctx: Context, assignment: ClassAssignment, answers: AnswersOfMember
) -> dict[str, list[AnswerAttempt]]:
    """Return the attempts of a member at each part of an assignment, in order."""
    return {
        entry.key: list(_attempts(ctx, assignment.grading, entry, answers)) for entry in assignment.entries
    }


def _attempts(
    ctx: Context, grading: str, entry: AssignmentEntry, answers: AnswersOfMember
) -> Iterator[AnswerAttempt]:
    for response in answers.responses:
        if response.answered_at is None:
            continue
        answered = datetime.fromisoformat(response.answered_at)
        if entry.kind == PAGE:
            if PageRef(response.page, response.path).is_called(entry.name) and not _is_missed(response):
                share, comment = _share_of_page(ctx, grading, response, answers)
                yield AnswerAttempt(answered, share, comment)
            continue
        for given in response.answers:
            if given["item"] == entry.name and _is_given(given):
                share, comment = _share_of_item(ctx, grading, response, given, answers)
                yield AnswerAttempt(answered, share, comment)


def _is_given(entry: Mapping[str, Any]) -> bool:
    """Whether the participant gave an answer: none that the study filled in for them."""
    return entry.get("answer") is not None and not entry.get("missed")


def _is_missed(response: StudyResponse) -> bool:
    """Whether the participant answered nothing of a page that asks something."""
    return bool(response.answers) and not any(map(_is_given, response.answers))


def _share_of_page(
    ctx: Context, grading: str, response: StudyResponse, answers: AnswersOfMember
) -> tuple[Decimal | None, str]:
    """Return how much of a page is right, each item weighed by its points; all of one that asks nothing.

    None while one of its answers waits for a grade.
    """
    items = study_of(ctx).items()
    earned, possible, comments = Decimal(0), Decimal(0), []
    for given in response.answers:
        item = items.get(given["item"])
        points = Decimal(1) if item is None else Decimal(item.points)
        if not _is_given(given):
            # An item without a right answer that was left empty takes nothing away.
            possible += points if item is not None and item.is_graded else 0
            continue
        share, comment = _share_of_item(ctx, grading, response, given, answers)
        if share is None:
            return None, ""
        earned, possible = earned + share * points, possible + points
        comments.append(comment)
    comment = "\n".join(filter(None, comments))
    return (share_of_points(earned, possible) if possible else _ALL), comment


def _share_of_item(
    ctx: Context, grading: str, response: StudyResponse, given: Mapping[str, Any], answers: AnswersOfMember
) -> tuple[Decimal | None, str]:
    """Return how much of an answer is right, None while it waits for a grade; and the grader's comment."""
    item = study_of(ctx).items().get(given["item"])
    grades = answers.grades.get((response.serial, given["item"]), ())
    if grading == BY_HAND:
        grades = [one for one in grades if one.by == GRADER]
    if item is not None and grades:
        return _share_by_people(item, grades), _comment(grades)
    if grading != BY_RULE or (item is not None and item.grading in BY_PEOPLE):
        return None, ""
    percent = given.get("percent")
    # An item without a right answer is done when it is answered.
    return (_ALL if percent is None else Decimal(str(percent))), ""


def _share_by_people(item: Item, grades: Sequence[GradeRecord]) -> Decimal:
    possible = Decimal(item.points)
    if not possible:
        return Decimal(str(grades[-1].answers[0]["percent"]))
    return share_of_points(points_of(item, grades), possible) or Decimal(0)


def _comment(grades: Sequence[GradeRecord]) -> str:
    """Return the comment of the last grader; comments of peers stay between them."""
    of_graders = [one.answers[0].get("comment", "") for one in grades if one.by == GRADER]
    return str(of_graders[-1]) if of_graders else ""
