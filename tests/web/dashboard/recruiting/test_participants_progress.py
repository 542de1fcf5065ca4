"""The list of participants says how far each has come."""

from __future__ import annotations

import re

from petri.study import End, Form, Rounds, Study, number
from tests.study.studies import OpenStudy, answer, open_study
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.experiments import Talk

__all__ = ["open_study"]


class Short(Study):
    """Two rounds of one item."""

    age = number("How old are you?")
    timeline = (Rounds(2, [Form("first", ask="age")]), End())


def page_of(html: str, participant: int) -> str:
    row = re.search(rf'<tr id="row-{participant}">.*?</tr>', html, re.DOTALL)
    assert row is not None
    cell = re.search(r'data-label="Page"[^>]*>(.*?)</td>', row[0], re.DOTALL)
    return "" if cell is None else re.sub(r"<[^>]+>", "", cell[1]).strip()


def test_the_page_of_each_participant_is_in_the_list(open_study: OpenStudy) -> None:
    here = open_study(Short)
    first, second = here.arrive(), here.arrive()
    for person in (first, second):
        answer(person, age=30)
    answer(first, age=31)
    browser = DashboardBrowser(here)
    listed = browser.open("participants")
    assert page_of(listed, second.id).startswith("rounds[2]")
    assert page_of(listed, first.id) != page_of(listed, second.id)
    assert 'scope="col">Page</th>' in listed


def test_an_experiment_without_pages_of_a_study_has_no_such_column(world: NewWorld) -> None:
    here = world(Talk)
    here.arrive()
    assert 'scope="col">Page</th>' not in DashboardBrowser(here).open("participants")
