"""The demo chance_book on the real host: a reader practises what they have read, and rates their own words."""

from __future__ import annotations

import re
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
    one.choose("rare_illness", "ninety")
    one.write("in_own_words", "They forget the many who are well.")
    one.submit()
    one.reads("Practice")
    one.reads("How probable is the illness?")
    found = problems(browser, "practice")
    one.choose("rare_illness", "nine")
    one.submit()
    one.reads("Right.")
    one.write("in_own_words", "Most positive tests are of people who are well.")
    one.submit()
    one.reads("How well did you know it?")
    one.reads("Most positive tests are of people who are well.")
    one.reads("leave out how rare the illness is")
    found += problems(browser, "practice-rating")
    one.choose("in_own_words_rating", "easy")
    one.submit()
    one.reads("pages finished")
    assert found == []
    reviews = host.rows("select fields from item where kind = 'review' order by sk")
    ratings = [re.findall(r'"rating":\s*"(\w+)"', str(row)) for row in reviews]
    assert ratings == [["good"], ["easy"]]
