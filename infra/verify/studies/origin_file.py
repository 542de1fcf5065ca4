"""Checks the file of a copied study that says where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from chalicelib.errors import BadRequest
from chalicelib.experiment.text_files import NotUTF8Error, read_text
from chalicelib.study.study_library.study_origins import ORIGIN_FILE, read_origins
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
