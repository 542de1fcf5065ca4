"""Lists the audit log page by page, newest first, and verifies it, for people."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile
from typing import Any, Final

from chalicelib.errors import BadRequest
from chalicelib.model import keys
from chalicelib.model.record import moment
from chalicelib.operations.audit.entries import AuditEntry, ChainHead
from chalicelib.operations.audit.seals import audited_actors
from chalicelib.operations.audit.verification import verify
from chalicelib.operations.listings.listing import MOST_LOOKED_AT, Listing, require_limit
from chalicelib.operations.shared.access import require_actor
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.row_access import is_accessible_by
from chalicelib.ports import SealStore

KIND: Final = "audit_entry"
#: How many entries of a chain are read at once.
_BATCH: Final = 50
#: A cursor has the number of the next entry of each chain: `operator=12,user:ada=3`.
_CURSOR: Final = re.compile(r"([^=,]{1,200}=[0-9]{1,12}(,|$))+")


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One change by one actor."""

    actor: str
    number: int
    at: datetime
    operation: str
    records: list[str] = field(metadata={"help": "What it touched, such as `payments/12-base`."})
    record_count: int = field(metadata={"help": "More than are named for a large bulk action."})
    fields: list[str] = field(metadata={"help": "The names of the fields that were set."})
    values: dict[str, Any] | None = field(
        metadata={"personal": True, "help": "The values that were set; null if they were erased."}
    )
    address: str | None = field(
        metadata={"personal": True, "help": "The network address; erased with the values."}
    )
    is_erased: bool = field(metadata={"help": "Whether the values were erased on purpose."})
    request_id: str
    hash: str


@dataclass(frozen=True, slots=True)
class FoundProblem:
    """One thing that doesn't fit together: with an entry, or with a seal when the actor is empty."""

    actor: str
    number: int
    problem: str
    detail: str


@dataclass(frozen=True, slots=True)
class AuditVerification:
    """What a verification has read and found."""

    chains: int
    entries: int
    erased: int = field(metadata={"help": "Entries whose values were erased on purpose."})
    seals: int
    sealed: datetime | None = field(
        metadata={"help": "The newest seal. If later entries were cut off at the end, nothing shows it."}
    )
    findings: list[FoundProblem]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries to list; "" matches all."""

    actor: str = ""
    #: The name of an operation, or its beginning: `payments.`
    operation: str = ""
    #: Dates or times in UTC, both included: `2026-03-01`.
    since: str = ""
    until: str = ""

    def is_in_time(self, entry: AuditEntry) -> bool:
        """Whether an entry isn't too old; older ones of its chain needn't be read."""
        return entry.at[: len(self.since)] >= self.since

    def matches(self, entry: AuditEntry) -> bool:
        """Whether an entry is wanted."""
        is_early = not self.until or entry.at[: len(self.until)] <= self.until
        return is_early and entry.operation.startswith(self.operation)


def audit_rows(ctx: Context, wanted: AuditFilter, *, after: str | None, limit: int) -> Listing[AuditRow]:
    """Return the newest entries that the actor may see and the filter matches.

    The chains are merged by time. At most 2,000 entries are looked at in one call; `after` is the cursor of
    the page before, which entries that were added since don't change.
    """
    require_limit(limit)
    positions = _positions(ctx, wanted.actor, after)
    chains = [takewhile(wanted.is_in_time, _entries(ctx, actor, positions)) for actor in sorted(positions)]
    rows: list[AuditEntry] = []
    looked_at, is_partial = 0, False
    for entry in heapq.merge(*chains, key=lambda one: (one.at, one.actor), reverse=True):
        if len(rows) == limit or looked_at == MOST_LOOKED_AT:
            is_partial = len(rows) < limit
            return Listing(_rows(ctx, rows), _cursor(positions), looked_at, is_partial=is_partial)
        looked_at += 1
        positions[entry.actor] = entry.number - 1
        if wanted.matches(entry):
            rows.append(entry)
    return Listing(_rows(ctx, rows), None, looked_at, is_partial=False)


def verification(ctx: Context, seals: SealStore) -> AuditVerification:
    """Read all chains and all seals, and report what doesn't fit together."""
    report = verify(ctx, seals)
    return AuditVerification(
        chains=report.chains,
        entries=report.entries,
        erased=report.erased,
        seals=report.seals,
        sealed=moment(report.sealed_at or None),
        findings=[
            FoundProblem(each.actor, each.number, each.problem.value, each.detail) for each in report.findings
        ],
    )


def visible_actors(ctx: Context) -> list[str]:
    """Return the actors whose entries the calling actor may see."""
    actor = require_actor(ctx)
    return [each for each in audited_actors(ctx) if is_accessible_by(ctx, KIND, {"actor": each}, actor)]


def _positions(ctx: Context, only: str, after: str | None) -> dict[str, int]:
    """Return the number of the next entry of each chain; a chain that is read to its end has 0."""
    actors = [each for each in visible_actors(ctx) if only in ("", each)]
    if after is not None:
        found = _read_cursor(after)
        return {actor: found[actor] for actor in actors if actor in found}
    ctx.uow.prefetch(more=[keys.audit_head(actor) for actor in actors])
    return {actor: ChainHead.from_item(ctx.uow.item(keys.audit_head(actor))).number for actor in actors}


def _entries(ctx: Context, actor: str, positions: Mapping[str, int]) -> Iterator[AuditEntry]:
    """Yield the entries of a chain from its position on, newest first, as far as they are stored."""
    position = positions[actor]
    while position > 0:
        before = keys.audit_entry(actor, position + 1)[1]
        page = ctx.uow.page(keys.audit_chain(actor), after=before, limit=_BATCH, newest_first=True)
        for item in page.items:
            entry = AuditEntry.from_item(item)
            position = entry.number - 1
            yield entry
        if page.after is None:
            return


def _rows(ctx: Context, entries: list[AuditEntry]) -> list[AuditRow]:
    places = [keys.audit_values(entry.actor, entry.number) for entry in entries]
    ctx.uow.prefetch(more=places)
    return [_row(entry, ctx.uow.item(place)) for entry, place in zip(entries, places, strict=True)]


def _row(entry: AuditEntry, beside: Mapping[str, Any] | None) -> AuditRow:
    values: Mapping[str, Any] = {} if beside is None else beside["values"]
    return AuditRow(
        actor=entry.actor,
        number=entry.number,
        at=datetime.fromisoformat(entry.at),
        operation=entry.operation,
        records=[f"{kind}/{id_}" if id_ else kind for kind, id_ in entry.records],
        record_count=entry.record_count,
        fields=list(entry.fields),
        values=dict(values["fields"]) if values else None,
        address=str(values["address"]) if values else None,
        is_erased=not values,
        request_id=entry.request_id,
        hash=entry.hash,
    )


def _cursor(positions: Mapping[str, int]) -> str:
    return ",".join(f"{actor}={number}" for actor, number in sorted(positions.items()))


def _read_cursor(cursor: str) -> dict[str, int]:
    if _CURSOR.fullmatch(cursor) is None:
        raise BadRequest("This cursor belongs to another list; begin again without one.", code="bad_cursor")
    pairs = (part.rpartition("=") for part in cursor.split(",") if part)
    return {actor: int(number) for actor, _, number in pairs}
