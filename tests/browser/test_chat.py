"""Three people fill a room and talk, one goes away and comes back: three tabs, each with its own person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.demos.serving import serving

from . import chromium
from .pages import Page

CHAT = {"chat_seconds": "600"}
SCREENSHOTS = Path(__file__).parents[2] / "artifacts" / "screenshots"


class Tab(Page):
    """One person's tab; every step happens in it, whichever was in front before."""

    def __init__(self, browser: Chrome, number: int) -> None:
        super().__init__(browser)
        self.number = number
        self.open()

    def open(self) -> None:
        self.browser.switch_to.new_window("tab")
        self.handle = self.browser.current_window_handle

    def front(self) -> Tab:
        self.browser.switch_to.window(self.handle)
        return self

    def come(self, address: str, page: str) -> Tab:
        self.front()
        ids = f"hitId=H&assignmentId=A{self.number}&workerId=W{self.number}&mode=debug&recruiter=hotair"
        self.browser.get(f"{address}/{page}?{ids}")
        return self

    def leave(self) -> None:
        self.front()
        self.browser.close()
        self.browser.switch_to.window(self.browser.window_handles[0])

    def shows(self, text: str, selector: str = "main") -> bool:
        self.front()
        self.wait().until(lambda browser: text in browser.find_element("css selector", selector).text)
        return True

    def say(self, text: str) -> None:
        self.front()
        self.wait().until(lambda _: self.visible("#text").is_enabled())
        self.visible("#text").send_keys(text)
        self.press("#send")
        self.shows(text, "#log")

    def keep(self, name: str) -> None:
        self.front()
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.browser.save_screenshot(str(SCREENSHOTS / f"{name}.png"))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving("chatroom", tmp_path_factory.mktemp("chatroom"), groups="20", **CHAT) as address:
        yield address


class People:
    """Makes new people, three at a time."""

    def __init__(self, browser: Chrome, address: str) -> None:
        self.browser = browser
        self.address = address
        self.count = 0

    def arrive(self, how_many: int = 3) -> list[Tab]:
        """Let people come to the waiting room."""
        self.count += how_many
        numbers = range(self.count - how_many + 1, self.count + 1)
        return [Tab(self.browser, number).come(self.address, "waiting") for number in numbers]

    def meet(self) -> list[Tab]:
        """Let three people come, and begin to talk."""
        tabs = self.arrive()
        for tab in tabs:
            tab.front().arrive_at("/exp")
            tab.wait().until(lambda _, tab=tab: tab.visible("#text").is_enabled())
        return tabs


@pytest.fixture(scope="module")
def everybody(whole_browser: Chrome, address: str) -> People:
    return People(whole_browser, address)


@pytest.fixture
def people(browser: Chrome, everybody: People) -> People:
    return everybody


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


def test_who_closes_the_waiting_room_gives_up_the_seat(people):
    first, second = people.arrive(2)
    first.shows("2 of 3 people are here", "#waiting-count")
    second.leave()
    assert first.shows("1 of 3 people are here", "#waiting-count")
    people.arrive(2)
    first.front().arrive_at("/exp")


def test_what_one_says_the_others_read(people):
    first, second, third = people.meet()
    first.say("I would take the water.")
    assert second.shows("I would take the water.", "#log")
    assert third.shows("I would take the water.", "#log")


def test_the_others_see_who_is_typing(people):
    first, second, _ = people.meet()
    first.front().visible("#text").send_keys("Hm")
    assert second.shows("is typing", "#typing")


def test_one_closes_the_tab_and_comes_back_to_the_talk(people):
    first, second, third = people.meet()
    first.say("Shall we begin?")
    second.say("The lamp, surely.")
    third.leave()
    first.say("Where has everybody gone?")
    third.open()
    third.come(people.address, "exp")
    missed = third.shows("Where has everybody gone?", "#log")
    third.say("Here I am again.")
    heard = first.shows("Here I am again.", "#log")
    first.keep("chat")
    assert (missed, heard) == (True, True)


def test_a_talk_ends_when_all_have_said_enough(people):
    tabs = people.meet()
    for tab in tabs:
        tab.front().press("#enough")
    for tab in tabs:
        tab.front().press("#go-on")
        tab.arrive_at("/questionnaire")


def test_a_lost_socket_comes_back_by_itself(people):
    first, second, _ = people.meet()
    first.front().browser.execute_cdp_cmd("Network.enable", {})
    offline = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    first.browser.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
    second.say("Can you hear me?")
    first.front().browser.execute_cdp_cmd("Network.emulateNetworkConditions", {**offline, "offline": False})
    assert first.shows("Can you hear me?", "#log")


def test_a_phone_shows_the_talk_without_scrolling_sideways(people):
    first, *_ = people.meet()
    first.say("A rather long message that has to be broken into several lines on a small screen, I suppose.")
    chromium.resize_to_phone(first.browser)
    first.keep("chat-phone")
    assert not first.is_wider_than_the_window()


def test_who_comes_to_full_rooms_is_told_so_and_finishes(browser, tmp_path_factory: pytest.TempPathFactory):
    folder: Path = tmp_path_factory.mktemp("full")
    with serving("chatroom", folder, group_size="2", groups="1", **CHAT) as address:
        people = People(browser, address)
        people.arrive(2)[0].front().arrive_at("/exp")
        (late,) = people.arrive(1)
        late.front().arrive_at("/questionnaire")
        late.keep("overrecruited")
        assert late.shows("The group is complete")
