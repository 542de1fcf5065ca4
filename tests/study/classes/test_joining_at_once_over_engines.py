"""Many people join a class at one moment, or are erased while they join, begin or answer."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib.access.rights import OPERATOR_ACTOR
from chalicelib.errors import Forbidden, PetriError
from chalicelib.operations.classes.class_records import members_of, read_class
from chalicelib.operations.classes.class_settings import ClassSettings
from chalicelib.operations.classes.erased_members import erase_member
from chalicelib.operations.classes.joining_members import join_class
from chalicelib.operations.classes.lti_members import LtiLaunch, join_by_launch
from chalicelib.operations.classes.manage_classes import change_class
from chalicelib.operations.management.erase_participant import erase_participant
from chalicelib.storage.engine import Engine
from petri.study import End, Form, Study, text
from tests.contract.factories import ANY_CALLER, at_once, dump, refusals
from tests.study.classes.test_erased_members_over_engines import _end
from tests.study.classes.test_managed_classes_over_engines import ANN, School
from tests.study.contract.players import Player, Seat, sums

CROWD = 32


def essay() -> type[Study]:
    """A study with one long answer."""

    class Essay(Study):
        why = text("Why?")
        timeline = (Form("why", ask="why"), End())

    return Essay


@pytest.fixture
def school(crowded: Engine, seat_players: Seat) -> School:
    return School(seat_players(crowded, sums(2), 0))


def code_of(school: School, number: int) -> str:
    return str(school.do(OPERATOR_ACTOR, read_class, number).join_code)


def join(school: School, code: str, name: str, email: str, once: str = "") -> Any:
    return school.table.app.run(join_class, code, name, email, "", once, caller=ANY_CALLER)


def members(school: School, number: int) -> list[Any]:
    found: list[Any] = school.do(OPERATOR_ACTOR, members_of, number)
    return found


def test_of_thirty_two_who_join_at_once_with_one_address_one_becomes_a_member(school: School) -> None:
    number = school.open()
    code = code_of(school, number)
    acts = [partial(join, school, code, f"Ada {one}", "ada@example.org") for one in range(CROWD)]
    assert refusals(at_once(acts)) == ["member_exists"] * (CROWD - 1)
    assert len(members(school, number)) == 1


def test_thirty_two_who_join_at_once_become_thirty_two_members_with_links_of_their_own(
    school: School,
) -> None:
    number = school.open()
    code = code_of(school, number)
    acts = [partial(join, school, code, f"P{one}", f"p{one}@example.org") for one in range(CROWD)]
    links = {joined.link for joined in at_once(acts)}
    assert len(links) == CROWD
    assert sorted(one.name for one in members(school, number)) == sorted(f"P{one}" for one in range(CROWD))


def test_a_class_that_is_closed_while_thirty_two_join_has_those_who_were_told_so(school: School) -> None:
    number = school.open()
    code = code_of(school, number)
    acts: list[Any] = [partial(join, school, code, f"P{one}", f"p{one}@example.org") for one in range(CROWD)]
    acts.insert(CROWD // 2, partial(school.do, ANN, change_class, number, ClassSettings(is_open=False)))
    results = at_once(acts)
    assert set(refusals(results)) <= {"class_closed"}
    joined = len(results) - len(refusals(results)) - 1
    assert len(members(school, number)) == joined
    with pytest.raises(Forbidden):
        join(school, code, "Late", "late@example.org")


def test_of_eight_copies_of_a_launch_that_arrive_at_once_one_is_taken(school: School) -> None:
    number = school.open()
    launch = LtiLaunch(
        id="nonce-1",
        ends=school.table.clock.now() + timedelta(minutes=10),
        platform="moodle",
        issuer="https://moodle.example.org",
        subject="ada-1",
        name="Ada",
        email="ada@example.org",
        class_code=code_of(school, number),
        teaches=False,
        line_item="",
    )
    taken = at_once([partial(school.table.app.run, join_by_launch, launch, caller=ANY_CALLER)] * 8)
    assert len(refusals(taken)) == 7
    assert [one.lti_identity != "" for one in members(school, number)] == [True]


def test_a_person_who_joins_two_classes_at_once_is_a_member_of_each(school: School) -> None:
    numbers = [school.open(name=f"Economics {one}") for one in range(2)]
    acts = [
        partial(join, school, code_of(school, number), "Ada", "ada@example.org") for number in numbers * 4
    ]
    assert refusals(at_once(acts)) == ["member_exists"] * 6
    assert [len(members(school, number)) for number in numbers] == [1, 1]


def test_of_erasing_a_member_and_beginning_with_their_link_at_once_one_happens(
    crowded: Engine, school: School
) -> None:
    number = school.open()
    for round_ in range(4):
        name = f"Secret{round_}"
        seat = school.add(number, name, email=f"{name}@example.org").member.id
        acts: list[Any] = [
            partial(school.enter, seat),
            partial(school.do, OPERATOR_ACTOR, erase_member, seat),
        ]
        begun, erased = at_once(acts if round_ % 2 else acts[::-1])[:: 1 if round_ % 2 else -1]
        left = name in str(dump(crowded))
        if isinstance(erased, PetriError):
            assert (erased.code, isinstance(begun, int), left) == ("member_begun", True, True)
        else:
            assert isinstance(begun, PetriError)
            assert (begun.code, left) == ("class_link_ended", False)


def test_nothing_is_left_of_an_address_that_is_erased_while_another_person_joins_with_it(
    crowded: Engine, school: School
) -> None:
    number = school.open()
    code = code_of(school, number)
    seat = school.add(number, "Ada", email="ada@example.org").member.id
    acts: list[Any] = [
        partial(join, school, code, "Bob", "ada@example.org"),
        partial(school.do, OPERATOR_ACTOR, erase_member, seat),
    ]
    joined, erased = at_once(acts)
    assert erased.name == "[erased]"
    if isinstance(joined, PetriError):
        assert joined.code == "member_exists"
        joined = join(school, code, "Bob", "ada@example.org")
    held = [one.name for one in members(school, number) if one.email]
    assert held == ["Bob"]


def test_nothing_is_left_of_an_answer_that_arrives_while_a_member_is_erased(
    crowded: Engine, seat_players: Seat
) -> None:
    school = School(seat_players(crowded, essay(), 0))
    number = school.open()
    seat = school.add(number, "Lovelace", email="ada@example.org").member.id
    player = Player(school.table.app, school.enter(seat))
    player.get()

    def erase() -> Any:
        school.do(OPERATOR_ACTOR, _end, player.id)
        return school.do(OPERATOR_ACTOR, erase_participant, player.id)

    at_once([partial(player.post, why="Because of Lovelace"), erase])
    school.table.work()
    stored = str(dump(crowded))
    assert [one for one in ("Lovelace", "ada@example.org", seat) if one in stored] == []
