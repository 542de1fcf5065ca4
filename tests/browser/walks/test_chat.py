"""Three people fill a room and talk, one goes away and comes back: three tabs, each with its own person."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.browser import accessibility, chromium
from tests.browser.group import People, Tab
from tests.browser.hosts import Host
from tests.demos.serving import environment, serving
from tests.experiments import EXPERIMENTS

CHAT = {"chat_seconds": "600"}


def say(tab: Tab, text: str) -> None:
    tab.front()
    tab.wait().until(lambda _: tab.visible("#text").is_enabled())
    tab.visible("#text").send_keys(text)
    tab.press("#send")
    tab.shows(text, "#log")


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("chatroom")
    with serving(str(EXPERIMENTS / "chatroom"), folder, groups="20", **CHAT) as address:
        yield Host(address, folder)


@pytest.fixture(scope="module")
def group(whole_browser: Chrome, host: Host) -> People:
    return People(whole_browser, host.address)


@pytest.fixture
def people(browser: Chrome, group: People) -> People:
    return group


def test_the_room_opens_for_all_when_the_last_one_comes(people):
    first, second = people.arrive(2)
    waited = first.shows("2 of 3 people are here", "#waiting-count")
    first.keep("waiting-room")
    (third,) = people.arrive(1)
    for tab in (first, second, third):
        tab.front().arrive_at("/exp")
    assert waited


def test_a_reload_keeps_the_place_in_the_waiting_room(people):
    first, second = people.arrive(2)
    first.shows("2 of 3 people are here", "#waiting-count")
    first.browser.execute_script("dallinger.allowExit(); location.reload();")
    first.shows("2 of 3 people are here", "#waiting-count")
    people.arrive(1)
    second.front().arrive_at("/exp")
    first.front().arrive_at("/exp")


def test_closing_the_waiting_room_frees_the_seat(people):
    first, second = people.arrive(2)
    first.shows("2 of 3 people are here", "#waiting-count")
    second.leave()
    assert first.shows("1 of 3 people are here", "#waiting-count")
    people.arrive(2)
    first.front().arrive_at("/exp")


def test_the_others_read_a_participants_message(people):
    first, second, third = people.meet(3)
    say(first, "I would take the water.")
    assert second.shows("I would take the water.", "#log")
    assert third.shows("I would take the water.", "#log")


def test_the_others_see_who_is_typing(people):
    first, second, _ = people.meet(3)
    first.front().visible("#text").send_keys("Hm")
    assert second.shows("is typing", "#typing")


def test_one_closes_the_tab_and_comes_back_to_the_talk(people):
    first, second, third = people.meet(3)
    say(first, "Shall we begin?")
    say(second, "The lamp, surely.")
    third.leave()
    say(first, "Where has everyone gone?")
    third.open()
    third.come(people.address, "exp")
    missed = third.shows("Where has everyone gone?", "#log")
    say(third, "Here I am again.")
    heard = first.shows("Here I am again.", "#log")
    first.keep("chat")
    assert (missed, heard) == (True, True)


def test_the_pages_of_the_talk_are_accessible(browser, people):
    first, second = people.arrive(2)
    first.shows("2 of 3", "#waiting-count")
    found = accessibility.problems(browser, "chatroom-waiting")
    (third,) = people.arrive(1)
    tabs = (first, second, third)
    for tab in tabs:
        tab.front().arrive_at("/exp")
    say(
        second,
        "The water, and the map of the stars, because nobody sleeps well on a thirsty boat. " * 2
        + "And you?",
    )
    say(first, "The lamp, too.")
    found += accessibility.problems(browser, "chatroom-talk")
    for tab in tabs:
        tab.front().press("#enough")
    first.front().visible("#go-on")
    found += accessibility.problems(browser, "chatroom-over")
    first.come(people.address, "instructions")
    first.visible("#go-to-waiting")
    found += accessibility.problems(browser, "chatroom-instructions")
    assert found == []


def test_a_chat_ends_when_all_members_have_ended_it(people):
    tabs = people.meet(3)
    for tab in tabs:
        tab.front().press("#enough")
    for tab in tabs:
        tab.front().press("#go-on")
        tab.arrive_at("/questionnaire")


def test_a_participant_at_the_questionnaire_is_recorded_as_having_done_their_part(people, host):
    tabs = people.meet(3)
    for tab in tabs:
        tab.front().press("#enough")
    tabs[0].front().press("#go-on")
    tabs[0].arrive_at("/questionnaire")
    found = "select id from participant where worker_id = ? and details like '%done_since%'"
    tabs[0].wait().until(lambda _: host.rows(found, f"W{tabs[0].number}"))


def test_a_lost_socket_reconnects_automatically(people):
    first, second, _ = people.meet(3)
    first.front().browser.execute_cdp_cmd("Network.enable", {})
    offline = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    first.browser.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
    say(second, "Can you hear me?")
    first.front().browser.execute_cdp_cmd("Network.emulateNetworkConditions", {**offline, "offline": False})
    assert first.shows("Can you hear me?", "#log")


def test_a_phone_shows_the_talk_without_scrolling_sideways(people):
    first, *_ = people.meet(3)
    say(first, "A rather long message that has to be broken into several lines on a small screen, I suppose.")
    chromium.resize_to_phone(first.browser)
    first.keep("chat-phone")
    assert not first.is_wider_than_the_window()


def test_a_participant_who_finds_full_rooms_sees_it_and_finishes(
    browser, tmp_path_factory: pytest.TempPathFactory
):
    folder: Path = tmp_path_factory.mktemp("full")
    with serving(str(EXPERIMENTS / "chatroom"), folder, group_size="2", groups="1", **CHAT) as address:
        people = People(browser, address)
        people.arrive(2)[0].front().arrive_at("/exp")
        (late,) = people.arrive(1)
        late.front().arrive_at("/questionnaire")
        late.keep("overrecruited")
        assert late.shows("The group is already complete")


class KillableHost:
    """A chat room whose server can be killed and started again, on the same port and with the same data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = str(free.getsockname()[1])
        self.address = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        words = ["debug", str(EXPERIMENTS / "chatroom"), "--no-browser", "--port", self.port, "--id", "again"]
        settings = environment(self.folder, PYTHONUNBUFFERED="1", COLUMNS="500", **CHAT)
        self.server = subprocess.Popen(
            [sys.executable, "-m", "infra.cli", *words],
            cwd=self.folder,
            env=settings,
            stdout=subprocess.PIPE,
            text=True,
        )
        next(line for line in self.server.stdout if self.address in line)

    def kill(self) -> None:
        self.server.kill()
        self.server.communicate()


@pytest.fixture
def killable(tmp_path: Path) -> Iterator[KillableHost]:
    host = KillableHost(tmp_path)
    host.start()
    yield host
    host.kill()


def test_a_chat_continues_after_the_server_was_killed_and_restarted(browser, killable):
    first, second, _ = People(browser, killable.address).meet(3)
    say(first, "Before.")
    second.shows("Before.", "#log")
    killable.kill()
    told = first.shows("connection was interrupted", ".status-banner")
    killable.start()
    say(first, "After.")
    assert told
    assert second.shows("After.", "#log")
