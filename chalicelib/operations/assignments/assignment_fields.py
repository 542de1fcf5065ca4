"""Checks what an instructor sets about an assignment: its name, its parts, its moments and its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Final

from chalicelib.errors import InvalidField
from chalicelib.immutable import immutable
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.study_context import study_of
from chalicelib.study.assignments.assignment_records import (
    ENTRY_KINDS,
    GRADINGS_OF_ASSIGNMENTS,
    ITEM,
    ClassAssignment,
)
from chalicelib.study.assignments.grade_computation import shown
from chalicelib.study.assignments.member_work import pages_of_study
from chalicelib.study.classes.study_class import StudyClass
from chalicelib.study.items.grading import COUNTS

#: How many parts an assignment has at most, how many assignments a class, and how long texts are.
MAX_PARTS: Final = 200
#: The years in which a moment can be: clocks and time zones can be computed with all of them.
YEARS: Final = range(2000, 2200)
MAX_ASSIGNMENTS: Final = 200
MAX_NAME: Final = 120
MAX_REASON: Final = 500
MAX_POINTS: Final = Decimal(100_000)
MAX_MINUTES: Final = 60 * 24 * 7
MAX_FACTOR: Final = Decimal(10)
_HUNDRED: Final = 100


@immutable(kw_only=True)
class AssignmentFields:
    """What an instructor sets about an assignment; moments are local times of the class: 2026-11-30T18:00."""

    name: str
    #: Lines such as `item capital 10` or `page intro 5`: the kind, the name, and the points.
    parts: Sequence[str]
    due: str = ""
    enforced: bool = False
    visible_from: str = ""
    minutes: int | None = None
    pause: bool = True
    feedback: bool = True
    threshold: int | None = None
    counts: str = "best"
    grading: str = "rule"
    weight: str = "1"


def fields_of_assignment(assignment: ClassAssignment) -> AssignmentFields:
    """Return what an instructor has set about an assignment."""
    return AssignmentFields(
        name=assignment.name,
        parts=[" ".join(part) for part in assignment.parts],
        due=assignment.due or "",
        enforced=assignment.enforced,
        visible_from=assignment.visible_from or "",
        minutes=None if assignment.minutes is None else int(assignment.minutes),
        pause=assignment.pause,
        feedback=assignment.feedback,
        threshold=assignment.threshold,
        counts=assignment.counts,
        grading=assignment.grading,
        weight=assignment.weight,
    )


def fill_assignment(
    ctx: Context, study_class: StudyClass, assignment: ClassAssignment, fields: AssignmentFields
) -> None:
    """Take over checked fields; InvalidField says what isn't valid, and nothing is taken over."""
    _check_choices_and_numbers(fields)
    due, visible_from = _checked_moments(fields, study_class.zone)
    is_same = list(fields.parts) == [" ".join(part) for part in assignment.parts]
    # Parts that aren't changed stay, even when the study has lost one of them.
    parts = assignment.parts if is_same and fields.parts else checked_parts(ctx, fields.parts)
    weight = shown(checked_number(fields.weight or "1", MAX_POINTS, "weight"))
    assignment.name, assignment.parts, assignment.weight = _checked_name(fields.name), parts, weight
    assignment.due, assignment.enforced, assignment.visible_from = due, fields.enforced, visible_from
    assignment.minutes = None if fields.minutes is None else float(fields.minutes)
    assignment.pause, assignment.feedback = fields.pause, fields.feedback
    assignment.threshold, assignment.counts = fields.threshold, fields.counts
    assignment.grading = fields.grading


def _checked_name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > MAX_NAME:
        raise InvalidField("name", f"must have from 1 to {MAX_NAME} characters")
    return name


def _check_choices_and_numbers(fields: AssignmentFields) -> None:
    for field, value, choices in (
        ("counts", fields.counts, COUNTS),
        ("grading", fields.grading, GRADINGS_OF_ASSIGNMENTS),
    ):
        if value not in choices:
            raise InvalidField(field, f"must be one of {', '.join(choices)}")
    if fields.minutes is not None and not 0 < fields.minutes <= MAX_MINUTES:
        raise InvalidField("minutes", f"must be from 1 to {MAX_MINUTES:,}")
    if fields.threshold is not None and not 0 < fields.threshold <= _HUNDRED:
        raise InvalidField("threshold", "must be a percentage from 1 to 100")


def _checked_moments(fields: AssignmentFields, zone: tzinfo) -> tuple[str | None, str | None]:
    """Return the due date and the first day."""
    due = local_moment(fields.due, zone, "due")
    visible_from = local_moment(fields.visible_from, zone, "visible_from")
    if fields.enforced and due is None:
        raise InvalidField("due", "is missing: without a due date there is nothing to enforce")
    if due is not None and visible_from is not None and due <= visible_from:
        raise InvalidField("visible_from", "must be before the due date")
    return due, visible_from


def checked_parts(ctx: Context, lines: Sequence[str]) -> list[list[str]]:
    """Return the parts of an assignment, each with its kind, its name and its points.

    InvalidField for a line that doesn't name an item or a page of the study, or names one twice.
    """
    study = study_of(ctx)
    refs = [ref for ref, _ in pages_of_study(study)]
    parts: list[list[str]] = []
    for line in filter(None, (one.strip() for one in lines)):
        kind, _, rest = line.partition(" ")
        name, _, points = rest.strip().rpartition(" ")
        if kind not in ENTRY_KINDS or not name:
            raise InvalidField(
                "parts",
                f"has the line {line!r}. Write `item`, the name of an item and its points, or `page`, the "
                "name of a page and its points: item capital 10",
            )
        is_known = name in study.items() if kind == ITEM else any(ref.is_called(name) for ref in refs)
        if not is_known:
            raise InvalidField("parts", f"names the {kind} {name!r}, which the study doesn't have")
        if any(one[:2] == [kind, name] for one in parts):
            raise InvalidField("parts", f"lists the {kind} {name!r} twice")
        parts.append([kind, name, shown(checked_number(points, MAX_POINTS, "parts", f" for {name!r}"))])
    if not parts:
        raise InvalidField("parts", "must list at least one item or page")
    if len(parts) > MAX_PARTS:
        raise InvalidField("parts", f"must list at most {MAX_PARTS} items and pages")
    return parts


def local_moment(text: str, zone: tzinfo, field: str) -> str | None:
    """Return a local time of the class as a moment in UTC, as stored; None for an empty text.

    A time that occurs twice, as clocks are set back, is the first of both; with an offset from UTC, as in
    `2026-10-25T02:30+01:00`, it is the other.

    InvalidField for a text that isn't a time, and for one that the clocks skip.
    """
    if not text.strip():
        return None
    try:
        local = datetime.fromisoformat(text.strip())
        moment = local.replace(tzinfo=local.tzinfo or zone).astimezone(UTC)
        back = moment.astimezone(zone).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise InvalidField(field, "must be a date and a time such as 2026-11-30 18:00") from None
    if local.year not in YEARS:
        raise InvalidField(field, f"must be in the years {YEARS.start} to {YEARS.stop - 1}")
    if local.tzinfo is None and back != local:
        raise InvalidField(field, "doesn't exist: the clocks of the class skip it. Choose another time")
    return iso(moment)


def checked_factor(text: str) -> str:
    """Return the factor for minutes as stored: 1 for an empty text. InvalidField for less than 1."""
    factor = checked_number(text or "1", MAX_FACTOR, "factor")
    if factor < 1:
        raise InvalidField("factor", "must be 1 or more, such as 1.5")
    return shown(factor)


def checked_number(text: str, most: Decimal, field: str, about: str = "") -> Decimal:
    """Return a number from 0 to `most`; InvalidField for any other text. `about`: what it counts."""
    try:
        number = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or not 0 <= number <= most:
        raise InvalidField(field, f"must have a number from 0 to {most:,}{about}")
    return number.quantize(Decimal("0.01"))
