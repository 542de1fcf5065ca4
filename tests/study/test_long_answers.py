"""Long answers and many rounds: a place stays small, and every answer can be read."""

from __future__ import annotations

import json

from petri.study import End, Page, Rounds, Study, text
from tests.study.studies import OpenStudy, answer, due

ROUNDS = 130


class Diary(Study):
    """An essay in each of many rounds, and a short note before."""

    note = text("A note")
    essay = text("An essay", long=True)
    timeline = (
        Page("begin", ask="note"),
        Rounds(ROUNDS, [Page("write", ask=["essay", "word"])]),
        Page("review"),
        End(),
    )
    word = text("A word")


REVIEW = {
    "review": "{{ player.note }}|{{ player.answers('essay')|length }}|{{ player.answers('essay')[0][:3] }}",
    "write": "{% if round > 1 %}{{ FIRST.essay|length }}/{{ FIRST.word }}{% endif %}".replace(
        "FIRST", "player.in_round(1)"
    ),
}


def test_answers_of_many_rounds_can_be_read_although_the_place_stays_small(open_study: OpenStudy) -> None:
    here = open_study(Diary, REVIEW)
    person = here.arrive()
    answer(person, note="n" * 5000)
    for number in range(ROUNDS):
        said = answer(person, essay=f"{number:03d}" + "e" * 4900, word="w" * 900 + str(number))
        assert said.status == 200, said
        if number < ROUNDS - 1:
            assert f"4903/{'w' * 900}0" in said["html"]
    assert due(person)["html"].strip() == f"{'n' * 5000}|{ROUNDS}|000"
    place = here.items("place")[0]
    assert len(json.dumps(place)) < 130_000
    assert len(place["answers"]) < ROUNDS
