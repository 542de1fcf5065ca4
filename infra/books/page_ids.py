"""Writes page ids into the sources of a book, so that a page is found again when its file is renamed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from infra.folder_change import FolderChange

from .book_order import OrderedPage

_MARK: Final = b"\xef\xbb\xbf"
_FENCE: Final = b"---"
_MARKDOWN: Final = (".md", ".markdown")


def write_page_ids(project: Path, pages: Sequence[OrderedPage]) -> None:
    """Write the ids of these pages into their files, all or none."""
    files: dict[str, bytes | None] = {
        page.document.source: with_page_id(
            (project / page.document.source).read_bytes(), page.id, page.document.source
        )
        for page in pages
    }
    if files:
        FolderChange(project, files, last=pages[-1].document.source).apply()


def with_page_id(text: bytes, page_id: str, file: str) -> bytes:
    """Return a source with a page id: a field at its top, or a key of its front matter."""
    mark, rest = (_MARK, text.removeprefix(_MARK)) if text.startswith(_MARK) else (b"", text)
    first, _, after = rest.partition(b"\n")
    end = b"\r\n" if first.endswith(b"\r") else b"\n"
    if not file.endswith(_MARKDOWN):
        # A field list at the top goes on with the next field.
        space = b"" if first.startswith(b":") else end
        return b"".join((mark, f":petri-page: {page_id}".encode(), end, space, rest))
    key = f"petri-page: {page_id}".encode() + end
    if first.rstrip() == _FENCE:
        return b"".join((mark, _FENCE, end, key, after))
    return b"".join((mark, _FENCE, end, key, _FENCE, end, end, rest))
