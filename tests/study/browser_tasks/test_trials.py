"""Blocks of trials: they run in the browser, and are stored in batches that are graded by the server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chalicelib.operations.study.answers.event_log import MOST_BATCHES
from petri.errors import ExperimentError
from petri.study import End, Page, Study, Trials
from tests.study.studies import OpenStudy, answer, due
from tests.web.world import Person, Said

WORDS = [{"text": word, "colour": ink} for word in ("red", "blue") for ink in ("red", "blue")]
KEYS = {"f": "red", "j": "blue"}


class Stroop(Study):
    """Eight trials in batches of three."""

    timeline = (
        Trials("stroop", stimuli=WORDS, repeat=2, keys=KEYS, correct="colour", batch=3),
        Page("after"),
        End(),
    )


def send(person: Person, first: int, trials: list[Any], serial: int = 1) -> Said:
    return answer(person, serial, first=first, trials=trials)


def batch(shown: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """Right answers to the first trials."""
    by_colour = {colour: key for key, colour in KEYS.items()}
    return [{"key": by_colour[one["colour"]], "rt_ms": 400.5} for one in shown[:count]]


def test_batches_are_stored_and_the_last_one_ends_the_page(open_study: OpenStudy) -> None:
    here = open_study(Stroop)
    person = here.arrive()
    shown = due(person)["data"]["trials"]
    assert len(shown) == 8
    assert send(person, 0, batch(shown, 3))["data"]["first"] == 3
    assert send(person, 3, batch(shown[3:], 3))["data"]["first"] == 6
    assert send(person, 6, batch(shown[6:], 2))["page"] == "after"
    rows = [row for item in here.items("trial_batch") for row in item["trials"]]
    assert [row["number"] for row in rows] == list(range(1, 9))
    assert all(row["correct"] for row in rows)


def test_a_trial_is_stored_with_its_stimulus_and_its_grade(open_study: OpenStudy) -> None:
    here = open_study(Stroop)
    person = here.arrive()
    stimulus = due(person)["data"]["trials"][0]
    send(person, 0, batch([stimulus], 1))
    (item,) = here.items("trial_batch")
    ink = stimulus["colour"]
    key = next(key for key, colour in KEYS.items() if colour == ink)
    row = {"number": 1, "stimulus": stimulus, "key": key, "response": ink, "correct": True, "rt_ms": 400.5}
    assert (item["page"], item["path"], item["first"], item["trials"]) == ("stroop", "stroop", 0, [row])


def test_a_trial_without_a_right_response_is_stored_without_a_grade(open_study: OpenStudy) -> None:
    class Free(Study):
        timeline = (Trials("free", stimuli=WORDS, keys=KEYS), End())

    here = open_study(Free)
    person = here.arrive()
    due(person)
    send(person, 0, [{"key": "f", "rt_ms": 1}])
    assert here.items("trial_batch")[0]["trials"][0]["correct"] is None


def test_the_browser_gets_the_block_with_its_keys_and_durations(open_study: OpenStudy) -> None:
    class Timing(Study):
        timeline = (
            Trials(
                "timing",
                stimuli=WORDS,
                keys=KEYS,
                fixation_ms=100,
                deadline_ms=900,
                gap_ms=(200, 300),
                batch=2,
            ),
            End(),
        )

    page = due(open_study(Timing).arrive())
    assert (page["kind"], page["button"]) == ("trials", None)
    data = page["data"]
    del data["trials"]
    assert data == {
        "first": 0,
        "total": 4,
        "keys": KEYS,
        "fixation_ms": 100,
        "deadline_ms": 900,
        "gap_ms": [200, 300],
        "batch": 2,
    }


@pytest.mark.parametrize(("feedback", "sent"), [("never", 0), ("practice", 1), ("always", 2)])
def test_feedback_needs_the_right_response_of_these_trials_only(
    open_study: OpenStudy, feedback: str, sent: int
) -> None:
    words = [
        {"text": "a", "colour": "red", "practice": "yes"},
        {"text": "b", "colour": "red", "practice": ""},
    ]

    class Practice(Study):
        timeline = (
            Trials("words", stimuli=words, keys=KEYS, correct="colour", feedback=feedback),
            End(),
        )

    trials = due(open_study(Practice).arrive())["data"]["trials"]
    assert [trial["right"] for trial in trials if "right" in trial] == ["red"] * sent


def test_a_batch_that_is_sent_twice_is_stored_once(open_study: OpenStudy) -> None:
    here = open_study(Stroop)
    person = here.arrive()
    shown = due(person)["data"]["trials"]
    send(person, 0, batch(shown, 3))
    with here.unchanged():
        assert send(person, 0, batch(shown, 3))["data"]["first"] == 3


def test_batches_that_are_sent_again_add_a_bounded_number_of_events(open_study: OpenStudy) -> None:
    here = open_study(Stroop)
    person = here.arrive()
    shown = due(person)["data"]["trials"]
    body = {"serial": 1, "answers": {"first": 0, "trials": batch(shown, 3)}, "events": [{"event": "x"}]}
    for _ in range(MOST_BATCHES + 5):
        here.clock.turn(seconds=1)
        assert here.post_json("/page", body, token=person.token).status == 200
    assert len(here.items("event_batch")) == MOST_BATCHES


def test_a_reload_goes_on_after_the_stored_trials_in_the_same_order(open_study: OpenStudy) -> None:
    person = open_study(Stroop).arrive()
    shown = due(person)["data"]["trials"]
    send(person, 0, batch(shown, 3))
    assert due(person)["data"]["trials"] == shown[3:]


def test_each_participant_has_an_order_of_their_own(open_study: OpenStudy) -> None:
    here = open_study(Stroop)
    orders = {str(due(here.arrive())["data"]["trials"]) for _ in range(8)}
    assert len(orders) > 1


def test_a_missed_trial_is_stored_as_wrong_and_without_a_time(open_study: OpenStudy) -> None:
    here = open_study(Stroop)
    person = here.arrive()
    due(person)
    send(person, 0, [{"key": None, "rt_ms": None}])
    row = here.items("trial_batch")[0]["trials"][0]
    assert (row["response"], row["correct"], row["rt_ms"]) == (None, False, None)


def test_the_right_response_is_not_sent_without_feedback(open_study: OpenStudy) -> None:
    data = due(open_study(Stroop).arrive())["data"]
    assert all("right" not in one for one in data["trials"])


@pytest.mark.parametrize(
    ("first", "trials"),
    [
        (3, [{"key": "f", "rt_ms": 1}]),
        (0, []),
        (0, "text"),
        (0, ["text"]),
        (0, [{"key": "x", "rt_ms": 1}]),
        (0, [{"key": "f", "rt_ms": -1}]),
        (0, [{"key": "f", "rt_ms": "fast"}]),
        (0, [{"key": "f", "rt_ms": 10**400}]),
        (0, [{"key": "f", "rt_ms": None}]),
        (True, [{"key": "f", "rt_ms": 1}]),
        (0, [{"key": "f", "rt_ms": 1}] * 9),
        (0, [{"key": ["f"], "rt_ms": 1}]),
    ],
)
def test_a_batch_that_does_not_fit_is_refused_and_nothing_is_stored(
    open_study: OpenStudy, first: Any, trials: Any
) -> None:
    here = open_study(Stroop)
    person = here.arrive()
    due(person)
    with here.unchanged():
        said = send(person, first, trials)
    assert (said.status, said.code) == (422, "answers_refused")


def test_stimuli_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "words.csv").write_text("text,colour\nred,blue\n", encoding="utf-8")
    block = Trials("stroop", stimuli="words.csv", keys=KEYS, correct="colour").with_stimuli(tmp_path)
    assert block.rows == ({"text": "red", "colour": "blue"},)
    assert block.problems() == []


@pytest.mark.parametrize("path", ["missing.csv", "../secret.csv"])
def test_a_file_that_is_missing_or_outside_of_the_folder_is_an_error(tmp_path: Path, path: str) -> None:
    (tmp_path.parent / "secret.csv").write_text("text\nred\n", encoding="utf-8")
    with pytest.raises(ExperimentError, match="has no file"):
        Trials("stroop", stimuli=path, keys=KEYS).with_stimuli(tmp_path)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"keys": {}}, "needs keys"),
        ({"keys": {"space": "red"}}, "needs keys"),
        ({"feedback": "often"}, "feedback='often'"),
        ({"batch": 0}, "batch=0"),
        ({"deadline_ms": -1}, "a duration that"),
        ({"stimuli": [{"word": "red"}]}, "shows nothing"),
        ({"stimuli": []}, "has 0 trials"),
        ({"stimuli": [{"text": "x", "colour": "green"}]}, "which no key stands for"),
    ],
)
def test_a_problem_of_a_block_is_reported(options: dict[str, Any], problem: str) -> None:
    block = Trials("stroop", **{"stimuli": WORDS, "keys": KEYS, "correct": "colour", **options})
    assert any(problem in each for each in block.problems())
