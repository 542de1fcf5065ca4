"""Shows a member of a class their assignments: due dates, and the grades that are released, with comments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Final

from markupsafe import Markup

from chalicelib.errors import NotFound
from chalicelib.immutable import immutable
from chalicelib.operations.classes.class_records import membership_of, read_class
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.study_context import own_place, session_of, study_of
from chalicelib.study.assignments import assignment_texts as texts
from chalicelib.study.assignments.assignment_records import ITEM, ClassAssignment
from chalicelib.study.assignments.grade_computation import (
    AssignmentGrade,
    EntryGrade,
    grade_assignment,
    shown,
)
from chalicelib.study.assignments.member_work import MemberAssignment
from chalicelib.study.translation import translate

from .assignment_store import points_given
from .grade_reading import answers_of, attempts_at

_CARD: Final = Markup('<section class="assignment"><h2>{}</h2>{}</section>')
_LINE: Final = Markup("<p>{}</p>")
_COMMENT: Final = Markup('<p class="comment">{}</p>')
_GRADE: Final = Markup("<p><strong>{}</strong>{}</p>")
_ROW: Final = Markup("<li>{}: {}{}</li>")
_ROWS: Final = Markup("<ul>{}</ul>")


@immutable()
class OwnClass:
    """What a member sees of their class, as HTML in the study's language."""

    title: str
    heading: str
    html: str


def own_class(ctx: Context) -> OwnClass:
    """Return the calling participant's class; NotFound for a participant who isn't a member of one."""
    participant, place = own_place(ctx)
    member = membership_of(ctx, participant.id)
    if member is None or place is None or not member.is_active:
        raise NotFound("This participant isn't a member of a class.", code="no_class")
    study_class = read_class(ctx, member.class_number)
    works = [one for one in session_of(ctx).work_of(place) if one.terms.is_visible(ctx.now)]
    language = study_of(ctx).language
    body = _assignments(ctx, participant.id, member.seat, works, study_class.zone, study_class.time_zone)
    return OwnClass(translate(texts.MY_CLASS, language), study_class.name, str(body))


def _assignments(
    ctx: Context,
    participant_id: int,
    seat: str,
    works: Sequence[MemberAssignment],
    zone: tzinfo,
    zone_name: str,
) -> Markup:
    language = study_of(ctx).language
    if not works:
        return _LINE.format(translate(texts.NO_ASSIGNMENTS, language))
    has_grades = any(one.assignment.released_at is not None for one in works)
    answers = answers_of(ctx, participant_id) if has_grades else None
    class_number = works[0].assignment.class_number
    points = points_given(ctx, class_number, [seat]) if has_grades else {}
    cards = []
    for one in works:
        lines = [_LINE.format(line) for line in _terms(one, zone, zone_name, language)]
        if answers is None or one.assignment.released_at is None:
            lines.append(_LINE.format(translate(texts.NOT_RELEASED, language)))
        else:
            given = points.get((one.assignment.number, seat), {})
            attempts = attempts_at(ctx, one.assignment, answers)
            grade = grade_assignment(one.assignment, attempts, one.terms, given)
            lines.append(_released(ctx, one.assignment, grade, language))
        cards.append(_CARD.format(one.assignment.name, Markup("").join(lines)))
    return Markup("\n").join(cards)


def _terms(work: MemberAssignment, zone: tzinfo, zone_name: str, language: str) -> list[str]:
    """Return when an assignment is due, in the class's time zone, and how much time there is."""
    terms = work.terms
    lines = [translate(texts.NO_DUE_DATE, language)]
    if terms.due is not None:
        text = texts.DUE_ENFORCED if terms.is_enforced else texts.DUE
        lines = [translate(text, language).format(moment=_moment(terms.due, zone, zone_name))]
    if terms.seconds is not None:
        minutes = shown(Decimal(str(terms.seconds / 60)))
        lines.append(translate(texts.MINUTES, language).format(minutes=minutes))
    return lines


def _moment(moment: datetime, zone: tzinfo, zone_name: str) -> str:
    local = moment.astimezone(zone)
    # An hour that occurs twice, as clocks are set back, is shown with its offset from UTC.
    is_ambiguous = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    offset = f", UTC{local.isoformat()[-6:]}" if is_ambiguous else ""
    return f"{local:%Y-%m-%d %H:%M} ({zone_name}{offset})"


def _released(ctx: Context, assignment: ClassAssignment, grade: AssignmentGrade, language: str) -> Markup:
    marks = [(grade.is_late, texts.LATE), (grade.is_done, texts.DONE)]
    more = "".join(f" · {translate(text, language)}" for holds, text in marks if holds)
    parts = [_GRADE.format(_points(grade.points, grade.possible, language), more)]
    if grade.comment:
        parts.append(_COMMENT.format(grade.comment))
    if len(assignment.parts) > 1 or any(one.comment for one in grade.entries):
        rows = [_entry(ctx, one, language) for one in grade.entries]
        parts.append(_ROWS.format(Markup("").join(rows)))
    return Markup("").join(parts)


def _entry(ctx: Context, one: EntryGrade, language: str) -> Markup:
    comment = _COMMENT.format(one.comment) if one.comment else Markup("")
    return _ROW.format(
        _label(ctx, one.entry.kind, one.entry.name), _points(one.points, one.entry.points, language), comment
    )


def _label(ctx: Context, kind: str, name: str) -> str:
    item = study_of(ctx).items().get(name) if kind == ITEM else None
    return name if item is None else str(item.prompt) or name


def _points(points: Decimal | None, possible: Decimal, language: str) -> str:
    if points is None:
        return translate(texts.NO_GRADE, language)
    return translate(texts.POINTS_OF, language).format(points=shown(points), possible=shown(possible))
