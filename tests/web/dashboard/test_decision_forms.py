"""What the forms of the dashboard say and do when people decide about participants."""

from __future__ import annotations

import re

import pytest

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


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("participants/1/note", {"text": "n" * 5001}, 409),
        ("participants/1/fail", {"reason": "r" * 501}, 409),
        ("participants/1/fail", {"reason": "a\x00b"}, 400),
        ("participants/1/extra-time", {"minutes": "0000099999"}, 400),
        ("participants/1/extra-time", {"minutes": "9" * 5000}, 400),
        ("participants/01/note", {"text": "lost"}, 409),
        ("responses/grading", {"participant": "1", "item": "x", "serial": "1", "points": "NaN"}, 200),
    ],
)
def test_a_form_takes_what_the_api_takes_and_nothing_else(
    world: NewWorld, path: str, fields: dict[str, str], status: int
) -> None:
    till = Till(world, paying())
    till.finish()
    browser = DashboardBrowser(till.here)
    with till.here.unchanged():
        assert browser.press(path, list(fields.items())).status == status


@pytest.mark.parametrize(
    "path", ["money?after=abc", "participants?condition=colour", "responses?condition=x", "participants/01"]
)
def test_an_address_that_is_not_valid_is_refused(world: NewWorld, path: str) -> None:
    till = Till(world, paying())
    till.finish()
    page, _, query = path.partition("?")
    fields = dict([query.split("=")]) if query else {}
    said = till.here.get(f"/dashboard/{page}", fields, headers=DashboardBrowser(till.here).headers)
    assert 400 <= said.status < 500
