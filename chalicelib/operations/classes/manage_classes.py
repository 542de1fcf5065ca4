"""Creates classes, changes and archives them, and lists those that an actor teaches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.access.rules import Mode
from chalicelib.errors import InvalidState, NotFound
from chalicelib.model.record import iso
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.access import require_right
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.study_check import as_study
from chalicelib.study.classes.study_class import StudyClass

from .class_access import is_taught, taught_class
from .class_records import all_classes, create_class, give_code, members_of, store_class
from .class_settings import ClassSettings, fill_class

#: How many classes a run has at most: they are listed on one page.
MAX_CLASSES: Final = 500


@dataclass(frozen=True, slots=True)
class ClassRow:
    """A class, as its instructors see it."""

    id: int
    name: str
    join_code: str = field(metadata={"help": "With it people join, while the class is open."})
    join_address: str = field(metadata={"help": "The page on which people join with the code."})
    status: str = field(
        metadata={"help": "`open`, `closed`, `not_begun`, `over` or `archived`: whether people can join."}
    )
    instructors: list[str]
    starts: str
    ends: str
    time_zone: str
    fee: str = field(metadata={"help": 'What each member pays, in the run\'s currency; "" for nothing.'})
    is_open: bool
    asks_email: bool
    asks_student_number: bool
    created: str
    archived: str | None


@dataclass(frozen=True, slots=True)
class ClassWithCounts:
    """A class with the numbers of its members."""

    about: ClassRow
    members: int
    begun: int = field(metadata={"help": "How many members have begun with the study."})
    left: int
    unpaid: int = field(metadata={"help": "How many members haven't paid the fee."})


def list_classes(ctx: Context) -> list[ClassRow]:
    """Return the classes that the actor teaches, the newest first; all for an actor who manages the lab."""
    require_right(ctx, Right.GRADE)
    return [class_row(ctx, one) for one in reversed(all_classes(ctx)) if is_taught(ctx, one)]


def read_class_with_counts(ctx: Context, number: int) -> ClassWithCounts:
    """Return a class with the numbers of its members."""
    study_class = taught_class(ctx, number, Mode.READ)
    members = members_of(ctx, number)
    active = [one for one in members if one.is_active]
    return ClassWithCounts(
        class_row(ctx, study_class),
        len(active),
        sum(one.participant_id is not None for one in active),
        len(members) - len(active),
        sum(not one.fee_paid for one in active) if study_class.fee else 0,
    )


def open_class(ctx: Context, settings: ClassSettings) -> ClassRow:
    """Create a class of the study; the user who creates it is one of its instructors."""
    actor = require_right(ctx, Right.GRADE)
    if as_study(ctx.experiment) is None:
        raise NotFound("Only studies have classes, and this experiment isn't one.", code="not_a_study")
    if len(all_classes(ctx)) >= MAX_CLASSES:
        raise InvalidState(f"A run has {MAX_CLASSES} classes at most.", code="too_many_classes")
    study_class = StudyClass(0, "", "", created_by=actor.id)
    fill_class(ctx, study_class, settings)
    if not study_class.name:
        raise InvalidState("Give the class a name.", code="invalid_class_name")
    if actor.username is not None and actor.username not in study_class.instructors:
        study_class.instructors.append(actor.username)
    create_class(ctx, study_class)
    _record(ctx, "classes.create", study_class, study_class.to_fields())
    return class_row(ctx, study_class)


def change_class(ctx: Context, number: int, settings: ClassSettings) -> ClassRow:
    """Change what is set about a class; an archived class must be restored first."""
    study_class = taught_class(ctx, number)
    _require_unarchived(study_class)
    before = study_class.to_fields()
    fill_class(ctx, study_class, settings)
    _require_instructor(ctx, study_class)
    changed = {name: value for name, value in study_class.to_fields().items() if before.get(name) != value}
    store_class(ctx, study_class)
    _record(ctx, "classes.change", study_class, changed)
    return class_row(ctx, study_class)


def archive_class(ctx: Context, number: int, *, is_archived: bool) -> ClassRow:
    """Archive a class, which no one can join or begin then, or restore it; everything stays. Idempotent."""
    study_class = taught_class(ctx, number)
    if (study_class.archived is not None) != is_archived:
        study_class.archived = iso(ctx.now) if is_archived else None
        store_class(ctx, study_class)
        _record(ctx, "classes.archive", study_class, {"archived": is_archived})
    return class_row(ctx, study_class)


def renew_join_code(ctx: Context, number: int) -> ClassRow:
    """Give a class another join code; the earlier one joins no class any more."""
    study_class = taught_class(ctx, number)
    _require_unarchived(study_class)
    give_code(ctx, study_class)
    store_class(ctx, study_class)
    _record(ctx, "classes.renew-code", study_class, {})
    return class_row(ctx, study_class)


def class_row(ctx: Context, one: StudyClass) -> ClassRow:
    """Return a class as its instructors see it."""
    site = ctx.recruiters.entry_address("link", "class", "join").partition("?")[0]
    return ClassRow(
        one.number,
        one.name,
        one.join_code,
        f"{site}/class?code={one.join_code}",
        one.status(ctx.now),
        one.instructors,
        one.starts,
        one.ends,
        one.time_zone,
        one.fee,
        one.is_open,
        one.asks_email,
        one.asks_student_number,
        one.created,
        one.archived,
    )


def _require_unarchived(study_class: StudyClass) -> None:
    if study_class.archived is not None:
        raise InvalidState("This class is archived. Restore it first.", code="class_archived")


def _require_instructor(ctx: Context, study_class: StudyClass) -> None:
    """Refuse a change after which the actor wouldn't see the class any more."""
    if not is_taught(ctx, study_class, Mode.UPDATE):
        raise InvalidState(
            "You can't remove yourself from the instructors: you wouldn't see the class any more. Ask "
            "another instructor to do it.",
            code="last_instructor",
        )


def _record(ctx: Context, operation: str, study_class: StudyClass, fields: dict[str, Any]) -> None:
    # The code lets people in: it isn't kept in the log.
    kept = {name: value for name, value in fields.items() if name not in ("join_code", "number")}
    record_change(ctx, operation, records=[("classes", str(study_class.number))], fields=kept)
