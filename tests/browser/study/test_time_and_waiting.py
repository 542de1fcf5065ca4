"""Time limits, held buttons, waiting pages, scripts of pages, and the event log."""

from __future__ import annotations

import threading

from .conftest import Open
from .questions import OFFER, WHY, asking
from .scripted_study import Due

RESULT = asking("The result")


def test_when_time_is_up_the_draft_is_sent_even_if_it_is_not_valid(opened: Open) -> None:
    page, study = opened(asking("Quick", offer=OFFER, seconds=4), RESULT)
    page.write("offer", "99")
    assert page.visible("#timer").text.startswith("Time left")
    page.shows("The result")
    assert study.taken[0]["answers"] == {"offer": "99"}
    assert study.taken[0]["timeout"] is True
    assert page.hidden("#timer")


def test_the_button_is_held_back_for_the_seconds_that_a_page_needs(opened: Open) -> None:
    page, study = opened(Due("read", "<h1>Read this</h1>", more={"min_seconds": 3}), RESULT)
    page.shows("Read this")
    assert page.visible("#next").text.startswith("Next (")
    page.browser.execute_script("document.getElementById('next').click()")
    page.wait().until(lambda _: page.visible("#next").text == "Next")
    assert study.posts() == []
    page.go_on()
    page.shows("The result")
    assert study.taken[0]["timings"]["seconds"] >= 3


def test_media_are_loaded_before_the_page_is_shown_and_the_time_is_reported(opened: Open) -> None:
    preload = {"preload": ["/static/images/petri.svg", "/static/missing.mp3"]}
    page, study = opened(
        Due("look", "<h1>Look</h1><img src='/static/images/petri.svg' alt='A dish'>", more=preload), RESULT
    )
    page.shows("Look")
    page.go_on()
    page.shows("The result")
    assert 0 < study.taken[0]["timings"]["loading"] < 10


def test_a_waiting_page_asks_again_until_another_page_is_due(opened: Open) -> None:
    wait = Due("wait", "<h1>Please wait</h1>", more={"kind": "wait", "poll_seconds": 1, "button": None})
    page, study = opened(wait, RESULT)
    page.shows("Please wait")
    assert page.hidden("#next")
    page.wait().until(lambda _: len(study.requests("/page")) >= 3)
    study.at = 1
    page.shows("The result")
    assert page.browser.execute_script("return document.activeElement.textContent") == "The result"


def test_a_doorbell_is_heeded_at_once(opened: Open) -> None:
    wait = Due("wait", "<h1>Please wait</h1>", more={"kind": "wait", "poll_seconds": 600, "button": None})
    page, study = opened(wait, RESULT)
    page.shows("Please wait")
    study.at = 1
    page.browser.execute_script("document.dispatchEvent(new CustomEvent('petri:doorbell', { detail: {} }))")
    page.shows("The result")


def test_a_doorbell_that_rings_during_a_request_is_heeded_after_it(opened: Open) -> None:
    wait = Due("wait", "<h1>Please wait</h1>", more={"kind": "wait", "poll_seconds": 600, "button": None})
    page, study = opened(asking("Ready?"), wait, RESULT)
    page.shows("Ready?")
    held = threading.Event()
    study.hold(held)
    page.go_on()
    page.wait().until(lambda _: study.posts())
    page.browser.execute_script("document.dispatchEvent(new CustomEvent('petri:doorbell', { detail: {} }))")
    held.set()
    page.wait().until(lambda _: len(study.requests("/page")) >= 3)
    study.at = 2
    page.browser.execute_script("document.dispatchEvent(new CustomEvent('petri:doorbell', { detail: {} }))")
    page.shows("The result")


def test_a_pages_own_script_is_called_each_time_the_page_is_shown(opened: Open) -> None:
    def trial(number: int) -> Due:
        html = f"<h1>Trial {number}</h1><p id='stimulus'></p>"
        return Due("trial", html, more={"script": "/static/count.js", "data": {"number": number}})

    page, study = opened(trial(1), trial(2), RESULT)
    for number, key in ((1, "f"), (2, "j")):
        page.wait().until(lambda _, number=number: page.visible("#stimulus").text == f"Number {number}")
        page.browser.execute_script("dispatchEvent(new KeyboardEvent('keydown', { key: arguments[0] }))", key)
    page.shows("The result")
    assert [each["answers"] for each in study.taken] == [{"key": "f"}, {"key": "j"}]


def test_events_go_with_the_answer_but_never_what_was_typed(opened: Open) -> None:
    page, study = opened(asking("Offer", why=WHY), RESULT)
    page.write("why", "secret words")
    page.browser.execute_script(
        "petri.log('video', 'played', 'clip');"
        "document.getElementById('item-why').dispatchEvent(new ClipboardEvent('paste', { bubbles: true }));"
        "const script = document.createElement('script');"
        "script.textContent = \"throw new Error('broken script');\";"
        "document.body.append(script);"
    )
    page.wait().until(
        lambda browser: browser.execute_script(
            "return petri.study.events.collected().some((each) => each.event === 'error')"
        )
    )
    page.go_on()
    page.shows("The result")
    logged = [(each["event"], each["act"], each["item"]) for each in study.taken[0]["events"]]
    assert logged[0] == ("page", "shown", "")
    assert logged[-1] == ("page", "left", "")
    assert {
        ("video", "played", "clip"),
        ("clipboard", "paste", "why"),
        ("key", "first", "why"),
        ("key", "last", "why"),
    } <= set(logged)
    assert any(event == "error" and "broken script" in act for event, act, _ in logged)
    assert "secret" not in str(study.taken[0]["events"])
    assert all(isinstance(each["at"], int) and each["at"] >= 0 for each in study.taken[0]["events"])


def test_a_page_that_keeps_no_log_sends_no_events(opened: Open) -> None:
    page, study = opened(Due("quiet", "<h1>Quiet</h1>", more={"log": False}), RESULT)
    page.shows("Quiet")
    page.browser.execute_script("petri.log('video', 'played', 'clip')")
    page.go_on()
    page.shows("The result")
    assert study.taken[0]["events"] == []


def test_a_page_that_is_closed_sends_its_events_while_it_closes(opened: Open) -> None:
    page, study = opened(Due("propose", "<h1>Offer</h1>", more={"log": True}), RESULT)
    page.shows("Offer")
    page.browser.execute_script("window.dallinger.allowExit()")
    page.browser.get("about:blank")
    page.wait().until(lambda _: study.events)
    assert next((each["event"], each["act"]) for each in study.events) == ("page", "shown")
