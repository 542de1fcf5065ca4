"""Export jobs as workers see them: which part is next, and what follows from one that was written.

Each part has a number, and its message names it: a message that comes twice, or late, finds another number in
the record and does nothing. A part is written between two commits, so two workers may write the same one at
once; what each stores has names of its own, and only those of the first commit stay in the record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from chalicelib.messages import RemoveExportFiles, WriteExportPart
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.management.stored_items import own_fields
from chalicelib.operations.shared.context import Context
from chalicelib.ports.exports import ExportOptions, ExportPart

from .export_jobs import CANCELLED, DONE, FAILED, KIND, RUNNING, UNFINISHED, options_of

#: How often a part is tried before its export fails.
MAX_ATTEMPTS: Final = 5
#: When a part that is being written beside the worker is asked for again.
ASKED_AGAIN: Final = timedelta(seconds=0.3)
_LONGEST_PROBLEM: Final = 500
_PAGE: Final = 100
#: What a discarded export says.
ERASED: Final = (
    "The personal data of a participant were erased after this export was made, so its file was deleted. "
    "Make a new one."
)


@dataclass(frozen=True, slots=True)
class NextPart:
    """What is needed to write a part."""

    options: ExportOptions
    state: Mapping[str, Any] | None


def begin_part(ctx: Context, export_id: str, part: int) -> NextPart | None:
    """Return what a part needs; None for one that isn't the next, or an export that isn't under way."""
    item = _current(ctx, export_id, part)
    if item is None:
        return None
    if item["status"] != RUNNING:
        _store(ctx, export_id, item, {"status": RUNNING})
    return NextPart(options_of(item), item.get("state"))


def ask_again(ctx: Context, export_id: str, part: int) -> None:
    """Ask for a part in a moment, which is still being written."""
    if _current(ctx, export_id, part) is not None:
        ctx.uow.post(WriteExportPart(export_id, part), due=ctx.now + ASKED_AGAIN)


def finish_part(ctx: Context, export_id: str, part: int, written: ExportPart) -> None:
    """Store how far the export is, and ask for the next part or end the export."""
    item = _current(ctx, export_id, part)
    if item is None:
        if ctx.uow.item(keys.export(export_id)) is None:
            # Deleted while the part was written.
            ctx.uow.post(RemoveExportFiles(export_id))
        return
    progress = {
        "part": part + 1,
        "attempts": 0,
        "problem": "",
        "rows": written.rows,
        "files": written.files,
        "file": written.file,
    }
    if written.name is None:
        _store(ctx, export_id, item, {**progress, "state": dict(written.state)})
        ctx.uow.post(WriteExportPart(export_id, part + 1))
        return
    finished = {
        "status": DONE,
        "state": {},
        "name": written.name,
        "size": written.size,
        "sha256": written.sha256,
        "tables": dict(written.tables),
        "finished": iso(ctx.now),
    }
    _store(ctx, export_id, item, {**progress, **finished})
    ctx.uow.post(RemoveExportFiles(export_id, written.name))


def record_failure(ctx: Context, export_id: str, part: int, problem: str, *, is_final: bool) -> bool:
    """Note why a part failed; return whether the export has failed with it, so that the part isn't retried.

    `is_final`: another attempt would fail as well.
    """
    item = _current(ctx, export_id, part)
    if item is None:
        return True
    attempts = item["attempts"] + 1
    has_failed = is_final or attempts >= MAX_ATTEMPTS
    ended = {"status": FAILED, "state": {}} if has_failed else {}
    _store(ctx, export_id, item, {**ended, "attempts": attempts, "problem": problem[:_LONGEST_PROBLEM]})
    if has_failed:
        ctx.uow.post(RemoveExportFiles(export_id))
    return has_failed


def discard_exports(ctx: Context, *, only_with_uploads: bool = False) -> None:
    """Cancel or delete all exports, which contain what a participant's erasure has erased.

    `only_with_uploads`: only those with the files that participants uploaded, if only files were erased.
    """
    after: str | None = None
    while True:
        page = ctx.uow.page(keys.EXPORTS, after=after, limit=_PAGE, newest_first=True)
        for item in page.items:
            if only_with_uploads and not options_of(item).uploads:
                continue
            if item["status"] in UNFINISHED | {DONE}:
                _store(ctx, item["sk"], item, {"status": CANCELLED, "state": {}, "problem": ERASED})
                ctx.uow.post(RemoveExportFiles(item["sk"]))
        if page.after is None:
            return
        after = page.after


def _current(ctx: Context, export_id: str, part: int) -> Mapping[str, Any] | None:
    item = ctx.uow.item(keys.export(export_id))
    return item if item is not None and item["status"] in UNFINISHED and item["part"] == part else None


def _store(ctx: Context, export_id: str, item: Mapping[str, Any], changed: Mapping[str, Any]) -> None:
    fields = {**own_fields(item), **changed, "modified": iso(ctx.now)}
    ctx.uow.put_item(keys.export(export_id), KIND, fields, expect=item["v"])
