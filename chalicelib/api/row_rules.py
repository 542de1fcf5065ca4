"""Applies the rules for rows to an operation: to the rows of its answer, and to those that it has touched."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final, TypeVar

from chalicelib.access.rights import Actor
from chalicelib.access.rules import Mode
from chalicelib.errors import NotFound
from chalicelib.operations.listings.listed_types import RECORD_TYPES
from chalicelib.operations.management.exports.export_jobs import ExportRow
from chalicelib.operations.management.notes import NoteRow
from chalicelib.operations.management.oversight.audit_log import AuditRow
from chalicelib.operations.management.oversight.settings_of_run import SecretRow
from chalicelib.operations.management.participant_actions import ParticipantDetail
from chalicelib.operations.management.participant_timeline import ParticipantTimeline
from chalicelib.operations.management.run_state.managed_dead_letters import DeadLetterRow
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.row_access import (
    is_accessible_by,
    require_mode,
    require_touched_rows,
    verdict_without_row,
)
from chalicelib.operations.study_library.entry_rows import EntryRow

from .api_operation import AnyOperation
from .value_types import DataclassType, ListType, ObjectType, OptionalType, ValueType, fields_of

Answer = TypeVar("Answer")

#: The type of record that a row of an answer shows.
KIND_OF_ROW: Final[Mapping[type[Any], str]] = MappingProxyType(
    {
        **{each.row: each.name for each in RECORD_TYPES.values()},
        AuditRow: "audit_entry",
        DeadLetterRow: "dead_letter",
        ExportRow: "export",
        NoteRow: "note",
        ParticipantDetail: "participant",
        ParticipantTimeline: "participant",
        SecretRow: "config_secret",
        EntryRow: "library_entry",
    }
)
#: The type of record at the addresses of a resource.
KIND_OF_RESOURCE: Final[Mapping[str, str]] = MappingProxyType(
    {f"{name}s": name for name in RECORD_TYPES}
    | {"dead-letters": "dead_letter", "jobs": "job_run"}
    | {"messages": "run_message", "exports": "export"}
    | {"classes": "class", "class-members": "class_member", "library": "library_entry"}
)


def require_readable_kinds(ctx: Context, operation: AnyOperation) -> None:
    """Refuse, before anything is read, an actor who may read no row of a type that the answer contains."""
    for kind in sorted(kinds_of(operation.answer)):
        require_mode(ctx, kind, Mode.READ)


def require_allowed_changes(ctx: Context, operation: AnyOperation, parameters: Any) -> None:
    """Check each row that the operation has touched, with the author's hooks that it has called."""
    about = operation.touched(parameters)
    named = {(KIND_OF_RESOURCE.get(resource, resource), id_) for resource, id_ in about}
    require_touched_rows(ctx, named, operation.changed_by_petri)


def readable_rows(ctx: Context, actor: Actor, annotation: type[Answer], answer: Answer) -> Answer:
    """Return an answer without the rows that the actor may not see; NotFound if it is about such a row."""
    if all(verdict_without_row(kind, Mode.READ, actor) for kind in kinds_of(annotation)):
        return answer
    if not _may_read(ctx, actor, annotation, answer):
        raise NotFound("There is no such record.", code="record_not_found")
    changed = {
        each.name: _readable(ctx, actor, each.type, getattr(answer, each.name))
        for each in fields_of(annotation)
    }
    return dataclasses.replace(answer, **changed)  # type: ignore[type-var]


def kinds_of(annotation: Any) -> frozenset[str]:
    """Return the types of records whose rows an answer contains, at any depth."""
    return _kinds_of(annotation)


@cache
def _kinds_of(annotation: Hashable) -> frozenset[str]:
    kind = KIND_OF_ROW.get(annotation)  # type: ignore[call-overload]  # a generic class isn't a type
    own = set() if kind is None else {kind}
    inner = (kinds_of(cls) for each in fields_of(annotation) for cls in _dataclasses_in(each.type))
    return frozenset(own.union(*inner))


def _dataclasses_in(kind: ValueType) -> Iterator[Any]:
    if isinstance(kind, DataclassType):
        yield kind.cls
    elif isinstance(kind, ListType):
        yield from _dataclasses_in(kind.entry)
    elif isinstance(kind, OptionalType | ObjectType) and isinstance(kind.value, ValueType):
        yield from _dataclasses_in(kind.value)


def _may_read(ctx: Context, actor: Actor, annotation: Any, row: Any) -> bool:
    kind = KIND_OF_ROW.get(annotation)
    if kind is None:
        return True
    fields = {each.name: getattr(row, each.name) for each in fields_of(annotation)}
    return is_accessible_by(ctx, kind, fields, actor)


def _readable(ctx: Context, actor: Actor, kind: ValueType, value: Any) -> Any:
    if value is None or not any(map(kinds_of, _dataclasses_in(kind))):
        return value
    if isinstance(kind, OptionalType):
        return _readable(ctx, actor, kind.value, value)
    if isinstance(kind, ListType) and isinstance(kind.entry, DataclassType):
        cls = kind.entry.cls
        return [readable_rows(ctx, actor, cls, row) for row in value if _may_read(ctx, actor, cls, row)]
    if isinstance(kind, ObjectType) and isinstance(kind.value, DataclassType):
        return {name: _readable(ctx, actor, kind.value, row) for name, row in value.items()}
    return readable_rows(ctx, actor, kind.cls, value) if isinstance(kind, DataclassType) else value
