"""Participants who report that they have finished: the timeline says whether they have."""

from __future__ import annotations

import pytest

from chalicelib.operations.study.groups.waits import stop_group
from chalicelib.study.study import Study
from petri.study import End, Page, Wait, number
from petri.study import Group as GroupOf
from tests.study.studies import OpenStudy, answer, due
from tests.web.world import Person, World


class Paid(Study):
    """A page that earns a dollar, then another one."""

    guess = number("How many?")
    timeline = (Page("guess", ask="guess"), Page("last"), End())

    def page_answered(self, player, page):
        player.earn(1)


SETTINGS = {"points_per_dollar": 1, "num_participants": 2}


def left_because(here: World, person: Person) -> str | None:
    return next(item.get("released") for item in here.items("participant") if item["id"] == person.id)


@pytest.mark.parametrize("answered", [0, 1])
def test_reporting_completion_before_the_end_is_a_withdrawal_with_base_pay(
    open_study: OpenStudy, answered: int
) -> None:
    here = open_study(Paid, **SETTINGS)
    person = here.arrive()
    due(person)
    for _ in range(answered):
        answer(person, guess=1)
    assert person.finish().status == 200
    here.work()
    assert here.owed(person) == {"base": "1.50"}
    assert left_because(here, person) == "withdrawn"
    assert here.items("place")[0]["ended"] == "left"


def test_reporting_completion_without_a_page_is_a_withdrawal(open_study: OpenStudy) -> None:
    here = open_study(Paid, **SETTINGS)
    person = here.arrive()
    person.finish()
    here.work()
    assert (here.owed(person), left_because(here, person)) == ({"base": "1.50"}, "withdrawn")


def test_reporting_completion_after_the_end_changes_nothing(open_study: OpenStudy) -> None:
    here = open_study(Paid, **SETTINGS)
    person = here.arrive()
    answer(person, guess=1)
    assert answer(person)["kind"] == "end"
    here.work()
    assert here.owed(person) == {"base": "1.50", "bonus": "2.00"}
    with here.unchanged():
        assert person.finish().status == 200


class Paired(Study):
    """Two people, of whom one is stopped by the other's leaving."""

    guess = number("How many?")
    timeline = (GroupOf(2), Page("guess", ask="guess"), Wait(), End())


def test_the_reason_of_an_end_that_others_have_brought_about_stays(open_study: OpenStudy) -> None:
    here = open_study(Paired, **SETTINGS)
    one, other = here.arrive(), here.arrive()
    for person in (one, other, one):
        due(person)
    here.app.run(stop_group, here.items("study_group")[0]["network_id"], "it was stopped")
    assert other.finish().status == 200
    here.work()
    assert (left_because(here, other), here.owed(other)["base"]) == ("error", "1.50")
