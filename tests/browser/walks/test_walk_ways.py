"""Other ways through Bartlett (1932): on a phone, without a mouse, out of it, behind another participant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.keys import Keys

from tests.browser import chromium
from tests.browser.hosts import Host, hosting
from tests.browser.leaving import stays_when_asked
from tests.browser.visits import Keyboard, Visit
from tests.experiments import EXPERIMENTS

BARTLETT = EXPERIMENTS / "bartlett1932"
RETELLING = "A man went with the ghosts and came home again."


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with hosting(BARTLETT, tmp_path_factory.mktemp("ways"), num_participants="20") as host:
        yield host


@pytest.fixture
def visit(browser: Chrome, host: Host) -> Visit:
    return Visit(browser, host)


# On a phone


def test_every_page_on_the_way_fits_a_phone(browser, host):
    too_wide = []

    def look(name: str) -> None:
        chromium.resize_to_phone(browser)
        chromium.keep_screenshot(browser, f"walk-phone-{name}")
        too_wide.extend([name] if visit.page.is_wider_than_the_window() else [])

    visit = Visit(browser, host, look)
    visit.come_to_the_story()
    visit.retell(RETELLING)
    assert too_wide == []


# Without a mouse


def test_the_keyboard_alone_leads_from_the_ad_to_the_exit(browser, visit):
    keyboard = Keyboard(browser)
    visit.open_the_ad()
    keyboard.go_to("begin")
    keyboard.press(Keys.ENTER)
    visit.page.arrive_at("/consent")
    keyboard.go_to("consent")
    keyboard.press(Keys.SPACE)
    visit.page.arrive_at("/instructions")
    keyboard.go_to("go-to-experiment")
    keyboard.press(Keys.ENTER)
    visit.page.arrive_at("/exp")
    keyboard.go_to("finish-reading")
    keyboard.press(Keys.SPACE)
    keyboard.go_to("reproduction")
    keyboard.press(RETELLING)
    keyboard.go_to("submit-response")
    keyboard.press(Keys.ENTER)
    visit.page.arrive_at("/questionnaire")
    keyboard.choose("difficulty", "6")
    keyboard.go_to("submit-questionnaire")
    keyboard.press(Keys.SPACE)
    visit.page.arrive_at("/recruiter-exit")
    assert visit.host.written(visit.worker) == [RETELLING]


# Out of it


@pytest.fixture(scope="module")
def withdrawn(whole_browser: Chrome, host: Host) -> Iterator[Visit]:
    """A participant who begins to write and then would rather stop."""
    visit = Visit(whole_browser, host)
    visit.come_to_the_story()
    visit.read()
    visit.start_writing("I would rather")
    visit.look = lambda name: chromium.keep_screenshot(whole_browser, f"walk-stop-{name}")
    visit.withdraw()
    visit.page.wait().until(lambda _: visit.is_paid())
    yield visit
    chromium.tidy(whole_browser)


def test_a_participant_who_withdraws_is_paid_the_base(withdrawn):
    payments = withdrawn.host.payments(withdrawn.worker)
    assert [(payment["kind"], payment["amount"]) for payment in payments] == [("base", 1.5)]


def test_a_participant_who_withdraws_sees_that_a_trial_run_pays_nothing(withdrawn):
    assert "You have withdrawn" in withdrawn.last_words
    assert "nobody is paid" in withdrawn.last_words


def test_a_participant_who_withdraws_leaves_no_living_node(withdrawn):
    assert [node["failed"] for node in withdrawn.host.nodes(withdrawn.worker)] == [1]


# By accident


def test_the_browser_asks_before_the_page_is_left_by_accident(browser, visit):
    visit.come_to_the_story()
    visit.read()
    visit.start_writing(RETELLING)
    asked = stays_when_asked(browser)
    visit.submit_the_text()
    visit.answer()
    assert (asked, visit.host.written(visit.worker)) == ("beforeunload", [RETELLING])


# Behind another participant


@pytest.fixture(scope="module")
def pair(whole_browser: Chrome, host: Host) -> Iterator[tuple[Visit, Visit]]:
    """Two people at once in one chain, each in a window; the second has come while the first was reading."""
    first, second = Visit(whole_browser, host), Visit(whole_browser, host)
    first.come_to_the_story()
    first.read()
    at_work = whole_browser.current_window_handle
    whole_browser.switch_to.new_window("window")
    second.come_to_the_story()
    second.wait_behind_another_participant()
    chromium.keep_screenshot(whole_browser, "walk-wait")
    waiting = whole_browser.current_window_handle
    whole_browser.switch_to.window(at_work)
    first.retell("The first one wrote this down, and it is short.")
    whole_browser.switch_to.window(waiting)
    second.retell(RETELLING)
    yield first, second
    chromium.tidy(whole_browser)


def test_a_participant_who_waits_for_another_sees_a_kind_message(pair):
    _, second = pair
    assert "You can continue as soon as they have finished. Your waiting time counts." in second.was_told


def test_a_participant_who_waited_reads_what_the_person_ahead_wrote(pair):
    first, second = pair
    assert [second.has_read] == first.host.written(first.worker)
