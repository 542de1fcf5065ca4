"""Links between pages of an imported book lead to their place, wherever the book is in a timeline."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome

from infra.books.import_book import prepare
from tests.browser.hosts import Host, hosting
from tests.browser.study.people import Person
from tests.unit.books.sphinx_books import BOOK, write_book

pytestmark = pytest.mark.e2e

EXPERIMENT = """
from petri.study import Branch, Part, Study, imported_book


class BookInside(Study):
    timeline = [Part("course", [Branch("true", [imported_book()], name="reading")])]
"""
LONG = "\n\n".join(f"Line {number} of a text that is longer than a window." for number in range(80))
SOURCE = {
    **BOOK,
    "chance.rst": f"Luck\n====\n\n{LONG}\n\n{BOOK['chance.rst']}".replace(
        "\nChance\n======", "\nChance\n------"
    ),
}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("imported")
    found = prepare(write_book(folder / "source", SOURCE), folder / "study")
    found.apply(write_ids=False)
    (folder / "study" / "experiment.py").write_text(EXPERIMENT)
    with hosting(folder / "study", folder, recruiter="hotair") as served:
        yield served


def test_a_link_opens_its_page_at_its_place(browser: Chrome, host: Host) -> None:
    one = Person(browser, host.address, 1)
    one.come()
    one.press('#page-content [data-open$="/sums/sums"]')
    one.reads("A sum is never alone.")
    one.press('#page-content [data-open="./sums/means"]')
    one.reads("Means hide much.")
    one.press('#book-steps [data-open$="/sums/sums"]')
    one.reads("A sum is never alone.")
    one.press('#page-content [data-anchor="book-chance"]')
    one.reads("A coin has two sides.")
    state = "return [window.petri.study.current.path, document.activeElement.id];"
    expected = ["course/reading[then]/book/chance/chance", "book-chance"]
    one.wait().until(lambda _: browser.execute_script(state) == expected)
    top = "return document.getElementById('book-chance').getBoundingClientRect().top;"
    one.wait().until(lambda _: 0 <= browser.execute_script(top) < 300)
