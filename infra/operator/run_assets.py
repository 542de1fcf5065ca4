"""Lists, adds and deletes the uploaded assets of a run, on this machine or deployed."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from chalicelib.errors import BadRequest, NotFound, PetriError
from chalicelib.operations.assets import asset_records, asset_rows, manage_assets, uploads_of_assets
from chalicelib.operations.assets.asset_rows import AssetRow
from chalicelib.operations.assets.uploads_of_assets import AssetFacts, AssetFile, BegunUpload
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.storage.files.folder_files import ADDRESS, FolderFiles
from chalicelib.study.assets.media_types import MediaGroup, recognise, require_size
from infra.local.lifecycle.run_session import RunSession
from infra.pages.picture_size import picture_size

#: How much of a file is read to find its type and the size of a picture.
_HEAD: Final = 1 << 18
_CHUNK: Final = 1 << 20
_PER_CALL: Final = 100
#: Seconds that sending a file may take until the next byte.
_TIMEOUT: Final = 60


def listed(session: RunSession) -> Iterator[str]:
    """Yield a line for each uploaded asset: name, kind, size, text, and where it is shown; then the quota."""
    after: str | None = None
    while True:
        found = session.app.run(asset_rows.list_assets, after, _PER_CALL, caller=OPERATOR_CALLER)
        yield from map(_line, found.rows)
        after = found.next
        if after is None:
            break
    quota = session.app.run(asset_rows.read_quota, caller=OPERATOR_CALLER)
    counted = f"{quota.count} {'asset takes' if quota.count == 1 else 'assets take'}"
    yield f"{counted} {quota.used / 1e6:,.1f} of {quota.quota / 1e6:,.0f} MB."


def add(session: RunSession, file: Path, *, name: str, alt: str, is_decorative: bool) -> str:
    """Upload a file to a run, as the dashboard does; return what was done.

    BadRequest for a file that isn't an asset, and for a picture that has neither an alternative text nor the
    mark; the refusals of an upload else, such as a name that is taken or a quota that is exceeded.
    """
    if not file.is_file():
        raise BadRequest(f"There is no file {file}.")
    with file.open("rb") as opened:
        head = opened.read(_HEAD)
        opened.seek(0)
        sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
    media, size = recognise(head), file.stat().st_size
    require_size(size, media.group)
    if media.group is MediaGroup.PICTURE and bool(alt.strip()) == is_decorative:
        raise BadRequest(
            "Describe the picture with --alt TEXT for people who don't see it, or mark it with --decorative."
        )
    width, height = picture_size(head) if media.group is MediaGroup.PICTURE else (0, 0)
    asked = AssetFile(name or file.name, size, sha256)
    begun: BegunUpload = session.app.run(uploads_of_assets.begin_upload, asked, caller=OPERATOR_CALLER)
    if begun.asset is not None:
        return f"The run has this file already, as {begun.asset.name}."
    try:
        _post(session, begun, file)
        facts = AssetFacts(alt, is_decorative, width, height)
        row = session.app.run(uploads_of_assets.finish_upload, begun.id, facts, caller=OPERATOR_CALLER)
    except Exception:
        with contextlib.suppress(PetriError):
            session.app.run(uploads_of_assets.cancel_upload, begun.id, caller=OPERATOR_CALLER)
        raise
    return f"Uploaded {row.name}. Show it on a page with ![](asset:{row.name})"


def remove(session: RunSession, name: str) -> str:
    """Delete an uploaded asset, which can be restored for 30 days.

    NotFound without one; InvalidState while pages show it; BadRequest where the study's code isn't at hand,
    so that it isn't known which assets its pages show.
    """
    if session.folder is None:
        raise BadRequest(
            "The study's folder isn't on this machine, so it isn't known which assets its pages show. Delete "
            "the asset on the dashboard's page Assets."
        )
    found = session.app.run(asset_records.asset_named, name, caller=OPERATOR_CALLER)
    if found is None:
        raise NotFound(f"The run has no uploaded asset {name}.")
    session.app.run(manage_assets.delete_asset, found.sha256, caller=OPERATOR_CALLER)
    return f"Deleted {name}. It can be restored on the dashboard for 30 days."


def _post(session: RunSession, begun: BegunUpload, file: Path) -> None:
    """Send a file to where the run keeps uploads."""
    files = session.app.files
    if isinstance(files, FolderFiles):
        with file.open("rb") as opened, files.receive(begun.url.removeprefix(ADDRESS)) as incoming:
            while chunk := opened.read(_CHUNK):
                incoming.write(chunk)
            incoming.finish()
        return
    # Lazy import: only runs in the cloud need it.
    import requests

    with file.open("rb") as opened:
        response = requests.post(
            begun.url, data=begun.fields, files={"file": (file.name, opened)}, timeout=_TIMEOUT
        )
    if not response.ok:
        raise BadRequest(f"The bucket refused {file.name} (status {response.status_code}). Try again.")


def _line(row: AssetRow) -> str:
    text = "no alternative text" if row.lacks_alt else row.alt or ("decorative" if row.is_decorative else "")
    where = f"used in {', '.join(row.used_in)}" if row.used_in else "not used"
    return "  ".join(
        part for part in (row.name, row.group, f"{row.size / 1000:,.0f} kB", text, where) if part
    )
