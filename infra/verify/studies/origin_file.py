"""Checks and shows the file of a copied study that says where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from chalicelib.errors import BadRequest
from chalicelib.experiment.text_files import NotUTF8Error, read_text
from chalicelib.study.study_library.study_origins import ORIGIN_FILE, StudyOrigin, read_origins
from infra.verify.findings import Finding, error


def check_origins(folder: Path) -> Iterator[Finding]:
    """Find an `origin.toml` with which the study can't be published in a library."""
    path = folder / ORIGIN_FILE
    if not path.is_file():
        return
    try:
        read_origins(read_text(path))
    except (BadRequest, NotUTF8Error) as refused:
        yield error(ORIGIN_FILE, str(refused), "Restore the file from the copy, which the library still has.")


def origins_in(folder: Path) -> list[StudyOrigin]:
    """Return where a study was copied from, the nearest first; none if its file is absent or not valid."""
    path = folder / ORIGIN_FILE
    try:
        return read_origins(read_text(path)) if path.is_file() else []
    except (BadRequest, NotUTF8Error):
        return []
