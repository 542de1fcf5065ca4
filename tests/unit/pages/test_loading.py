"""A page of a study waits for what it loads, but not for a connection that hangs."""

from __future__ import annotations

import pytest

from .scripts import Scripts

IN_TIME = """
    var outcome = "waiting";
    window.petri.study.inTime({loading}).then((value) => {{ outcome = String(value); }});
"""


@pytest.fixture
def scripts() -> Scripts:
    scripts = Scripts()
    scripts.run("window.petri = { study: {} }; var performance = { now: () => 0 };")
    return scripts


def load(scripts: Scripts, loading: str) -> None:
    scripts.load("study/clock.js")
    scripts.run(IN_TIME.format(loading=loading))
    scripts.finish_promises()


def test_what_is_loaded_at_once_is_there_at_once(scripts: Scripts) -> None:
    load(scripts, "Promise.resolve('ready')")
    assert scripts.value("outcome") == "ready"


def test_a_page_is_shown_after_ten_seconds_although_a_script_hangs(scripts: Scripts) -> None:
    load(scripts, "new Promise(() => undefined)")
    assert scripts.value("outcome") == "waiting"
    assert scripts.value("timers.map(({ after }) => after)") == [10_000]
    scripts.run("timers.forEach(({ act }) => act());")
    scripts.finish_promises()
    assert scripts.value("outcome") == "undefined"
