"""Writes the files that participants have uploaded into an export, and checks those of one that is loaded."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, Final

from chalicelib.errors import NotFound
from chalicelib.ports import FileStore

#: The folder of the zip with the files, by reference.
FOLDER: Final = "uploads/"


def write_files(
    archive: zipfile.ZipFile, files: FileStore, uploads: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    """Write the files of these records, and return what the manifest says about them.

    A file that is missing, because it was erased meanwhile, is named; one that isn't as it was stored is too.
    """
    count, missing, changed = 0, [], []
    for upload in uploads:
        reference = str(upload["reference"])
        if upload.get("erased_at"):
            continue
        digest = hashlib.sha256()
        try:
            chunks = files.read(reference)
            first = next(chunks, b"")
        except NotFound:
            missing.append(reference)
            continue
        # Most files are compressed already.
        entry = zipfile.ZipInfo(FOLDER + reference)
        with archive.open(entry, "w", force_zip64=True) as target:
            for chunk in chain([first], chunks):
                target.write(chunk)
                digest.update(chunk)
        count += 1
        if digest.hexdigest() != upload["sha256"]:
            changed.append(reference)
    return {"files": count, "missing": missing, "changed": changed}
