"""The demo chance_book on the real host: a reader practises what they have read, and rates an answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.browser.accessibility import problems
from tests.browser.hosts import Host, hosting
from tests.browser.study.people import Person

pytestmark = pytest.mark.e2e

DEMO = Path(__file__).parents[4] / "demos" / "chance_book"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with hosting(DEMO, tmp_path_factory.mktemp("practice"), recruiter="hotair") as served:
        yield served


def test_a_reader_practises_and_rates_an_answer_of_their_own(browser: Chrome, host: Host) -> None:
    one = Person(browser, host.address, 1)
    one.come()
    one.press('#page-content [data-open="book/evidence/evidence"]')
    one.reads("likelihood ratio")
    one.press('[name="rare_illness"][value="ninety"]')
    one.write("in_own_words", "They forget the many who are well.")
    one.go_on()
    one.reads("Practice")
    one.reads("How probable is the illness?")
    found = problems(browser, "practice")
    one.press('[name="rare_illness"][value="nine"]')
    one.go_on()
    one.reads("Right.")
    one.write("in_own_words", "Most positive tests are of people who are well.")
    one.go_on()
    one.reads("How well did you know it?")
    one.reads("Most positive tests are of people who are well.")
    one.reads("leave out how rare the illness is")
    found += problems(browser, "practice-rating")
    one.press('[name="in_own_words_rating"][value="easy"]')
    one.go_on()
    one.reads("pages finished")
    assert found == []
    reviews = [
        json.loads(row["body"])
        for row in host.rows("select body from item where kind = 'review' order by sk")
    ]
    assert [(one["item"], one["rating"]) for one in reviews] == [
        ("rare_illness", "good"),
        ("in_own_words", "easy"),
    ]
