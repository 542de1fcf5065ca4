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
    #: The answers that were given to each item, and the responses of each page by its name and by its path.
    by_item: Mapping[str, Sequence[tuple[StudyResponse, Mapping[str, Any]]]]
    by_page: Mapping[str, Sequence[StudyResponse]]


NO_ANSWERS: Final = AnswersOfMember((), {}, {}, {})


def answers_of(ctx: Context, participant_id: int | None) -> AnswersOfMember:
    """Return what a participant has answered; nothing for a member who hasn't begun."""
    if participant_id is None:
        return NO_ANSWERS
    pk = keys.response(participant_id, 0)[0]
    stored = [item for item in ctx.uow.items(pk, keys.RESPONSES) if item["kind"] == StudyResponse.kind]
    responses = [
        one
        for one in map(StudyResponse.from_item, stored)
        if one.answered_at is not None and not _is_timed_part(one)
    ]
    grades: dict[tuple[int, str], list[GradeRecord]] = {}
    if any(_is_graded_by_people(ctx, entry) for one in responses for entry in one.answers):
        for record in map(GradeRecord.from_item, ctx.uow.items(pk, keys.GRADES)):
            grades.setdefault((record.serial, record.item), []).append(record)
    by_item: dict[str, list[tuple[StudyResponse, Mapping[str, Any]]]] = {}
    by_page: dict[str, list[StudyResponse]] = {}
    for response in responses:
        for entry in filter(_is_given, response.answers):
            by_item.setdefault(entry["item"], []).append((response, entry))
        for name in PageRef(response.page, response.path).names:
            by_page.setdefault(name, []).append(response)
    return AnswersOfMember(responses, grades, by_item, by_page)


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
    if entry.kind == PAGE:
        for response in answers.by_page.get(entry.name, ()):
            if not _is_missed(response):
                yield _attempt_at_page(ctx, grading, response, answers)
        return
    for response, given in answers.by_item.get(entry.name, ()):
        share, comment = _share_of_item(ctx, grading, response, given, answers)
        yield AnswerAttempt(_answered_at(response), share, comment, response.serial)


def _answered_at(response: StudyResponse) -> datetime:
    return datetime.fromisoformat(str(response.answered_at))


def _is_given(entry: Mapping[str, Any]) -> bool:
    """Whether the participant gave an answer: none that the study filled in for them."""
    return entry.get("answer") is not None and not entry.get("missed")


def _is_missed(response: StudyResponse) -> bool:
    """Whether the participant answered nothing of a page that asks something."""
    return bool(response.answers) and not any(map(_is_given, response.answers))


def _attempt_at_page(
    ctx: Context, grading: str, response: StudyResponse, answers: AnswersOfMember
) -> AnswerAttempt:
    """Return how much of a page is right, each item weighed by its points; all of one that asks nothing.

    The share is None while one of its answers waits for a grade.
    """
    items = study_of(ctx).items()
    shares: dict[str, Decimal | None] = {}
    weights: dict[str, Decimal] = {}
    comments = []
    for given in response.answers:
        item = items.get(given["item"])
        if not _is_given(given) and (item is None or not item.is_graded):
            # An item without a right answer that was left empty takes nothing away.
            continue
        weights[given["item"]] = Decimal(1) if item is None else Decimal(item.points)
        shares[given["item"]] = Decimal(0)
        if _is_given(given):
            shares[given["item"]], comment = _share_of_item(ctx, grading, response, given, answers)
            comments.append(comment)
    possible = sum(weights.values(), Decimal(0))
    earned = sum((share * weights[name] for name, share in shares.items() if share is not None), Decimal(0))
    share = share_of_points(earned, possible) if possible else _ALL
    if None in shares.values():
        return AnswerAttempt(_answered_at(response), None, "", response.serial, shares)
    return AnswerAttempt(
        _answered_at(response), share, "\n".join(filter(None, comments)), response.serial, shares
    )


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
    if item is not None and item.grading in BY_PEOPLE:
        return None, ""
    percent = given.get("percent")
    if percent is not None:
        # What a rule says counts first where people grade, too; they replace it in the gradebook.
        return Decimal(str(percent)), ""
    # By rule, an item without a right answer is done when it is answered; otherwise a person looks at it.
    return (_ALL if grading == BY_RULE else None), ""


def _share_by_people(item: Item, grades: Sequence[GradeRecord]) -> Decimal:
    possible = Decimal(item.points)
    if not possible:
        return Decimal(str(grades[-1].answers[0]["percent"]))
    return share_of_points(points_of(item, grades), possible) or Decimal(0)


def _comment(grades: Sequence[GradeRecord]) -> str:
    """Return the comment of the last grader; comments of peers stay between them."""
    of_graders = [one.answers[0].get("comment", "") for one in grades if one.by == GRADER]
    return str(of_graders[-1]) if of_graders else ""
