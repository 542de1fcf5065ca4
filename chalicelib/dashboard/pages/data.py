"""Data: every type of records with all columns, filters, files for a spreadsheet, the author's actions."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.api.operation_table import find
from chalicelib.api.personal_fields import without_personal_fields
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered
from chalicelib.dashboard.rendering import render
from chalicelib.errors import BadRequest, Forbidden, NotFound, PetriError
from chalicelib.export.csv_format import excel_safe, format_row
from chalicelib.model.record import iso
from chalicelib.operations.listings.listing import Listing
from chalicelib.operations.listings.record_rows import RecordRow

_ADDRESS: Final = "/dashboard/data"
#: The types of records, by the resource that lists them.
TYPES: Final[Mapping[str, str]] = {
    "participants": "Participants",
    "networks": "Networks",
    "nodes": "Nodes",
    "infos": "Infos",
    "vectors": "Vectors",
    "transmissions": "Transmissions",
    "transformations": "Transformations",
    "questions": "Questions",
    "responses": "Responses",
    "grades": "Grades",
    "trials": "Trials",
    "events": "Events",
    "uploads": "Uploads",
    "readings": "Reading",
    "reviews": "Practice",
    "payments": "Payments",
    "notifications": "Notifications",
}
#: The types whose records the author's actions take, with their base class.
OBJECT_TYPES: Final[Mapping[str, str]] = {
    "participants": "Participant",
    "networks": "Network",
    "nodes": "Node",
    "infos": "Info",
}
_PAGING: Final = frozenset({"after", "limit"})
_WHOLE_NUMBERS: Final = frozenset({"network_id", "node_id", "participant_id"})
_PER_PAGE: Final = 50
#: The most records of one file, and its most characters: a function's response has 6 MB at most.
MOST_IN_FILE: Final = 5000
LARGEST_FILE: Final = 4_000_000
_TOO_LARGE: Final = 413
_PER_READ: Final = 200


def show_data(call: PageCall) -> Rendered:
    """Show a type of records, or send them as a file; or run an action of the author on some."""
    kind = call.id or next(iter(TYPES))
    if kind not in TYPES:
        raise NotFound("There are no records of this type.")
    if call.method == "POST":
        return _act(call, kind)
    if call.part in {"csv", "json"}:
        return _file(call, kind, call.part)
    if call.part is not None:
        raise NotFound("Records can be had as csv or json.")
    return _show(call, kind)


def _show(call: PageCall, kind: str, said: str = "", problem: str = "") -> Rendered:
    asked = {} if call.method == "POST" else _filters(call, kind)
    after = call.one("after") or None
    actions: Sequence[Mapping[str, str]] = ()
    table = None
    try:
        actions = call.run("actions.list").rows if kind in OBJECT_TYPES else ()
        table = _authors_table(call, kind, after)
    except PetriError as error:
        problem = problem or str(error)
    if table is None:
        found = call.run(f"{kind}.list", **asked, after=after, limit=call.rows(_PER_PAGE))
        columns, rows = _columns(kind), [_shown(row) for row in found.rows]
    else:
        columns, rows = table.columns, table.rows
        found = Listing(rows, table.next, table.total, is_partial=False)
    empty = _empty(columns, rows)
    return render(
        "data.html",
        call,
        kind=kind,
        types=TYPES,
        columns=[name for name in columns if name not in empty],
        empty=empty,
        rows=rows,
        found=found,
        filters={name: asked.get(name) for name in _filter_names(kind)},
        actions=actions if call.actor.may(Right.EDIT_PARTICIPANTS) else (),
        may_export=call.actor.may(Right.EXPORT),
        said=said,
        problem=problem,
    )


def _authors_table(call: PageCall, kind: str, after: str | None) -> Any:
    """Return a page of the author's table; None if they leave the type to Petri, whose cursors are others."""
    is_number = after is not None and after.isascii() and after.isdigit()
    asked = {
        "id": kind.removesuffix("s"),
        "limit": call.rows(_PER_PAGE),
        "after": after if is_number else None,
    }
    return call.run("tables.read", **asked).table


def _act(call: PageCall, kind: str) -> Rendered:
    if kind not in OBJECT_TYPES or not call.part:
        raise NotFound("There is no such action.")
    ids = tuple(call.all("ids"))
    if not ids:
        raise BadRequest("Select the records first.")
    try:
        said = call.run("actions.run", id=call.part, object_type=OBJECT_TYPES[kind], ids=ids).message
    except Forbidden:
        raise
    except PetriError as error:
        return _show(call, kind, problem=str(error))
    return _show(call, kind, said=said)


def _file(call: PageCall, kind: str, form: str) -> Rendered:
    if not call.actor.may(Right.EXPORT):
        raise Forbidden(f"A file of records needs the right {Right.EXPORT.value!r}; ask a lab admin for it.")
    columns = _columns(kind)
    size, texts = 0, []
    for row in _all(call, kind, _filters(call, kind)):
        if form == "json":
            text = json.dumps(row, ensure_ascii=False, default=str, indent=1)
        else:
            # Most people open the file in a spreadsheet, which would run a text that begins like a formula.
            text = format_row(excel_safe(row[name]) for name in columns)
        texts.append(text)
        size += len(text.encode())
        if len(texts) > MOST_IN_FILE or size > LARGEST_FILE:
            return _too_large(call, kind)
    if form == "json":
        return _attached(f"[{','.join(texts)}]", "application/json", f"{kind}.json")
    return _attached("".join([format_row(columns), *texts]), "text/csv; charset=utf-8", f"{kind}.csv")


def _too_large(call: PageCall, kind: str) -> Rendered:
    problem = (
        f"These records are too many for one file of this page, which has {MOST_IN_FILE:,} records and "
        f"{LARGEST_FILE // 1_000_000} MB at most. Filter them, or make an export, which has all of them."
    )
    return replace(_show(call, kind, problem=problem), status=_TOO_LARGE)


def _all(call: PageCall, kind: str, asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    after = None
    listed = find(f"{kind}.list").answer
    while True:
        found = call.run(f"{kind}.list", **asked, after=after, limit=_PER_READ)
        if not call.actor.may(Right.EXPORT_PERSONAL_DATA):
            found = without_personal_fields(listed, found)
        for row in found.rows:
            yield _plain(row)
        after = found.next
        if after is None:
            return


def _attached(text: str, kind: str, name: str) -> Rendered:
    headers = {"Content-Type": kind, "Content-Disposition": f'attachment; filename="{name}"'}
    return Rendered(text, headers=headers)


def _filter_names(kind: str) -> list[str]:
    declared = dataclasses.fields(find(f"{kind}.list").parameters)
    return [one.name for one in declared if one.name not in _PAGING]


def _filters(call: PageCall, kind: str) -> dict[str, Any]:
    """Read the filters of a type from the address; empty ones don't count."""
    asked: dict[str, Any] = {}
    for name in _filter_names(kind):
        text = call.one(name)
        if not text:
            continue
        if name in _WHOLE_NUMBERS:
            if not (text.isascii() and text.isdigit() and len(text) <= 15):  # noqa: PLR2004 - as long as ids
                raise BadRequest(f"{name} must be a whole number, not {text[:40]!r}.")
            asked[name] = int(text)
        elif name == "failed":
            asked[name] = text == "yes"
        else:
            asked[name] = text
    return asked


def _columns(kind: str) -> list[str]:
    """Return the columns of a type: the id, then its own, then those that all records have."""
    row = find(f"{kind}.list").answer.__args__[0]
    names = [one.name for one in dataclasses.fields(row)]
    shared = {one.name for one in dataclasses.fields(RecordRow)} if issubclass(row, RecordRow) else set()
    return sorted(names, key=lambda name: (name != "id", name in shared))


def _empty(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the columns that no row has a value in; none without rows."""
    return [name for name in columns if rows and not _has_value(rows, name)]


def _has_value(rows: Sequence[Mapping[str, Any]], name: str) -> bool:
    return any(row.get(name) not in {None, ""} for row in rows)


def _shown(row: Any) -> dict[str, Any]:
    """Return a row with texts for a table; an empty value is None."""
    return {
        name: json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else value
        for name, value in _plain(row).items()
    }


def _plain(row: Any) -> dict[str, Any]:
    fields = {one.name: getattr(row, one.name) for one in dataclasses.fields(row)}
    return {
        name: None if value in ({}, []) else iso(value) if isinstance(value, datetime) else value
        for name, value in fields.items()
    }


PAGE = DashboardPage("data", "Data", Right.VIEW, show_data, nav="Results")
