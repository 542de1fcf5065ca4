"""What the forms of the dashboard say and do when people decide about participants."""

from __future__ import annotations

import re

from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.paying_runs import Till, paying


def test_a_bonus_by_hand_is_shown_where_it_was_given_and_among_the_data(world: NewWorld) -> None:
    till = Till(world, paying(bonus=1))
    till.finish()
    browser = DashboardBrowser(till.here)
    given = browser.press("participants/1/bonus", [("amount", "0.50"), ("reason", "Thanks")])
    assert given.status == 303
    assert "bonus-1" in browser.open("participants/1")
    assert "bonus-1" in browser.open("data/payments")


def test_the_form_that_erases_a_participant_says_all_that_it_erases(world: NewWorld) -> None:
    till = Till(world, paying())
    till.finish()
    page = DashboardBrowser(till.here).open("participants/1/erase")
    text = re.sub(r"\s+", " ", page)
    assert "ids, and all that the participant wrote, drew or uploaded, are erased for good" in text
    assert "answers stay" not in text


def test_a_form_that_is_sent_twice_gives_one_bonus_and_a_new_form_gives_another(world: NewWorld) -> None:
    till = Till(world, paying())
    person = till.finish()
    browser = DashboardBrowser(till.here)
    for sent in (2, 1):
        form = re.search(r'name="form" value="(\w+)"', browser.open("participants/1/bonus"))[1]
        fields = [("amount", "0.50"), ("reason", "Thanks"), ("form", form)]
        assert [browser.press("participants/1/bonus", fields).status for _ in range(sent)] == [303] * sent
    assert sorted(till.ledger(person)) == ["base", "bonus-1", "bonus-2"]
