"""/api/v1/exports: export jobs, which write the data of the run into one zip."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from chalicelib import services
from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import KEY_CURSOR, LIMIT, One, known_page
from chalicelib.operations.listings.listing import Listing
from chalicelib.operations.management.exports import export_jobs
from chalicelib.operations.management.exports.export_jobs import EndedExport, ExportRow
from chalicelib.operations.shared.context import Context
from chalicelib.ports.exports import ExportOptions
from chalicelib.ports.files import LINKED_FOR

RESOURCE: Final = "exports"
#: Seconds by which a link is announced to end earlier than it does.
_EARLIER: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What an export contains."""

    unscrubbed: bool = field(
        default=False,
        metadata={"help": "With who the participants are; requires the right Export personal data."},
    )
    excel_safe: bool = field(
        default=True,
        metadata={"help": "Prefix texts that a spreadsheet would run as formulas; never with psych_ds."},
    )
    psych_ds: bool = field(
        default=False, metadata={"help": "Only the tables of a study, as a Psych-DS data set."}
    )
    uploads: bool = field(
        default=False,
        metadata={
            "help": "With the files that participants uploaded; requires the right Export personal data. "
            "Never with psych_ds."
        },
    )


@dataclass(frozen=True, slots=True)
class ExportsPage:
    """One page of the list."""

    after: str | None = field(default=None, metadata=KEY_CURSOR)
    limit: int = field(default=50, metadata=LIMIT)


@dataclass(frozen=True, slots=True)
class ExportDownload:
    """Where a finished export is downloaded."""

    url: str
    #: Until when the address is valid; ask for another one later.
    valid_until: datetime
    size: int
    sha256: str


def _create(ctx: Context, asked: ExportRequest) -> ExportRow:
    # A Psych-DS data set changes no text.
    is_excel_safe = asked.excel_safe and not asked.psych_ds
    options = ExportOptions(asked.unscrubbed, is_excel_safe, asked.psych_ds, asked.uploads)
    return export_jobs.create_export(ctx, options)


def _list(ctx: Context, asked: ExportsPage) -> Listing[ExportRow]:
    with known_page():
        return export_jobs.list_exports(ctx, asked.after, asked.limit)


def _download(ctx: Context, one: One) -> ExportDownload:
    name, download_name = export_jobs.finished_file(ctx, one.id)
    row = export_jobs.read_export(ctx, one.id)
    url = services.current().exports.link(one.id, name, download_name)
    return ExportDownload(url, ctx.now + LINKED_FOR - _EARLIER, row.size or 0, row.sha256 or "")


OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="exports.list",
        method="GET",
        resource=RESOURCE,
        shape=Shape.LIST,
        right=Right.EXPORT,
        parameters=ExportsPage,
        answer=Listing[ExportRow],
        run=_list,
        summary="Lists your exports, newest first.",
    ),
    ApiOperation(
        name="exports.create",
        method="POST",
        resource=RESOURCE,
        shape=Shape.LIST,
        right=Right.EXPORT,
        parameters=ExportRequest,
        answer=ExportRow,
        run=_create,
        summary="Begins an export; returns the one that is under way if you have asked for the same already.",
    ),
    ApiOperation(
        name="exports.read",
        method="GET",
        resource=RESOURCE,
        shape=Shape.ITEM,
        right=Right.EXPORT,
        parameters=One,
        answer=ExportRow,
        run=lambda ctx, one: export_jobs.read_export(ctx, one.id),
        summary="Returns one of your exports, with how far it is.",
    ),
    ApiOperation(
        name="exports.download",
        method="POST",
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="download",
        right=Right.EXPORT,
        parameters=One,
        answer=ExportDownload,
        run=_download,
        summary="Returns an address, valid for five minutes, at which a finished export is downloaded.",
        has_secret_answer=True,
    ),
    ApiOperation(
        name="exports.cancel",
        method="POST",
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="cancel",
        right=Right.VIEW,
        parameters=One,
        answer=EndedExport,
        run=lambda ctx, one: export_jobs.cancel_export(ctx, one.id),
        summary="Cancels an export that is under way.",
    ),
    ApiOperation(
        name="exports.delete",
        method="DELETE",
        resource=RESOURCE,
        shape=Shape.ITEM,
        right=Right.VIEW,
        parameters=One,
        answer=EndedExport,
        run=lambda ctx, one: export_jobs.delete_export(ctx, one.id),
        summary="Deletes an export with its file.",
    ),
)
