"""Export jobs as people see them: asked for, read, downloaded, cancelled, deleted.

A job waits until a worker writes its first part, runs until the last one, and is done, failed or cancelled.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.access.rules import Mode
from chalicelib.errors import Conflict, InvalidField, InvalidState, NotFound
from chalicelib.messages import RemoveExportFiles, WriteExportPart
from chalicelib.model import keys
from chalicelib.model.record import iso, moment
from chalicelib.operations.listings.listing import Listing
from chalicelib.operations.management.stored_items import own_fields
from chalicelib.operations.shared.access import require_actor
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.row_access import is_accessible_by, require_touched
from chalicelib.ports.exports import KEPT_FOR, ExportOptions

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
EXPIRED: Final = "expired"
UNFINISHED: Final = frozenset({WAITING, RUNNING})
#: The kind of item, and the kinds of record whose rules apply.
KIND: Final = "export"
_RULES, _RULES_UNSCRUBBED = "export", "unscrubbed_export"
#: For how long the record of a job is kept.
RECORD_KEPT_FOR: Final = timedelta(days=30)
#: For how long a request certainly has its export, unless both are deleted.
_RECENT: Final = timedelta(hours=1)
#: How many old records a new export removes; DynamoDB removes them by itself.
_MOST_REMOVED: Final = 20
#: After which time without a new part a job that runs is probably stuck.
STUCK_AFTER: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRow:
    """An export job, and the file that it writes."""

    id: str
    status: str
    created: datetime
    created_by: str
    unscrubbed: bool
    excel_safe: bool
    psych_ds: bool
    #: Whether it contains the files that participants uploaded.
    uploads: bool = False
    #: How many rows of tables and how many files are written by now, and which file is being written.
    rows: int = 0
    files: int = 0
    file: str = ""
    #: How many parts are written.
    parts: int = 0
    #: Of the finished zip: its bytes, its checksum, the rows of each table.
    size: int | None = None
    sha256: str | None = None
    tables: dict[str, int] = field(default_factory=dict)
    finished: datetime | None = None
    #: When the file is deleted.
    expires: datetime | None = None
    #: Why it failed, or has not got on for long.
    problem: str = ""


@dataclass(frozen=True, slots=True)
class EndedExport:
    """An export that was cancelled or deleted."""

    id: str


def create_export(ctx: Context, options: ExportOptions) -> ExportRow:
    """Begin an export, or return the unfinished one that the actor has asked for with the same options.

    Forbidden without the right that the contents require; InvalidField or InvalidState for options that
    exclude each other.
    """
    if options.psych_ds and options.excel_safe:
        raise InvalidField("excel_safe", "must be false for Psych-DS, which changes no text")
    if options.psych_ds and options.uploads:
        raise InvalidState(
            "A Psych-DS data set is shared, and contains no uploaded files; ask for one or the other."
        )
    actor = require_actor(ctx)
    require_touched(ctx, _rules_for(options), Mode.CREATE, [{"created_by": actor.id}])
    request = _request_key(actor.id, options)
    asked = ctx.uow.item(request)
    running = None if asked is None else ctx.uow.item(keys.export(asked["export_id"]))
    if running is not None and running["status"] in UNFINISHED:
        return _row(ctx, running)
    if asked is not None and running is None and _is_recent(ctx, asked):
        # Both were written together, and are deleted together: only half of a commit is visible yet.
        raise Conflict("An export that was asked for at this moment isn't visible yet.")
    export_id = f"{ctx.now:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
    fields = {
        "status": WAITING,
        "created": iso(ctx.now),
        "created_by": actor.id,
        "modified": iso(ctx.now),
        **asdict(options),
        "part": 1,
        "attempts": 0,
        "expires": int((ctx.now + RECORD_KEPT_FOR).timestamp()),
    }
    ctx.uow.put_item(keys.export(export_id), KIND, fields)
    asked_last = {"export_id": export_id, **{name: fields[name] for name in ("created", "expires")}}
    ctx.uow.put_if_unchanged(request, "export_request", asked_last)
    ctx.uow.post(WriteExportPart(export_id, 1))
    _remove_old_records(ctx)
    return _row(ctx, {"sk": export_id, **fields})


def list_exports(ctx: Context, after: str | None, limit: int) -> Listing[ExportRow]:
    """Return a page of the exports that the actor may read, newest first."""
    page = ctx.uow.page(keys.EXPORTS, after=after, limit=limit, newest_first=True)
    rows = [_row(ctx, item) for item in page.items if _may_read(ctx, item)]
    return Listing(rows, page.after, len(page.items), is_partial=page.after is not None and len(rows) < limit)


def read_export(ctx: Context, export_id: str) -> ExportRow:
    """Return an export; NotFound for one that the actor may not read."""
    return _row(ctx, _readable(ctx, export_id))


def finished_file(ctx: Context, export_id: str) -> tuple[str, str]:
    """Return the name of the finished file of an export, and the name under which it is downloaded."""
    item = _readable(ctx, export_id)
    status = _status(ctx, item)
    if status != DONE:
        raise InvalidState(
            f"This export is {status}, so there is nothing to download. Make a new one."
            if status not in UNFINISHED
            else "This export isn't finished yet; wait until its status is done."
        )
    kind = "psych-ds" if item["psych_ds"] else "data"
    return str(item["name"]), f"{ctx.app_id}-{kind}.zip"


def cancel_export(ctx: Context, export_id: str) -> EndedExport:
    """Cancel an export that isn't finished, and remove what is written of it."""
    item = _deletable(ctx, export_id)
    if item["status"] not in UNFINISHED:
        raise InvalidState(
            f"This export is {_status(ctx, item)}; only one that is under way can be cancelled."
        )
    fields = {**own_fields(item), "status": CANCELLED, "state": {}, "modified": iso(ctx.now)}
    ctx.uow.put_item(keys.export(export_id), KIND, fields, expect=item["v"])
    ctx.uow.post(RemoveExportFiles(export_id))
    return EndedExport(export_id)


def delete_export(ctx: Context, export_id: str) -> EndedExport:
    """Delete an export with its file, also one that is under way."""
    item = _deletable(ctx, export_id)
    ctx.uow.delete_item(keys.export(export_id), expect=item["v"])
    request = _request_key(item["created_by"], options_of(item))
    asked = ctx.uow.item(request)
    if asked is not None and asked["export_id"] == export_id:
        ctx.uow.delete_item(request, expect=asked["v"])
    ctx.uow.post(RemoveExportFiles(export_id))
    return EndedExport(export_id)


def _request_key(actor_id: str, options: ExportOptions) -> keys.Key:
    return keys.export_request(actor_id, "".join("01"[flag] for flag in asdict(options).values()))


def _is_recent(ctx: Context, asked: Mapping[str, Any]) -> bool:
    """Whether a request was made so lately that its export can't have been removed as an old one."""
    return datetime.fromisoformat(asked["created"]) > ctx.now - _RECENT


def options_of(item: Mapping[str, Any]) -> ExportOptions:
    """Return what a stored export contains; exports of earlier versions contain no uploaded files."""
    return ExportOptions(
        item["unscrubbed"], item["excel_safe"], item["psych_ds"], bool(item.get("uploads", False))
    )


def _rules_for(options: ExportOptions) -> str:
    return _RULES_UNSCRUBBED if options.is_personal else _RULES


def _may_read(ctx: Context, item: Mapping[str, Any]) -> bool:
    return is_accessible_by(ctx, _rules_for(options_of(item)), item, require_actor(ctx))


def _readable(ctx: Context, export_id: str) -> Mapping[str, Any]:
    item = ctx.uow.item(keys.export(export_id))
    if item is None or not _may_read(ctx, item):
        raise _missing(export_id)
    return item


def _deletable(ctx: Context, export_id: str) -> Mapping[str, Any]:
    item = ctx.uow.item(keys.export(export_id))
    if item is None:
        raise _missing(export_id)
    require_touched(ctx, _rules_for(options_of(item)), Mode.DELETE, [{**item, "id": export_id}])
    return item


def _missing(export_id: str) -> NotFound:
    return NotFound(f"There is no export {export_id[:40]}.", code="export_not_found")


def _remove_old_records(ctx: Context) -> None:
    for item in ctx.uow.page(keys.EXPORTS, limit=_MOST_REMOVED).items:
        if item["expires"] < ctx.now.timestamp():
            ctx.uow.delete_item(keys.export(item["sk"]))


def _status(ctx: Context, item: Mapping[str, Any]) -> str:
    finished = moment(item.get("finished"))
    is_over = item["status"] == DONE and finished is not None and finished + KEPT_FOR <= ctx.now
    return EXPIRED if is_over else str(item["status"])


def _row(ctx: Context, item: Mapping[str, Any]) -> ExportRow:
    finished = moment(item.get("finished"))
    return ExportRow(
        id=str(item["sk"]),
        status=_status(ctx, item),
        created=datetime.fromisoformat(item["created"]),
        created_by=item["created_by"],
        unscrubbed=item["unscrubbed"],
        excel_safe=item["excel_safe"],
        psych_ds=item["psych_ds"],
        uploads=bool(item.get("uploads", False)),
        rows=item.get("rows", 0),
        files=item.get("files", 0),
        file=item.get("file", ""),
        parts=item["part"] - 1,
        size=item.get("size"),
        sha256=item.get("sha256"),
        tables=item.get("tables", {}),
        finished=finished,
        expires=None if finished is None else finished + KEPT_FOR,
        problem=item.get("problem") or _hint(ctx, item),
    )


def _hint(ctx: Context, item: Mapping[str, Any]) -> str:
    modified = moment(item["modified"])
    if item["status"] not in UNFINISHED or modified is None or ctx.now - modified < STUCK_AFTER:
        return ""
    return (
        "It hasn't got on for half an hour. Look for it among the dead letters in the log, or cancel it and "
        "begin again."
    )
