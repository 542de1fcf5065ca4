"""The waiting room's page and script: how far it is, how long it has been, and kind words at the end."""

from __future__ import annotations

import pytest

from tests.browser.pages import ConsentPage, Page
from tests.browser.standin import success

QUERY = "hitId=H1&assignmentId=A1&workerId=W1"
PARTICIPANT = {"id": 1, "creation_time": "2024-05-01T10:00:00.000000Z"}
WAITING = {"q": 4, "n": 2, "overrecruited": False}
FULL = {"q": 4, "n": 4, "overrecruited": False}
#: A socket that never opens, so that only asking is left.
DEAD_SOCKET = "window.sockets = 0; window.WebSocket = class { constructor() { sockets += 1; } close() {} };"
ENTERED = "window.entered = null; dallinger.waitForQuorum().done((room) => { window.entered = room; });"


@pytest.fixture
def page(plain, browser):
    plain.on("POST", "/participant", success(participant=PARTICIPANT, token="t", quorum=WAITING))
    plain.on("GET", "/waiting-room/1", success(quorum=WAITING))
    return Page(browser)


def open_page(page, plain, name, query=QUERY):
    page.browser.get(f"{plain.url}/{name}?{query}")
    page.arrive_at(f"/{name}")


def run(page, script):
    return page.browser.execute_script(script)


def test_the_page_says_how_many_are_there(plain, page):
    open_page(page, plain, "waiting")
    page.wait().until(lambda _: page.visible("#waiting-count").text == "2 of 4 people are here")


def test_the_title_says_it_to_a_participant_who_looks_elsewhere(plain, page):
    open_page(page, plain, "waiting")
    page.wait().until(lambda browser: browser.title.startswith("(2/4) "))


def test_a_screen_reader_announces_how_many_participants_have_arrived(plain, page):
    open_page(page, plain, "waiting")
    status = "return document.getElementById('waiting-status').textContent"
    page.wait().until(lambda _: run(page, status) == "2 of 4 people are here")


def test_the_waiting_time_survives_a_reload(plain, page):
    open_page(page, plain, "waiting")
    run(page, "sessionStorage.setItem('petri:waiting:W1:A1', Date.now() - 65000);")
    run(page, "dallinger.allowExit(); location.reload();")
    page.wait().until(lambda _: page.visible("#waiting-time").text.startswith("1:"))


def test_a_participant_released_while_waiting_is_thanked_for_it(plain, page):
    plain.on("GET", "/waiting-room/1", success(quorum={**WAITING, "released": True}))
    open_page(page, plain, "exp")
    run(page, DEAD_SOCKET + "delete window.petri; dallinger.createParticipant();")
    assert "Thank you for waiting" in page.visible("#goodbye").text


def test_a_participant_released_before_a_reload_does_not_wait_again(plain, page):
    room = {**WAITING, "released": True}
    plain.on("POST", "/participant", success(participant=PARTICIPANT, token="t", quorum=room))
    open_page(page, plain, "waiting")
    page.press("#go-to-end")
    page.arrive_at("/questionnaire")


def test_the_room_opens_without_a_socket_too(plain, page):
    plain.on("GET", "/waiting-room/1", success(quorum=WAITING), success(quorum=FULL))
    open_page(page, plain, "exp", f"{QUERY}&participant_id=1")
    run(page, DEAD_SOCKET + "petri.timing.heartbeat = 50;" + ENTERED)
    page.wait().until(lambda _: run(page, "return entered;") == FULL)


def test_a_layout_without_channels_waits_too(plain, page):
    plain.on("GET", "/waiting-room/1", success(quorum=FULL))
    open_page(page, plain, "exp", f"{QUERY}&participant_id=1")
    run(page, "delete window.petri;" + ENTERED)
    page.wait().until(lambda _: run(page, "return entered;") == FULL)


def test_waiting_may_begin_before_the_participant_is_made(plain, page):
    plain.on("GET", "/waiting-room/1", success(quorum=FULL))
    open_page(page, plain, "exp")
    run(page, "delete window.petri;" + ENTERED)
    before = plain.requests("/waiting-room/1")
    run(page, "dallinger.createParticipant();")
    page.wait().until(lambda _: run(page, "return entered;") == FULL)
    assert before == []


def test_a_participant_overrecruited_while_waiting_skips_the_experiment(plain, page):
    plain.on("GET", "/waiting-room/1", success(quorum={**WAITING, "overrecruited": True}))
    open_page(page, plain, "exp", f"{QUERY}&participant_id=1")
    run(page, "delete window.petri;" + ENTERED)
    page.wait().until(lambda _: run(page, "return entered !== null;"))
    assert run(page, "return dallinger.skip_experiment;") is True


def test_the_consent_to_bots_is_sent_with_the_participant(plain, page):
    open_page(page, plain, "consent")
    run(
        page,
        "document.getElementById('consent').insertAdjacentHTML('beforebegin',"
        '\'<input type="checkbox" id="consent-bots" checked>\');',
    )
    ConsentPage(page.browser).agree()
    page.wait().until(lambda _: plain.requests("/participant"))
    assert plain.requests("/participant")[0].data["consent_bots"] == "True"


def test_without_that_box_no_participant_agrees_to_a_bot(plain, page):
    open_page(page, plain, "consent")
    ConsentPage(page.browser).agree()
    page.wait().until(lambda _: plain.requests("/participant"))
    assert "consent_bots" not in plain.requests("/participant")[0].data
