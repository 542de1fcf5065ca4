"""The audit log: who changed what and when, as a file too, and whether it is intact."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.api.personal_fields import without_personal_fields
from chalicelib.dashboard.page_call import PageCall, Rendered
from chalicelib.dashboard.rendering import render
from chalicelib.errors import InvalidField, NotFound
from chalicelib.export.csv_format import excel_safe, format_row
from chalicelib.model.record import iso
from chalicelib.operations.listings.listing import Listing
from chalicelib.operations.management.oversight.audit_log import AuditRow

FILTERS: Final = ("actor", "operation", "since", "until")
_PER_PAGE: Final = 50
_PER_READ: Final = 200
#: The most entries of one file; the API lists all of them, page by page.
MOST_IN_FILE: Final = 5_000
_COLUMNS: Final = (
    "at",
    "actor",
    "number",
    "operation",
    "records",
    "record_count",
    "fields",
    "values",
    "address",
    "is_erased",
    "request_id",
    "hash",
)


def show_audit_log(call: PageCall) -> Rendered:
    """Show the entries that match, send them as a file, or verify the log."""
    if call.part in {"csv", "json"}:
        return _file(call, call.part)
    if call.part not in {None, "verify"}:
        raise NotFound("The audit log can be had as csv or json.")
    report = call.run("audit.verify") if call.part == "verify" else None
    filters = {name: call.one(name) for name in FILTERS}
    refused = ""
    found: Listing[AuditRow] = Listing([], None, 0, is_partial=False)
    try:
        found = call.run("audit.list", **filters, after=call.one("after") or None, limit=call.rows(_PER_PAGE))
    except InvalidField as problem:
        refused = str(problem)
    return render(
        "audit.html",
        call,
        status=422 if refused else 200,
        found=found,
        filters=filters,
        report=report,
        refused=refused,
        may_verify=call.actor.may(Right.MANAGE_LAB),
    )


def _file(call: PageCall, form: str) -> Rendered:
    rows = [_plain(row) for row in _all(call)]
    if form == "json":
        text = json.dumps(rows, ensure_ascii=False, default=str, indent=1)
        return _attached(text, "application/json", "audit-log.json")
    # Most people open the file in a spreadsheet, which would run a text that begins like a formula.
    lines = [format_row(excel_safe(_in_cell(row[name])) for name in _COLUMNS) for row in rows]
    return _attached("".join([format_row(_COLUMNS), *lines]), "text/csv; charset=utf-8", "audit-log.csv")


def _all(call: PageCall) -> Iterator[AuditRow]:
    filters = {name: call.one(name) for name in FILTERS}
    after, count = None, 0
    while count < MOST_IN_FILE:
        found = call.run("audit.list", **filters, after=after, limit=_PER_READ)
        if not call.actor.may(Right.EXPORT_PERSONAL_DATA):
            found = without_personal_fields(Listing[AuditRow], found)
        yield from found.rows
        count, after = count + len(found.rows), found.next
        if after is None:
            return


def _plain(row: AuditRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _COLUMNS} | {"at": iso(row.at)}


def _in_cell(value: Any) -> Any:
    if isinstance(value, list):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict) else value


def _attached(text: str, kind: str, name: str) -> Rendered:
    headers = {"Content-Type": kind, "Content-Disposition": f'attachment; filename="{name}"'}
    return Rendered(text, headers=headers)
