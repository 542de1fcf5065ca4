"""A second device, a cleared browser, a browser that blocks storage: the server knows where people were."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome

from tests.browser import chromium
from tests.browser.hosts import Host, hosting
from tests.browser.pages import AdPage, InstructionsPage, Page, StoryPage
from tests.browser.visits import Visit
from tests.browser.walks.test_walk import BARTLETT

RETELLING = "Two young men went to the river to hunt seals, and a canoe came up to them in the fog."


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with hosting(BARTLETT, tmp_path_factory.mktemp("others"), num_participants="20") as host:
        yield host


def forget(browser: Chrome) -> None:
    """Clear all that the browser has kept of the study."""
    browser.execute_script("localStorage.clear(); sessionStorage.clear();")


def test_a_cleared_browser_comes_back_to_the_place_and_answers_there(browser, host):
    visit = Visit(browser, host)
    visit.come_to_the_story()
    story = visit.read()
    forget(browser)
    visit.come()
    visit.agree()
    visit.begin()
    assert visit.read() == story
    visit.start_writing(RETELLING)
    visit.submit_the_text()
    visit.answer()
    assert host.written(visit.worker) == [RETELLING]
    assert len(host.nodes(visit.worker)) == 1


def test_the_questionnaire_finds_its_participant_after_the_browser_was_cleared(browser, host):
    visit = Visit(browser, host)
    visit.come_to_the_story()
    visit.read()
    visit.start_writing(RETELLING)
    visit.submit_the_text()
    address = browser.current_url
    forget(browser)
    browser.get(address)
    visit.answer(difficulty="3")
    assert [row["response"] for row in host.questions(visit.worker)] == ["", "3"]


def test_the_first_browser_shows_that_a_second_one_has_continued(browser, host, tmp_path):
    visit = Visit(browser, host)
    visit.come_to_the_story()
    visit.read()
    phone = chromium.start(tmp_path / "phone")
    try:
        AdPage(phone).open(host.address, workerId=visit.worker, assignmentId=visit.assignment)
        assert Page(phone).visible("#begin").text == "Continue where you left off"
        AdPage(phone).begin()
        Page(phone).press("#consent")
        Page(phone).arrive_at("/instructions")
        InstructionsPage(phone).go_on()
        assert StoryPage(phone).read() == visit.has_read
    finally:
        phone.quit()
    visit.start_writing(RETELLING)
    StoryPage(browser).submit()
    assert "another browser or on another device" in visit.page.visible("#taken-over").text
    visit.page.press("#go-on-here")
    visit.page.wait().until(lambda _: not visit.page.browser.find_elements("id", "taken-over"))
    visit.page.visible("#reproduction")
    StoryPage(browser).submit()
    visit.page.arrive_at("/questionnaire")
    visit.answer()
    assert host.written(visit.worker) == [RETELLING]


@pytest.fixture(scope="module")
def blocking(whole_browser: Chrome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """A browser that lets no site keep anything."""
    del whole_browser  # it has opened the sockets for tests of browsers
    browser = chromium.start(tmp_path_factory.mktemp("blocking"), blocks_storage=True)
    yield browser
    browser.quit()


def test_a_browser_that_blocks_storage_goes_all_the_way(blocking, host):
    visit = Visit(blocking, host, look=lambda name: chromium.keep_screenshot(blocking, f"blocked-{name}"))
    visit.open_the_ad()
    assert visit.page.visible("#storage-blocked").is_displayed()
    AdPage(blocking).begin()
    visit.agree()
    visit.begin()
    visit.read()
    blocking.get_log("browser")
    visit.start_writing(RETELLING)
    blocking.refresh()
    visit.page.wait().until(lambda _: visit.page.visible("#reproduction").get_attribute("value") == RETELLING)
    visit.submit_the_text()
    visit.answer(engagement="5")
    assert "your answers have been received" in visit.last_words
    assert host.written(visit.worker) == [RETELLING]
    assert len(host.nodes(visit.worker)) == 1
    assert host.participant(visit.worker)["consent"]["hash"]
    visit.page.wait().until(lambda _: visit.is_paid())
