"""How the answers of a questionnaire are split into commits, stored, and refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.errors import BadRequest, Forbidden
from chalicelib.operations.participant import questions
from chalicelib.operations.shared.context import OPERATOR_CALLER
from tests.web.conftest import NewWorld
from tests.web.world import Person, World

MANY = questions.ANSWERS_PER_COMMIT


def answers(count: int) -> dict[str, str]:
    return {f"q{number}": "x" for number in range(count)}


def stored(here: World) -> list[tuple[Any, ...]]:
    found = sorted(here.items("question"), key=lambda item: item["number"])
    return [(item["number"], item["question"], item["response"], item.get("details")) for item in found]


@pytest.fixture
def arrived(world: NewWorld) -> tuple[World, Person]:
    here = world(question_max_length=20)
    return here, here.arrive()


def record(here: World, person: Person, given: dict[str, Any], part: int = 0) -> None:
    here.app.run(questions.record_questionnaire, person.id, "survey", given, part, caller=OPERATOR_CALLER)


@pytest.mark.parametrize(
    ("count", "sizes"), [(0, [0]), (1, [1]), (MANY, [MANY]), (MANY + 1, [MANY, 1]), (500, [90] * 5 + [50])]
)
def test_as_many_answers_as_a_commit_takes_make_a_part(count: int, sizes: list[int]) -> None:
    parts = questions.parts_of("survey", answers(count))
    assert [len(part) for part in parts] == sizes
    assert [number for part in parts for number in part] == list(range(count))


@pytest.mark.parametrize(
    ("length", "sizes"),
    [
        (1024 * 1024, [2, 2]),
        (1024 * 1024 - 2056, [3, 1]),
        (1024 * 1024 - 2055, [2, 2]),
        (4 * 1024 * 1024, [1] * 4),
    ],
)
def test_a_part_holds_three_megabytes_with_the_texts_around_the_answers(
    length: int, sizes: list[int]
) -> None:
    """Each answer counts with the questionnaire's name, the question's, and two kilobytes of a record."""
    given = {f"q{number}": "x" * length for number in range(4)}
    assert [len(part) for part in questions.parts_of("survey", given)] == sizes


def test_bytes_count_and_not_characters() -> None:
    given = {f"q{number}": "€" * (1024 * 1024 - 4096) for number in range(2)}
    assert len(questions.parts_of("survey", given)) == 2


def test_a_part_is_stored_with_the_numbers_of_its_answers(arrived: tuple[World, Person]) -> None:
    here, person = arrived
    given = {**answers(MANY), "last": ["a", "é"], "number": 7}
    record(here, person, given, part=1)
    assert stored(here) == [
        (MANY + 1, "last", '["a", "é"]', {"questionnaire": "survey"}),
        (MANY + 2, "number", "7", {"questionnaire": "survey"}),
    ]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (answers(501), "too_many_answers"),
        ({"q": "x" * 21}, "question_too_long"),
        ({"q" * 21: "x"}, "question_too_long"),
    ],
)
def test_a_questionnaire_beyond_the_limits_is_refused_whole(
    arrived: tuple[World, Person], given: dict[str, str], code: str
) -> None:
    here, person = arrived
    with pytest.raises(BadRequest) as caught:
        record(here, person, given)
    assert (caught.value.code, stored(here)) == (code, [])


def test_a_questionnaire_at_the_limits_is_stored(arrived: tuple[World, Person]) -> None:
    here, person = arrived
    record(here, person, {"q" * 20: "x" * 20})
    assert [question for _, question, _, _ in stored(here)] == ["q" * 20]


@pytest.mark.parametrize(
    ("response", "refused"),
    [
        ("x" * 20, False),
        ("x" * 21, True),
        (json.dumps({"a": "x" * 20, "b": "y" * 20}), False),
        (json.dumps({"a": "x" * 21}), True),
        ("{" + "x" * 20, True),
    ],
)
def test_each_answer_of_a_response_has_the_length_of_an_answer(
    arrived: tuple[World, Person], response: str, refused: bool
) -> None:
    here, person = arrived
    given = (person.id, "q", response, 3, {})
    if refused:
        with pytest.raises(BadRequest):
            here.app.run(questions.record_answer, *given, caller=OPERATOR_CALLER)
    else:
        here.app.run(questions.record_answer, *given, caller=OPERATOR_CALLER)
    assert [found[:3] for found in stored(here)] == ([] if refused else [(3, "q", response)])


def test_a_participant_who_failed_or_is_done_answers_no_questions(arrived: tuple[World, Person]) -> None:
    here, person = arrived
    person.finish()
    record(here, person, {"q": "before the review"})
    here.work()
    with pytest.raises(Forbidden) as caught:
        record(here, person, {"q": "after it"})
    assert caught.value.code == "participant_not_working"
    other = here.arrive()
    here.app.run(lambda ctx: ctx.uow.participant(other.id).fail())
    with pytest.raises(Forbidden) as caught:
        record(here, other, {"q": "failed"})
    assert caught.value.code == "participant_failed"
