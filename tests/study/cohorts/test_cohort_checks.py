"""Cohorts that can't be: a study is refused at load, with what is wrong and how to solve it."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.study.checks import check_study
from chalicelib.study.elements import Element
from petri.study import Branch, Cohort, End, For, Form, Group, Part, Rounds, Study, Wait, number


def problems(*timeline: Element) -> list[str]:
    return check_study(type("Matches", (Study,), {"mine": number("?"), "timeline": (*timeline, End())}))


def match(size: int = 2, **more: Any) -> list[Element]:
    return [Group(size, match="strangers", **more), Form("play", ask="mine"), Wait()]


@pytest.mark.parametrize(
    "timeline",
    [
        [Cohort(8), Rounds(7, match())],
        [Cohort(9), Rounds(4, match(3))],
        [Part("main", [Cohort(16), Rounds(5, match(4))])],
        [Cohort(8), For("topic", ["a", "b"], do=match()), Rounds(5, match())],
        [Cohort(8), Rounds(20, [Group(4, match="partners"), Wait()])],
        [Cohort(8), Rounds(chance=0.5, most=7, do=match())],
        [Cohort(8, match="condition"), Group(2), Wait()],
        [Cohort(4, only={}), Group(2, match="strangers"), Rounds(chance=0.9, most=50, do=[Wait()])],
    ],
)
def test_a_cohort_whose_groups_can_be_formed_is_accepted(timeline: list[Element]) -> None:
    assert problems(*timeline) == []


@pytest.mark.parametrize(
    ("timeline", "told"),
    [
        (
            [Cohort(8), Rounds(8, match())],
            "2 strangers 8 times, but 8 people can do so at most 7 times without meeting again.",
        ),
        (
            [Cohort(8), Rounds(8, match())],
            "Make it a cohort of 10, or use fewer rounds.",
        ),
        (
            [Cohort(8), Rounds(chance=0.5, most=30, do=match())],
            "30 times, but 8 people can do so at most 7 times without meeting again. Make it a cohort of 32",
        ),
        (
            [Cohort(8), *match(4), *match(4)],
            "2 times, but 8 people can do so at most once without meeting again. Make it a cohort of 16",
        ),
        (
            [Cohort(24), Rounds(7, match(4))],
            "24 people can do so 5 times by the schedules that Petri knows without meeting again.",
        ),
        ([Cohort(4), Rounds(200, match())], "Use fewer rounds."),
        (
            [Cohort(9), Group(2), Wait()],
            "has 9 members, who can't all be in groups of 2 (Group 'group'); give it 8 members.",
        ),
        (match(), "Group 'group' has match=\"strangers\", but there is no Cohort before it."),
        ([*match(), Cohort(4)], "but there is no Cohort before it."),
        ([Rounds(2, [Cohort(4), Wait()])], "Cohort 'rounds/cohort' is inside Rounds; put it before"),
        ([Branch("mine", then=[Cohort(4)])], "is inside Branch; put it before"),
        ([Cohort(12), *match(2), *match(3)], "have different sizes (2, 3); a schedule needs one size."),
        (
            [Cohort(8), For("topic", "topics", do=match())],
            "Group 'topic[?]/group' meets strangers for each value of a list that a method returns",
        ),
        ([Cohort(1)], "Cohort 'cohort' has 1 members; give a number from 2 to 90."),
        ([Cohort(8, match="strangers")], "has match='strangers'; use one of arrival, condition."),
        ([Cohort(8, wait_minutes=0)], "has wait_minutes=0; give a number above 0."),
    ],
)
def test_a_cohort_whose_groups_cannot_be_formed_is_refused(timeline: list[Element], told: str) -> None:
    assert any(told in problem for problem in problems(*timeline)), problems(*timeline)


@pytest.mark.parametrize(
    ("roles", "told"),
    [
        (["buyer"], "Group 'group' has 3 members, but 1 roles (buyer); list a role for each member"),
        (["a", "b", "c", "d"], "but 4 roles (a, b, c, d); give it the size 4, or remove 1 of the roles."),
        ("buyer", "has roles='buyer'; give a list, such as roles=['buyer', ...]."),
    ],
)
def test_roles_that_do_not_fit_a_group_are_refused_with_what_to_do(roles: Any, told: str) -> None:
    assert any(told in problem for problem in problems(Group(3, roles=roles), Wait()))
