"""The demo `chance_book` is what its source says, and follows a page whose file is renamed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from infra.books.import_book import prepare

DEMO = Path(__file__).parents[3] / "demos" / "chance_book"


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEMO, tmp_path / "chance_book", ignore=shutil.ignore_patterns("__pycache__")))


def test_the_demo_is_its_source_imported(demo: Path) -> None:
    found = prepare(demo / "source", demo)
    assert list(found.changes.lines()) == []
    assert not found.is_needed
    assert found.made.warnings == []


def test_a_page_whose_file_was_renamed_is_the_same_page(demo: Path) -> None:
    source = demo / "source"
    page = (demo / "pages/frequencies.html").read_text()
    (source / "chance/frequencies.md").rename(source / "chance/two_hundred_tosses.md")
    for file in (source / "chance/index.rst", source / "index.rst"):
        file.write_text(file.read_text().replace("frequencies\n", "two_hundred_tosses\n"))
    chapter = source / "chance/index.rst"
    chapter.write_text(chapter.read_text().replace(":doc:`frequencies`", ":doc:`two_hundred_tosses`"))
    found = prepare(source, demo)
    assert list(found.changes.lines()) == [
        "renamed: page frequencies, from chance/frequencies.md to chance/two_hundred_tosses.md"
    ]
    found.apply(write_ids=False)
    assert (demo / "pages/frequencies.html").read_text() == page
    assert not prepare(source, demo).is_needed
