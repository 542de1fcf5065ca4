"""Stores the grade that a person gives to an answer, and counts its points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import fmean, median
from typing import Any

from chalicelib.access.rights import Right
from chalicelib.errors import BadRequest, NotFound, RuleBroken
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.access import require_right
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.study_context import session_of, study_of
from chalicelib.study.elements import Page
from chalicelib.study.items import Item
from chalicelib.study.items.grading import points_that_count
from chalicelib.study.plan import parse_path
from chalicelib.study.study_records import GradeRecord, Place, StudyResponse

#: Who has given a grade: a grader of the lab, or another participant.
GRADER, PEER = "grader", "peer"
#: How items are graded whose answers people grade.
BY_PEOPLE = ("manual", "peer")
MAX_COMMENT = 5_000
_FOUR_DECIMALS = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class GivenGrade:
    """A grade for one answer: in points, or as a share of the item's points from 0 to 1.

    `serial`: the page on which the item was answered, if it was asked in several rounds.
    """

    participant_id: int
    item: str
    attempt: int | None = None
    points: Decimal | None = None
    percent: Decimal | None = None
    comment: str = ""
    grader: str = GRADER
    serial: int | None = None
    by: str = GRADER


@dataclass(frozen=True, slots=True)
class GradedAnswer:
    """An answer that people grade: its response and entry, its item, and the grades that it has, in order."""

    response: StudyResponse
    entry: Mapping[str, Any]
    item: Item
    grades: Sequence[GradeRecord]


def grade_response(ctx: Context, grade: GivenGrade) -> bool:
    """Store a grade, and add its points to the participant's total; return whether it is a new one.

    The last grade counts, and earlier ones stay as rows. The same grade by the same grader is stored once.
    """
    require_right(ctx, Right.GRADE)
    answer = find_answer(ctx, grade)
    percent = _share(grade, answer.item)
    points = trim(percent * Decimal(answer.item.points)) if grade.points is None else grade.points
    last = answer.grades[-1].answers[0] if answer.grades else None
    row = {
        "item": grade.item,
        "kind": answer.item.kind,
        "attempt": answer.entry["attempt"],
        "percent": float(percent),
        "points": str(points),
        "graded_by": grade.grader,
        **({"comment": grade.comment} if grade.comment else {}),
    }
    if last == row:
        return False
    store_grade(ctx, answer, row, grade.by)
    session_of(ctx).flush()
    return True


def store_grade(ctx: Context, answer: GradedAnswer, row: Mapping[str, Any], by: str) -> None:
    """Store a grade as a row, and change the participant's points; the session isn't flushed."""
    record = _record(ctx, answer, row, by)
    key = keys.grade(record.participant_id, record.serial, record.item, len(answer.grades))
    ctx.uow.put_item(key, record.kind, record.to_fields())
    place = session_of(ctx).place(record.participant_id)
    _count_points(place, answer, [*answer.grades, record])


def check_grade(ctx: Context, grade: GivenGrade) -> None:
    """Raise the error that `grade_response` would raise; store nothing."""
    require_right(ctx, Right.GRADE)
    _share(grade, find_answer(ctx, grade).item)


def find_answer(ctx: Context, grade: GivenGrade) -> GradedAnswer:
    """Return the answer that a grade is for; NotFound, or RuleBroken when people don't grade its item."""
    found = [
        answer
        for answer in graded_answers(ctx, grade.participant_id)
        if answer.entry["item"] == grade.item
        and grade.serial in (None, answer.response.serial)
        and grade.attempt in (None, answer.entry["attempt"])
    ]
    item = study_of(ctx).items().get(grade.item)
    if item is not None and item.grading not in BY_PEOPLE:
        raise RuleBroken(
            f"The item {grade.item!r} is graded by {item.grading}; people grade items with "
            "grading='manual' or 'peer'."
        )
    if not found:
        raise NotFound(f"Participant {grade.participant_id} has no such answer to {grade.item!r}.")
    if len(found) > 1:
        raise BadRequest(
            f"Participant {grade.participant_id} has answered {grade.item!r} {len(found)} times; say which "
            "answer it is by the attempt and the serial of its page."
        )
    return found[0]


def answer_in(ctx: Context, response: StudyResponse, item: str) -> GradedAnswer:
    """Return the answer of a response to an item that people grade, with its grades."""
    pk, prefix = keys.grades(response.participant_id, response.serial, item)
    grades = [GradeRecord.from_item(stored) for stored in ctx.uow.items(pk, prefix)]
    entry = next(entry for entry in response.answers if entry["item"] == item)
    return GradedAnswer(response, entry, _item(ctx, response, item), grades)


def graded_answers(ctx: Context, participant_id: int) -> list[GradedAnswer]:
    """Return the answers of a participant that people grade, oldest first."""
    study = study_of(ctx)
    pk, prefix = keys.response(participant_id, 0)[0], keys.RESPONSES
    stored = [item for item in ctx.uow.items(pk, prefix) if item["kind"] == StudyResponse.kind]
    wanted = {name for name, item in study.items().items() if item.grading in BY_PEOPLE}
    if not any(entry["item"] in wanted for response in stored for entry in response.get("answers", ())):
        return []
    grades = [GradeRecord.from_item(item) for item in ctx.uow.items(pk, keys.GRADES)]
    found = []
    for response in map(StudyResponse.from_item, stored):
        for entry in response.answers:
            if entry["item"] in wanted and entry.get("answer") is not None:
                own = [one for one in grades if (one.serial, one.item) == (response.serial, entry["item"])]
                found.append(GradedAnswer(response, entry, _item(ctx, response, entry["item"]), own))
    return found


def _item(ctx: Context, response: StudyResponse, name: str) -> Item:
    """Return an item as its page has asked it: a draw gives its items points of its own."""
    study = study_of(ctx)
    item = study.items()[name]
    step = study.plan().find(parse_path(response.path))
    element = None if step is None else step.element
    if isinstance(element, Page) and element.drawing is not None and name in study.pool_of(element):
        return element.drawing.given_points(item)
    return item


def _share(grade: GivenGrade, item: Item) -> Decimal:
    """Return the grade as a share of the item's points; BadRequest when it isn't from 0 to all of them."""
    if (grade.points is None) == (grade.percent is None):
        raise BadRequest("Give a grade either in points or as a percentage.")
    if len(grade.comment) > MAX_COMMENT:
        raise BadRequest(f"The comment has more than {MAX_COMMENT:,} characters; shorten it.")
    most = Decimal(item.points)
    if grade.points is not None:
        if not grade.points.is_finite() or not 0 <= grade.points <= most:
            raise BadRequest(f"{grade.points} points are given; {item.name!r} has from 0 to {most} points.")
        return (grade.points / most).quantize(_FOUR_DECIMALS) if most else Decimal(0)
    percent = grade.percent
    if percent is None or not percent.is_finite() or not 0 <= percent <= 1:
        raise BadRequest(f"{percent} isn't a share from 0 to 1.")
    return percent


def _record(ctx: Context, answer: GradedAnswer, row: Mapping[str, Any], by: str) -> GradeRecord:
    response = answer.response
    return GradeRecord(
        participant_id=response.participant_id,
        serial=response.serial,
        item=row["item"],
        number=len(answer.grades),
        page=response.page,
        path=response.path,
        scope=response.scope,
        round=response.round,
        node_id=response.node_id,
        network_id=response.network_id,
        visit=response.visit,
        answered_at=iso(ctx.now),
        by=by,
        answers=[dict(row)],
    )


def _count_points(place: Place, answer: GradedAnswer, grades: Sequence[GradeRecord]) -> None:
    """Add what the grades of an answer change in the participant's total."""
    counter = f"{answer.response.scope}|{answer.item.name}"
    before = place.graded.get(counter, {})
    after = {**before, f"{answer.entry['attempt']:06d}": str(points_of(answer.item, grades))}
    place.graded[counter] = after
    rule = answer.item.count
    change = points_that_count(_in_order(after), rule) - points_that_count(_in_order(before), rule)
    place.points = str(Decimal(place.points) + change)


def _in_order(points: Mapping[str, str]) -> list[str]:
    return [points[attempt] for attempt in sorted(points)]


def points_of(item: Item, grades: Sequence[GradeRecord]) -> Decimal:
    """Return the points of an answer: by the last grader, or else the mean or median of its peers' grades."""
    rows = [one.answers[0] for one in grades if one.by == GRADER]
    if rows:
        return Decimal(rows[-1]["points"])
    latest = {one.answers[0]["graded_by"]: float(one.answers[0]["percent"]) for one in grades}
    combine = median if item.peers == "median" else fmean
    return trim(Decimal(str(combine(latest.values()))) * Decimal(item.points))


def trim(number: Decimal) -> Decimal:
    rounded = number.quantize(_FOUR_DECIMALS)
    return rounded.to_integral_value() if rounded == rounded.to_integral_value() else rounded.normalize()
