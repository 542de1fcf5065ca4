from __future__ import annotations

import json
import random

import pytest

from infra.simulate.pace import Pace, Tempo

EVEN = Pace(spread=0.0, instructions=0.0, answer=8.0, words_read=4.0, words_typed=0.5, questionnaire=45.0)


def tempo(pace: Pace = EVEN) -> Tempo:
    return Tempo(pace, random.Random(1))


def test_an_answer_takes_longer_the_more_is_typed():
    assert tempo().before("POST", "/info/7", {"contents": "three short words"}) == 8 + 6


def test_received_infos_are_read_once_before_the_answer():
    person = tempo()
    person.saw("/node/7/received_infos", {"infos": [{"contents": "word " * 40}]})
    taken = [person.before("POST", "/info/7", {"contents": ""}) for _ in range(2)]
    assert taken == [8 + 10, 8]


RETELLING = {
    "html": f"<p class=big>{'word ' * 40}</p>",
    "items": {"story": {"kind": "text"}, "age": {"kind": "number"}},
}


def test_a_page_of_a_study_is_read_and_its_texts_are_typed():
    person = tempo(Pace(spread=0.0, words_read=4.0, words_typed=0.5))
    person.saw("/page", {"serial": 1, **RETELLING})
    answers = json.dumps({"story": "three short words", "age": "forty"})
    assert person.before("POST", "/page", {"serial": 1, "answers": answers}) == 8 + 10 + 6


def test_a_page_of_a_study_that_is_asked_for_again_is_read_once():
    person = tempo()
    for _ in range(2):
        person.saw("/page", {"serial": 1, **RETELLING})
        taken = person.before("POST", "/page", {"serial": 1, "answers": "{}"})
    assert taken == 8


def test_numbers_are_neither_read_nor_typed():
    assert tempo().before("POST", "/info/7", {"contents": "[[12.5, 3], [7, 8]]"}) == 8


@pytest.mark.parametrize("route", ["/participant", "/node/3", "/tracking_event/4"])
def test_requests_of_the_page_itself_take_no_thinking_time(route):
    assert tempo().before("POST", route, {}) == 0


def test_polling_takes_no_thinking_time():
    assert tempo().before("GET", "/chat", {}) == 0


def test_the_questionnaire_takes_its_time():
    assert tempo().before("POST", "/question/3", {}) == 45


def test_the_instructions_are_read_once_and_after_the_consent():
    person = tempo(Pace(spread=0.0, instructions=60.0))
    taken = [person.before(*asked, {}) for asked in (("GET", "/may-take-part"), ("POST", "/participant"))]
    assert (taken, person.before("GET", "/jar", {}), person.before("GET", "/jar", {})) == ([0, 0], 60, 0)


def test_people_differ():
    pace = Pace(instructions=0.0)
    times = {Tempo(pace, random.Random(number)).before("POST", "/info/1", {}) for number in range(10)}
    assert len(times) == 10
