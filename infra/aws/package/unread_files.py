"""Removes files of libraries that only a fallback, another platform, or a build reads.

Each stays when the experiment requires its package itself: its author may read more of it.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

#: The packages with which others are compiled, and those that load only the compiled backend of cffi.
_CFFI: Final = frozenset({"cffi", "pycparser"})
_BACKEND_ALONE: Final = frozenset({"argon2-cffi-bindings", "cryptography"})
#: By package, what is removed: what only AWS's common runtime or another platform uses, command lines, and
#: the time zones that Amazon Linux has itself.
_UNREAD: Final = (
    ("python-dateutil", "dateutil/zoneinfo/*.tar.gz"),
    ("boto3", "boto3/crt.py"),
    ("s3transfer", "s3transfer/crt.py"),
    ("urllib3", "urllib3/contrib/emscripten"),
    ("segno", "segno/cli.py"),
    ("charset-normalizer", "charset_normalizer/cli"),
)
_CERTIFICATES: Final = "cacert.pem"


def remove_unread(root: Path, asked: Collection[str]) -> None:
    """Remove from a folder of unpacked packages the files that no function reads.

    `asked`: the packages that the experiment itself requires.
    """
    for package, pattern in _UNREAD:
        for path in sorted(root.glob(pattern)) if package not in asked else ():
            _remove(path)
    # botocore reads its own copy only where certifi is missing.
    if (root / "certifi" / _CERTIFICATES).is_file() and "botocore" not in asked:
        (root / "botocore" / _CERTIFICATES).unlink(missing_ok=True)
    if "charset-normalizer" not in asked:
        _use_sources(root / "charset_normalizer")
    _remove_cffi(root, asked)


def _use_sources(folder: Path) -> None:
    """Remove compiled modules beside which their source stands: both do the same, the compiled ones faster.

    requests guesses character sets only of texts without one, which no service sends that Petri calls.
    """
    for path in sorted(folder.glob("*.so")):
        if path.with_name(f"{path.name.partition('.')[0]}.py").is_file():
            path.unlink()


def _remove_cffi(root: Path, asked: Collection[str]) -> None:
    """Remove what only builds with cffi read, unless a package may load more than its compiled backend."""
    users = {_name_of(path) for path in root.glob("*.dist-info/METADATA") if _requires_cffi(path)}
    if users <= _BACKEND_ALONE and not _CFFI & set(asked):
        for name in sorted(_CFFI):
            _remove(root / name)


def _requires_cffi(metadata: Path) -> bool:
    needs = _fields(metadata).get_all("Requires-Dist") or []
    return any(Requirement(need).name == "cffi" for need in needs)


def _name_of(metadata: Path) -> str:
    return canonicalize_name(str(_fields(metadata)["Name"]))


def _fields(metadata: Path) -> Message:
    return HeaderParser().parsestr(metadata.read_text(encoding="utf-8"))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
