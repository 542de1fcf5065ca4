"""What an embedded page may send: each limit is exact, and what is stored is complete."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.operations.study.answers import embedded_data
from chalicelib.study.elements.embed import MAX_EMBEDDED_BATCH
from petri.study import Embed, End, Group, Page, Session, Study, Wait, days
from tests.study.browser_tasks.test_embed import Flanker, send, stored
from tests.study.studies import OpenStudy, answer, due
from tests.web.world import Person, World

FIELDS = embedded_data.MAX_COLUMNS


def at_the_task(open_study: OpenStudy) -> tuple[World, Person]:
    here = open_study(Flanker)
    person = here.arrive()
    due(person)
    return here, person


def bytes_of(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())


def of_bytes(total: int, count: int) -> list[dict[str, str]]:
    """Return trials of a number of bytes as JSON; the letter ä has two."""
    trials = [{"x": "ä" * 20_000} for _ in range(count)]
    trials[-1]["x"] = ""
    trials[-1]["x"] = "y" * (total - bytes_of(trials))
    assert bytes_of(trials) == total
    return trials


def answers_of_bytes(total: int) -> list[dict[str, Any]]:
    found = [{"item": f"form.{number}", "kind": "embedded", "answer": "y" * 60_000} for number in range(4)]
    found[-1]["answer"] = ""
    found[-1]["answer"] = "y" * (total - bytes_of(found))
    return [{**one, "item": one["item"].removeprefix("form.")} for one in found]


@pytest.mark.parametrize(
    "trials",
    [
        pytest.param([{f"c{number}": 1 for number in range(FIELDS)}], id="columns"),
        pytest.param([{"x" * 100: 1}], id="the name of a column"),
        pytest.param([{}] * MAX_EMBEDDED_BATCH, id="trials"),
        pytest.param(of_bytes(embedded_data.MAX_SENT_BYTES, 5), id="bytes"),
    ],
)
def test_trials_up_to_each_limit_are_stored(open_study: OpenStudy, trials: list[Any]) -> None:
    here, person = at_the_task(open_study)
    assert send(person, 0, trials).status == 200
    assert [row["data"] for row in stored(here)] == trials


@pytest.mark.parametrize(
    ("trials", "words"),
    [
        ([{"rt": 1}, "text"], "Trial 4 must be an object"),
        ([{"rt": 1}, {"": 1}], "Trial 4 has a column without a name"),
        ([{"x" * 101: 1}], "Trial 3 has a column without a name, or with one above 100 letters"),
        ([{}, {}, {"x": "y" * 70_000}], "Trial 5 can't be stored"),
        (of_bytes(embedded_data.MAX_SENT_BYTES + 1, 5), "more than 200,000 bytes"),
    ],
)
def test_a_refusal_names_the_trial_by_its_number_in_the_page(
    open_study: OpenStudy, trials: list[Any], words: str
) -> None:
    here, person = at_the_task(open_study)
    send(person, 0, [{"rt": 1}, {"rt": 2}])
    with here.unchanged():
        said = send(person, 2, trials)
    assert (said.status, words in str(said.body)) == (422, True)


def test_trials_without_a_number_begin_the_page(open_study: OpenStudy) -> None:
    here, person = at_the_task(open_study)
    assert answer(person, 1, trials=[{"rt": 5}])["data"]["first"] == 1
    assert [row["number"] for row in stored(here)] == [1]
    with here.unchanged():
        assert answer(person, 1, first=0)["data"]["first"] == 1, "a message without trials stores none"


def test_a_page_ends_by_true_alone(open_study: OpenStudy) -> None:
    _, person = at_the_task(open_study)
    assert send(person, 0, [], done="yes")["page"] == "flanker"
    assert send(person, 0, [], done=True)["page"] == "form"


def test_the_last_trials_that_a_page_can_hold_are_stored(
    open_study: OpenStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_data, "MAX_EMBEDDED_TRIALS", 3)
    monkeypatch.setattr(embedded_data, "MAX_EMBEDDED_BYTES", bytes_of([{"rt": 1}]) * 3)
    here, person = at_the_task(open_study)
    for number in range(3):
        assert send(person, number, [{"rt": 1}]).status == 200
    with here.unchanged():
        assert send(person, 3, [{}]).status == 422
    monkeypatch.setattr(embedded_data, "MAX_EMBEDDED_TRIALS", 4)
    with here.unchanged():
        assert send(person, 3, [{}]).status == 422, "by its bytes"


class Together(Study):
    """Members of a group who each do a task."""

    timeline = (Group(2), Embed("task.html", trials=True), Wait(), Page("after"), End())


def test_a_batch_of_trials_says_where_when_and_by_whom(open_study: OpenStudy) -> None:
    here = open_study(Together)
    people = [here.arrive() for _ in range(2)]
    for person in people:
        due(person)
    one = people[0]
    serial = due(one)["serial"]
    send(one, 0, [{"rt": 1}], serial)
    here.clock.turn(seconds=7)
    send(one, 1, [{"rt": 2}, {"rt": 3}], serial)
    (place,) = [item for item in here.items("place") if item["participant_id"] == one.id]
    last = max(here.items("trial_batch"), key=lambda item: item["first"])
    assert {name: last[name] for name in ("participant_id", "serial", "first", "page", "path")} == {
        "participant_id": one.id,
        "serial": serial,
        "first": 1,
        "page": "task",
        "path": "task",
    }
    assert (last["node_id"], last["network_id"]) == (place["node_id"], place["network_id"])
    assert last["answered_at"].startswith(here.clock.now().isoformat()[:19])
    assert [trial["number"] for trial in last["trials"]] == [2, 3]
    assert "by" not in last, "a participant is the default"


def test_trials_of_a_later_session_have_its_number(open_study: OpenStudy) -> None:
    timeline = (
        Page("first"),
        Session("again", after=days(1), open_for=days(1)),
        Embed("task.html", trials=True),
        End(),
    )
    here = open_study(type("Twice", (Study,), {"timeline": timeline}))
    person = here.arrive()
    answer(person)
    here.work()
    here.clock.turn(hours=24)
    here.work()
    assert answer(person)["page"] == "task"
    send(person, 0, [{"rt": 1}], due(person)["serial"])
    (batch,) = here.items("trial_batch")
    assert batch["visit"] == 2


@pytest.mark.parametrize(
    ("trial", "rt_ms", "response", "correct"),
    [
        ({"rt_ms": 1, "rt": 2, "duration": 3}, 1, None, None),
        ({"rt_ms": None, "rt": 2, "duration": 3}, 2, None, None),
        ({"rt_ms": True, "duration": 3.5}, 3.5, None, None),
        ({"response": "y" * 200, "correct": False}, None, "y" * 200, False),
        ({"response": "y" * 201, "correct": 1}, None, None, None),
        ({"response": 7, "correct": "yes"}, None, 7, None),
        ({"response": {"a": 1}}, None, None, None),
        ({"response": True}, None, None, None),
    ],
)
def test_a_row_has_the_time_the_short_response_and_whether_it_was_right(
    open_study: OpenStudy, trial: dict[str, Any], rt_ms: Any, response: Any, correct: Any
) -> None:
    here, person = at_the_task(open_study)
    send(person, 0, [trial])
    (row,) = stored(here)
    assert (row["rt_ms"], row["response"], row["correct"], row["data"]) == (rt_ms, response, correct, trial)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({str(number): 1 for number in range(FIELDS)}, id="answers"),
        pytest.param({"x" * 100: 1}, id="a name"),
        pytest.param({"a": 1}, id="one letter"),
        pytest.param(answers_of_bytes(embedded_data.MAX_SENT_BYTES), id="bytes"),
        pytest.param([{"item": "a", "kind": "a" + "b" * 39, "answer": 1}], id="a kind"),
        pytest.param(None, id="none"),
    ],
)
def test_answers_up_to_each_limit_are_stored(open_study: OpenStudy, given: Any) -> None:
    here, person = at_the_task(open_study)
    send(person, 0, [], done=True)
    assert answer(person, 2, done=True, answers=given)["page"] == "after"
    (response,) = [item for item in here.items("response") if item["page"] == "form"]
    assert len(response.get("answers", [])) == len(given or [])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([{"item": "", "answer": 1}], "needs a name"),
        ([["item", "x"]], "needs a name"),
        ([{"item": "x", "kind": None}], "is a word"),
        ([{"item": "x", "kind": "a" + "b" * 40}], "is a word"),
        (answers_of_bytes(embedded_data.MAX_SENT_BYTES + 1), "more than 200,000 bytes"),
    ],
)
def test_answers_beyond_a_limit_are_refused(open_study: OpenStudy, given: Any, words: str) -> None:
    here, person = at_the_task(open_study)
    send(person, 0, [], done=True)
    with here.unchanged():
        said = answer(person, 2, done=True, answers=given)
    assert (said.status, words in str(said.body)) == (422, True)


def test_an_answer_without_a_kind_is_embedded(open_study: OpenStudy) -> None:
    here, person = at_the_task(open_study)
    send(person, 0, [], done=True)
    answer(person, 2, done=True, answers=[{"item": "a"}, {"item": "b", "answer": 2}])
    (response,) = [item for item in here.items("response") if item["page"] == "form"]
    assert [(one["item"], one["kind"], one["answer"]) for one in response["answers"]] == [
        ("form.a", "embedded", None),
        ("form.b", "embedded", 2),
    ]


def test_answers_other_than_objects_are_refused(open_study: OpenStudy) -> None:
    here, person = at_the_task(open_study)
    with here.unchanged():
        said = here.post_json("/page", {"serial": 1, "answers": ["x"]}, token=person.token)
    assert said.status in (400, 422)
