"""Other rounds of a player: from inside of rounds, and from the end, where `score` is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.study_context import session_of
from chalicelib.study.player import Player
from chalicelib.study.study import Study
from petri.errors import RuleBroken
from petri.study import End, Form, Part, Rounds, number
from tests.study.studies import OpenStudy, answer
from tests.web.world import World


class Best(Study):
    """The best of the rounds is paid."""

    mine = number("Which number?")
    timeline = (Part("main", [Rounds(3, [Form("name", ask="mine")], name="first")]), End())

    def score(self, player):
        return max(player.in_round(each).mine for each in (1, 2, 3))


def played(open_study: OpenStudy, study: type[Study], answers: int = 3) -> World:
    here = open_study(study, points_per_dollar=10)
    person = here.arrive()
    for value in range(1, answers + 1):
        answer(person, mine=value * 10)
    here.work()
    return here


def at_end(here: World, look: Callable[[Player], Any]) -> Any:
    def act(ctx: Context) -> Any:
        return look(session_of(ctx).player(1))

    return here.app.run(act)


def test_score_can_look_at_single_rounds(open_study: OpenStudy) -> None:
    here = played(open_study, Best)
    assert sorted(item["amount"] for item in here.items("payment")) == ["1.50", "3.00"]


def test_all_rounds_with_answers_are_previous_ones_at_the_end(open_study: OpenStudy) -> None:
    here = played(open_study, Best)
    assert at_end(here, lambda player: [one.mine for one in player.in_previous_rounds()]) == [10, 20, 30]


def test_of_several_rounds_the_name_says_which(open_study: OpenStudy) -> None:
    inner = Rounds(2, [Form("name", ask="mine")], name="inner")
    twice = (Rounds(2, [inner], name="outer"), Rounds(1, [Form("name", ask="mine")], name="last"), End())
    here = played(open_study, type("Nested", (Study,), {"mine": number("?"), "timeline": twice}), 5)

    def look(player: Player) -> list[int]:
        outer = player.in_round(2, of="outer")
        return [outer.in_round(1, of="inner").mine, outer.in_round(1).in_round(2, of="inner").mine]

    assert at_end(here, look) == [30, 20]
    with pytest.raises(RuleBroken, match=r"several Rounds \('outer', 'last'\); say which: .*of='outer'"):
        at_end(here, lambda player: player.in_round(1))
    with pytest.raises(RuleBroken, match="isn't in Rounds with the name 'other'"):
        at_end(here, lambda player: player.in_round(1, of="other"))
