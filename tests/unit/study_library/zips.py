"""Zips as people and attackers make them."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Mapping

STUDY = {"experiment.py": b"from petri import Study\n", "pages/welcome.md": b"# Welcome\n"}


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip with these files, whatever their names are."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as archive:
        for name, data in files.items():
            # The same files make the same zip, whenever it is made.
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            archive.writestr(info, data)
    return written.getvalue()


def a_study(**more: bytes) -> bytes:
    """Return the package of a study; `more`: contents by name, in place of `pages/<name>.md`."""
    return zipped({**STUDY, **{f"pages/{name}.md": data for name, data in more.items()}})


def with_link(name: str, target: str, kind: int = stat.S_IFLNK) -> bytes:
    """Return the package of a study with a symbolic link, or a file of another kind."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for each, data in STUDY.items():
            archive.writestr(each, data)
        info = zipfile.ZipInfo(name)
        info.create_system, info.external_attr = 3, (kind | 0o777) << 16
        archive.writestr(info, target)
    return written.getvalue()
