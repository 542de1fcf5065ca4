"""What a study's hooks draw at random depends on the participant, and not on when they come."""

from __future__ import annotations

import random
from typing import Any

from petri.study import End, Form, Study, text
from tests.study.studies import OpenStudy, answer


class Lottery(Study):
    """Each answer wins a number that is drawn at random."""

    note = text("Note?")
    timeline = (Form("first", ask="note"), Form("second", ask="note"), End())

    def page_answered(self, player: Any, page: str) -> None:
        player.keep(**{f"won_on_{page}": random.random()})


def test_hooks_draw_other_numbers_for_each_participant_and_page(open_study: OpenStudy) -> None:
    here = open_study(Lottery)
    for person in [here.arrive() for _ in range(2)]:
        for note in ("one", "two"):
            answer(person, note=note)
    won = [number for place in here.items("place") for number in place["kept"].values()]
    assert len(set(won)) == len(won) == 4


def test_the_same_run_draws_the_same_numbers(open_study: OpenStudy) -> None:
    found = []
    for _ in range(2):
        here = open_study(Lottery)
        answer(here.arrive(), note="one")
        found += [place["kept"] for place in here.items("place")]
    assert found[0] == found[1]
