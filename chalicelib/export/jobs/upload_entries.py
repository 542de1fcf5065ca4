"""The files that participants uploaded, as entries of an export job's zip.

They are stored as they are, since most are compressed already. A step of the job reads each once and notes
its size and checksums in a list, which is kept as an entry that the zip doesn't have. The zip is composed
from the list and the file store, so no file is kept twice, and none is in memory as a whole.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from chalicelib.errors import NotFound
from chalicelib.export.data_errors import DataError
from chalicelib.export.study_spool import UPLOAD, Record
from chalicelib.export.upload_files import FOLDER
from chalicelib.ports import FileStore

from .export_state import ExportState
from .pieces import PieceStore
from .zip_layout import ZipEntry

#: The entry that lists the files; no entry of the zip has this name.
LISTED: Final = FOLDER


def is_exported(record: Record) -> bool:
    """Whether a record of a study is that of a file which an export with files contains."""
    return record["kind"] == UPLOAD and not record.get("erased_at")


def described(files: FileStore, record: Record) -> Mapping[str, Any]:
    """Read a file, and return what the list says about it; one that was erased meanwhile is missing."""
    reference = str(record["reference"])
    digest, crc, size = hashlib.sha256(), 0, 0
    try:
        for chunk in files.read(reference):
            digest.update(chunk)
            crc = zlib.crc32(chunk, crc)
            size += len(chunk)
    except NotFound:
        return {"reference": reference, "is_missing": True}
    is_changed = digest.hexdigest() != record["sha256"]
    return {"reference": reference, "size": size, "crc": crc, "is_changed": is_changed}


def listed(store: PieceStore, state: ExportState) -> Iterator[Mapping[str, Any]]:
    """Yield what the list says about each file; nothing for an export without files."""
    if LISTED in state.entries:
        yield from (json.loads(line) for _, line in store.lines(state.entries[LISTED]))


def summary(store: PieceStore, state: ExportState) -> dict[str, Any]:
    """Return what the manifest says about the files."""
    found: dict[str, Any] = {"files": 0, "missing": [], "changed": []}
    for each in listed(store, state):
        if each.get("is_missing"):
            found["missing"].append(each["reference"])
            continue
        found["files"] += 1
        if each["is_changed"]:
            found["changed"].append(each["reference"])
    return found


def upload_entries(store: PieceStore, state: ExportState, files: FileStore) -> Iterator[ZipEntry]:
    """Yield the entries of the zip for the files that were there."""
    for each in listed(store, state):
        if not each.get("is_missing"):
            data = _unchanged(files, each)
            yield ZipEntry(
                FOLDER + each["reference"], each["crc"], each["size"], each["size"], data, is_stored=True
            )


def _unchanged(files: FileStore, noted: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield the content of a file; DataError when it isn't what the list says, or isn't there any more."""
    crc = 0
    try:
        for chunk in files.read(noted["reference"]):
            crc = zlib.crc32(chunk, crc)
            yield chunk
    except NotFound as error:
        raise _changed(noted) from error
    if crc != noted["crc"]:
        raise _changed(noted)


def _changed(noted: Mapping[str, Any]) -> DataError:
    return DataError(
        f"The uploaded file {noted['reference']} was erased or changed while the export was written. Make a "
        "new one."
    )
