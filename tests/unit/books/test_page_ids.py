"""Page ids are written into a source without changing anything else of it."""

from __future__ import annotations

import pytest

from infra.books.page_ids import with_page_id


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("a.rst", b"Title\n=====\n", b":petri-page: a\n\nTitle\n=====\n"),
        ("a.rst", b":orphan:\n\nTitle\n", b":petri-page: a\n:orphan:\n\nTitle\n"),
        ("a.rst", b"Title\r\n=====\r\n", b":petri-page: a\r\n\r\nTitle\r\n=====\r\n"),
        ("a.rst", b"\xef\xbb\xbfTitle\n", b"\xef\xbb\xbf:petri-page: a\n\nTitle\n"),
        ("a.rst", b"Caf\xe9", b":petri-page: a\n\nCaf\xe9"),
        ("a.md", b"# Title\n", b"---\npetri-page: a\n---\n\n# Title\n"),
        ("a.md", b"---\nx: 1\n---\n# Title\n", b"---\npetri-page: a\nx: 1\n---\n# Title\n"),
        ("a.md", b"---\r\nx: 1\r\n---\r\n", b"---\r\npetri-page: a\r\nx: 1\r\n---\r\n"),
        ("a.md", b"", b"---\npetri-page: a\n---\n\n"),
    ],
)
def test_a_page_id_is_written_at_the_top(file: str, before: bytes, after: bytes) -> None:
    assert with_page_id(before, "a", file) == after
