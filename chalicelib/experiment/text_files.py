"""Reads the author's text files as UTF-8, or raises an error that names file, line and encoding.

Every text file of an author is read through `read_text`; a test forbids other ways.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from chalicelib.errors import ExperimentError

#: The byte order mark of each encoding that has one, longer marks first.
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
#: Extensions of text files that authors write and that code or pages read.
TEXT_SUFFIXES: Final = frozenset(
    {
        *(".txt", ".md", ".csv", ".tsv", ".json", ".jsonl", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".xml"),
        *(".html", ".htm", ".css", ".js", ".mjs", ".svg", ".py"),
    }
)
_MAX_BYTES: Final = 50_000_000
_LATIN: Final = "Windows-1252 or Latin-1"


class NotUTF8Error(ExperimentError):
    """A text file of the author isn't UTF-8; the message names file, line and encoding."""

    code = "not_utf8"

    def __init__(self, path: Path, line: int, encoding: str) -> None:
        """`line`: the first invalid line; `encoding`: what the file seems to be written in."""
        self.path, self.line, self.encoding = path, line, encoding
        self.what = f"this file isn't UTF-8 text but seems to be {encoding}{_writer(encoding)}"
        self.fix = _fix(path, encoding)
        super().__init__(f"{path}, line {line}: {self.what}; {self.fix}")


def read_text(path: Path) -> str:
    """Return the text of one of the author's files, without a byte order mark.

    Raises NotUTF8Error for another encoding, and OSError when the file can't be read.
    """
    return decode(path.read_bytes(), path)


def decode(raw: bytes, path: Path) -> str:
    """Return a file's contents as text, with plain line ends; NotUTF8Error names the file."""
    found = find_encoding_problem(raw)
    if found is not None:
        raise NotUTF8Error(path, *found)
    return raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def find_encoding_problem(raw: bytes) -> tuple[int, str] | None:
    """Return the first line that isn't UTF-8 and the likely encoding; None for UTF-8 text."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return 1, encoding
    if b"\0" in raw:
        # Without a mark, plain English in UTF-16 is valid UTF-8 with a zero byte in each letter.
        is_wide = raw.count(b"\0") * 3 > len(raw)
        return raw.count(b"\n", 0, raw.index(b"\0")) + 1, "UTF-16" if is_wide else "binary data"
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return raw.count(b"\n", 0, error.start) + 1, _LATIN
    return None


def find_undecodable_file(error: BaseException, folder: Path) -> NotUTF8Error | None:
    """Find the file in a folder that the author's code failed to decode; None for any other error."""
    if not isinstance(error, UnicodeDecodeError) or len(error.object) < 2:  # noqa: PLR2004 - a lone byte is anywhere
        return None
    for path in _texts_below(folder):
        raw = path.read_bytes()
        found = find_encoding_problem(raw) if error.object in raw else None
        if found is not None:
            return NotUTF8Error(path.relative_to(folder), *found)
    return None


def _texts_below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in TEXT_SUFFIXES and path.is_file() and path.stat().st_size <= _MAX_BYTES:
            yield path


def _writer(encoding: str) -> str:
    return ", as Windows PowerShell writes with > or Out-File" if encoding == "UTF-16" else ""


def _fix(path: Path, encoding: str) -> str:
    if encoding == "UTF-16":
        command = f"(Get-Content {path.name}) | Set-Content -Encoding utf8 {path.name}"
        return f"save it as UTF-8, in PowerShell: {command}"
    if encoding == _LATIN:
        return "save it as UTF-8: in a text editor with 'Save with encoding', in Excel as 'CSV UTF-8'"
    return "save it as UTF-8 text"
