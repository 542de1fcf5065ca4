"""A block of trials in the browser: keys, taps, misses, and what is sent."""

from __future__ import annotations

from typing import Any

from selenium.webdriver.common.keys import Keys

from .conftest import Open
from .questions import asking
from .scripted_study import Due

AFTER = asking("The result")


def block(*trials: dict[str, Any], **more: Any) -> Due:
    data = {
        "first": 0,
        "total": len(trials),
        "trials": list(trials),
        "keys": {"f": "red", "j": "blue", "ArrowLeft": "left"},
        "fixation_ms": 30,
        "deadline_ms": 20_000,
        "gap_ms": [10, 20],
        "batch": 24,
    }
    given = {"kind": "trials", "button": None, "script": "/static/scripts/petri-trials.js"}
    return Due("stroop", "<h1>Colours</h1>", more={**given, "data": data | more})


def shown(page: Any) -> str:
    """The stimulus on the screen, once there is one."""
    return str(page.visible(".trial-text").text)


def test_each_trial_takes_a_key_and_the_last_one_sends_them_all(opened: Open) -> None:
    page, study = opened(block({"text": "red", "colour": "blue"}, {"text": "blue"}, {"text": "left"}), AFTER)
    page.shows("Colours")
    page.press(".trials > .btn")
    for word, key in (("red", "x"), ("red", "f"), ("blue", "j"), ("left", Keys.ARROW_LEFT)):
        page.wait().until(lambda _, word=word: shown(page) == word)
        page.keys(key)
    page.shows("The result")
    sent = study.taken[0]["answers"]
    assert sent["first"] == 0
    assert [one["key"] for one in sent["trials"]] == ["f", "j", "ArrowLeft"]
    assert all(0 <= one["rt_ms"] < 20_000 for one in sent["trials"])


def test_a_tap_on_a_button_counts_as_its_key(opened: Open) -> None:
    page, study = opened(block({"text": "red"}), AFTER)
    page.shows("Colours")
    page.press(".trials > .btn")
    page.wait().until(lambda _: shown(page) == "red")
    page.press('[data-key="j"]')
    page.shows("The result")
    assert study.taken[0]["answers"]["trials"][0]["key"] == "j"


def test_a_missed_trial_is_sent_without_a_key(opened: Open) -> None:
    page, study = opened(block({"text": "red"}, deadline_ms=50), AFTER)
    page.shows("Colours")
    page.press(".trials > .btn")
    page.shows("The result")
    assert study.taken[0]["answers"]["trials"] == [{"key": None, "rt_ms": None}]


def test_feedback_says_whether_the_answer_was_right(opened: Open) -> None:
    page, study = opened(block({"text": "red", "right": "red"}), AFTER)
    page.shows("Colours")
    page.press(".trials > .btn")
    page.wait().until(lambda _: shown(page) == "red")
    page.keys("f")
    assert page.visible(".trial-right").text == "Correct"
    page.shows("The result")
    assert len(study.taken) == 1
