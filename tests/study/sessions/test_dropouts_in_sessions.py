"""A member who disconnects in a later session is paid for it, as for the first one."""

from __future__ import annotations

from decimal import Decimal

import pytest

from chalicelib.operations.recruitment import budget
from petri.study import End, Form, Group, Page, Rounds, Session, Study, Wait, days, number
from tests.study.limits.test_members_who_are_gone import lose
from tests.study.studies import OpenStudy, answer, due
from tests.web.world import Person, World

PAID = {"base": "1.50", "visit-2": "2.00"}


class Teams(Study):
    """A first session alone, and a second one in a group of three."""

    effort = number("Which effort?", minimum=0, maximum=7)


def teams(policy: str) -> type[Study]:
    timeline = [
        Form("start", ask="effort"),
        Session("team", after=days(1), open_for=days(1), pay=2),
        Group(3, minimum=2, dropout_policy=policy, patience_seconds=30 if policy == "wait" else None),
        Rounds(2, [Page("choose", ask="effort", seconds=60, on_timeout={"effort": 0}), Wait()]),
        End(),
    ]
    return type("InTeams", (Teams,), {"timeline": timeline})


def in_second_session(here: World) -> list[Person]:
    """Bring three participants to the first page of their group in the second session."""
    people = [here.arrive() for _ in range(3)]
    for person in people:
        assert answer(person, effort=1)["kind"] == "session"
    here.work()
    turn(here, hours=24)
    for person in people:
        answer(person)
    here.work()
    assert [due(person)["path"] for person in people] == ["rounds[1]/choose"] * 3
    return people


def turn(here: World, **later: float) -> None:
    here.clock.turn(**later)
    here.work()


@pytest.mark.parametrize("policy", ["go_on", "wait", "bot"])
def test_a_member_without_whom_the_group_goes_on_is_paid_for_the_session(
    open_study: OpenStudy, policy: str
) -> None:
    here = open_study(teams(policy), hard_cap=100)
    *others, gone = in_second_session(here)
    lose(gone)
    turn(here, seconds=31)
    page = due(gone)
    assert (page["kind"], "paid for your time" in page["html"]) == ("end", True)
    for _ in range(2):
        for person in others:
            answer(person, effort=2)
    turn(here, hours=2)
    assert [due(person)["kind"] for person in others] == ["end", "end"]
    assert [here.owed(person) for person in (*others, gone)] == [PAID] * 3
    assert here.app.run(budget.owed) == Decimal("10.50")
    assert {one["details"][budget.RESERVED_FOR_SESSIONS] for one in here.items("participant")} == {"0"}


def test_all_members_of_a_group_that_ends_with_a_dropout_are_paid_for_the_session(
    open_study: OpenStudy,
) -> None:
    here = open_study(teams("end"))
    people = in_second_session(here)
    lose(people[-1])
    turn(here, hours=2)
    assert [due(person)["kind"] for person in people] == ["end"] * 3
    assert [here.owed(person) for person in people] == [PAID] * 3
    assert [item["status"] for item in here.items("visit")] == ["stopped"] * 3
