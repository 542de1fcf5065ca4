"""Applies the rules for rows: to what is read, to lists, and to each row that a change touches."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from chalicelib.access.rights import Actor, Right
from chalicelib.access.rules import (
    AllOf,
    AnyOf,
    Mode,
    Nobody,
    Public,
    RelatedAccessible,
    RelatedRows,
    Restricted,
    Row,
    Rule,
)
from chalicelib.access.tables import rules_of
from chalicelib.errors import BadRequest, Forbidden, NotFound
from chalicelib.model import keys
from chalicelib.model.info import Info
from chalicelib.model.network import Network
from chalicelib.model.node import Node
from chalicelib.model.participant import Participant
from chalicelib.model.record import Record, to_json_value
from chalicelib.ports.store import TouchedRow

from .access import MAX_ID, require_actor
from .context import Context

AnyRow = TypeVar("AnyRow", bound=Record | Mapping[str, Any])

#: The classes of the records that can be read by their id alone.
_CLASSES: Mapping[str, type[Record]] = {
    "participant": Participant,
    "network": Network,
    "node": Node,
    "info": Info,
}

#: Kinds of rows that an operation touches only when they are what it is about.
_ALWAYS_NAMED: Final = frozenset({"note", "dead_letter", "run_message"})


def get(ctx: Context, kind: str, ids: int | Sequence[int], mode: Mode = Mode.READ) -> list[Record]:
    """Return the records with some ids, in their order.

    Unauthorized or Forbidden before any is read, and NotFound when one doesn't exist or may not be seen.
    """
    actor = require_mode(ctx, kind, mode)
    wanted = [ids] if isinstance(ids, int) else list(ids)
    found = [_load(ctx, kind, id_) for id_ in wanted]
    for id_, record in zip(wanted, found, strict=True):
        if not is_accessible_by(ctx, kind, record, actor, Mode.READ):
            raise _missing(kind, id_)
        if not is_accessible_by(ctx, kind, record, actor, mode):
            raise Forbidden(f"You may not {mode.value} {kind} {id_}.", code="row_protected")
    return found


def get_all(
    ctx: Context, kind: str, rows: Iterable[AnyRow], *, columns: Collection[str] | None = None
) -> list[dict[str, Any]]:
    """Return those of some rows that the actor may read, as dictionaries of the columns.

    Forbidden for a column that the actor may not see.
    """
    if columns is not None:
        require_columns(ctx, kind, columns)
    return [to_dict(ctx, kind, row, columns=columns) for row in accessible(ctx, kind, rows)]


def create_or_get(ctx: Context, kind: str, found: AnyRow | None, fields: Mapping[str, Any]) -> AnyRow | None:
    """Return a row that exists, if the actor may read it; None when they may create one from the fields.

    NotFound for a row that may not be seen, and Forbidden when the actor may not create one.
    """
    if found is None:
        require_touched(ctx, kind, Mode.CREATE, [fields])
        return None
    if not is_accessible_by(ctx, kind, found, require_actor(ctx), Mode.READ):
        raise _missing(kind, row_of(found).get("id", ""))
    return found


def accessible(ctx: Context, kind: str, rows: Iterable[AnyRow], mode: Mode = Mode.READ) -> list[AnyRow]:
    """Return those of some rows that the actor may access; Forbidden when there can be none."""
    actor = require_mode(ctx, kind, mode)
    return [row for row in rows if is_accessible_by(ctx, kind, row, actor, mode)]


def is_accessible_by(
    ctx: Context, kind: str, row: Record | Mapping[str, Any], actor: Actor | None, mode: Mode = Mode.READ
) -> bool:
    """Whether an actor may access a row."""
    return rules_of(kind).rule(mode).allows(actor, row_of(row), _Related(ctx))


def require_mode(ctx: Context, kind: str, mode: Mode) -> Actor:
    """Return the actor, if there can be rows of the type that they may access; Forbidden otherwise."""
    actor = require_actor(ctx)
    rule = rules_of(kind).rule(mode)
    if not rule.may_allow(actor):
        raise Forbidden(f"You may not {mode.value} a {kind}: {rule.text()} may.", code="row_protected")
    return actor


def require_touched(
    ctx: Context,
    kind: str,
    mode: Mode,
    rows: Sequence[Record | Mapping[str, Any]],
    *,
    fields: Collection[str] = (),
) -> Actor:
    """Check every row that a change touches, and the fields that it sets, before the commit.

    One row that the actor may not change refuses the whole change: Forbidden, or NotFound for a row that
    may not be seen either. Rows that an author's hook touches fall under the right of the operation.
    """
    actor = require_mode(ctx, kind, mode)
    fixed = sorted(rules_of(kind).fixed & set(fields)) if mode is Mode.UPDATE else []
    if fixed:
        raise Forbidden(f"{', '.join(fixed)} of a {kind} can't be changed.", code="row_protected")
    for row in rows:
        if is_accessible_by(ctx, kind, row, actor, mode):
            continue
        id_ = row_of(row).get("id", "")
        if mode is not Mode.CREATE and not is_accessible_by(ctx, kind, row, actor, Mode.READ):
            raise _missing(kind, id_)
        raise Forbidden(
            f"You may not {mode.value} this {kind}: {rules_of(kind).rule(mode).text()} may.",
            code="row_protected",
        )
    return actor


def require_touched_rows(
    ctx: Context, named: Collection[tuple[str, str]], by_petri: Collection[str] = frozenset()
) -> None:
    """Check every row that this unit of work has touched by now; one forbidden row refuses the whole change.

    Other rows than those that the operation names, such as those that an author's hook touches, fall under
    the right of the operation: they may be created, and their rules are those for an actor with all rights.

    Args:
        ctx: The context of the operation, which has run.
        named: The records that the operation is about, as (kind, id).
        by_petri: Kinds of records that only Petri's own code changes in this operation.

    """
    actor = require_actor(ctx)
    for row in ctx.uow.touched_rows():
        is_named = row.kind in _ALWAYS_NAMED or (row.kind, row.id) in named
        if is_named or not (row.mode is Mode.CREATE or row.kind in by_petri):
            _require_row(ctx, row, actor if is_named else replace(actor, rights=frozenset(Right)))


def _require_row(ctx: Context, row: TouchedRow, actor: Actor) -> None:
    rules = rules_of(row.kind)
    fixed = sorted(rules.fixed) if row.mode is Mode.UPDATE else []
    changed = [name for name in fixed if row.before.get(name) != row.after.get(name)]
    if changed:
        raise Forbidden(f"{', '.join(changed)} of a {row.kind} can't be changed.", code="row_protected")
    fields = row.after if row.mode is Mode.CREATE else row.before
    if rules.rule(row.mode).allows(actor, fields, _Related(ctx)):
        return
    if row.mode is not Mode.CREATE and not rules.read.allows(actor, fields, _Related(ctx)):
        raise _missing(row.kind, row.id)
    raise Forbidden(
        f"You may not {row.mode.value} {row.kind} {row.id}: {rules.rule(row.mode).text()} may. Nothing was "
        "changed.",
        code="row_protected",
    )


def verdict_without_row(kind: str, mode: Mode, actor: Actor) -> bool | None:
    """Return what the rule of a type says about all rows alike; None when it depends on the row."""
    return _verdict(rules_of(kind).rule(mode), actor)


def _verdict(rule: Rule, actor: Actor) -> bool | None:
    if isinstance(rule, AllOf | AnyOf):
        verdicts = {_verdict(each, actor) for each in rule.rules}
        decisive = isinstance(rule, AnyOf)
        if decisive in verdicts:
            return decisive
        return None if None in verdicts else not decisive
    if isinstance(rule, RelatedAccessible):
        # A row that refers to none is open, so a refusal depends on the row.
        return True if verdict_without_row(rule.kind, rule.mode, actor) else None
    return rule.may_allow(actor) if isinstance(rule, Public | Nobody | Restricted) else None


def hidden_fields(ctx: Context, kind: str) -> frozenset[str]:
    """Return the fields of a type of record that the actor may not see."""
    rules = rules_of(kind)
    return rules.unreadable | rules.personal.hidden_from(require_actor(ctx))


def require_columns(ctx: Context, kind: str, columns: Collection[str]) -> None:
    """Refuse columns, filters and sort orders that would tell what hidden fields contain."""
    unseen = sorted(hidden_fields(ctx, kind) & set(columns))
    if unseen:
        raise Forbidden(
            f"You may not see, filter or sort by {', '.join(unseen)} of a {kind}.", code="field_protected"
        )


def to_dict(
    ctx: Context, kind: str, row: Record | Mapping[str, Any], *, columns: Collection[str] | None = None
) -> dict[str, Any]:
    """Return a row's fields without those that the actor may not see."""
    hidden = hidden_fields(ctx, kind)
    fields = row_of(row)
    if columns is not None and (unknown := sorted(set(columns) - set(fields) - hidden)):
        raise BadRequest(f"A {kind} has no field {', '.join(unknown)}.", code="unknown_field")
    return {
        name: to_json_value(value)
        for name, value in fields.items()
        if name not in hidden and (columns is None or name in columns)
    }


def row_of(row: Record | Mapping[str, Any]) -> Row:
    """Return a row's fields as rules see them."""
    if not isinstance(row, Record):
        return row
    names = dict.fromkeys(("id", "creation_time", *row.own_fields, *row.kept_fields))
    return {name: getattr(row, name, None) for name in names}


class _Related(RelatedRows):
    """Reads related rows in the unit of work."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    def is_accessible(self, actor: Actor, kind: str, id_: Any, mode: Mode) -> bool:
        """Whether the actor may access a related row; False for one that isn't there."""
        try:
            row = _load_related(self._ctx, kind, id_)
        except NotFound:
            return False
        return is_accessible_by(self._ctx, kind, row, actor, mode)


def _load_related(ctx: Context, kind: str, id_: Any) -> Record | Mapping[str, Any]:
    """Return the row to which another refers: a record, or a class, which is stored as an item."""
    if kind != "class":
        return _load(ctx, kind, id_)
    item = ctx.uow.item(keys.study_class(id_))
    if item is None:
        raise _missing(kind, id_)
    return item


def _load(ctx: Context, kind: str, id_: int) -> Record:
    if kind not in _CLASSES:
        raise BadRequest(f"A {kind} can't be read by its id alone.")
    if not 0 < id_ < MAX_ID:
        raise _missing(kind, id_)
    found: Record = getattr(ctx.uow, kind)(id_)
    return found


def _missing(kind: str, id_: Any) -> NotFound:
    return NotFound(f"There is no {kind} {id_}.", code=f"{kind}_not_found")
