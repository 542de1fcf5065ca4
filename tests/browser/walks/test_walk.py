"""One person's whole way through Bartlett (1932), against the real host, with a reload in the middle."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from selenium.webdriver import Chrome

from tests.browser import chromium
from tests.browser.hosts import Host, hosting
from tests.browser.visits import Visit
from tests.experiments import EXPERIMENTS

BARTLETT = EXPERIMENTS / "bartlett1932"
STORY = (BARTLETT / "static" / "stimuli" / "ghosts.md").read_text(encoding="utf-8")
RETELLING = "Two young men went down to the river.\nOne of them fought beside ghosts — and died at “sunrise”."


class Walk:
    """What could be seen and heard on the way, for the tests to look at afterwards."""

    def __init__(self, browser: Chrome, host: Host) -> None:
        self.browser, self.host = browser, host
        self.complaints: list[str] = []
        browser.get_log("browser")  # complaints of earlier tests are no matter of this walk
        self.began = datetime.now(UTC)
        self.visit = Visit(browser, host, self.look)
        self.worker = self.visit.worker
        self.to_the_story()
        self.to_the_end()

    def look(self, name: str) -> None:
        chromium.keep_screenshot(self.browser, f"walk-{name}")
        self.complaints += [
            entry["message"] for entry in self.browser.get_log("browser") if entry["level"] == "SEVERE"
        ]

    def to_the_story(self) -> None:
        self.visit.come()
        shown = self.browser.execute_script("return petriConsent.shownText();")
        self.consent_hash = hashlib.sha256(shown.encode()).hexdigest()
        self.visit.agree()
        self.visit.begin()
        self.visit.read()

    def to_the_end(self) -> None:
        self.visit.start_writing(RETELLING)
        self.browser.refresh()
        self.draft_after_the_reload = self.visit.page.visible("#reproduction").get_attribute("value")
        self.look("reloaded")
        self.visit.submit_the_text()
        self.visit.answer(engagement="6", difficulty="2")


@pytest.fixture(scope="module")
def walk(whole_browser: Chrome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    with hosting(BARTLETT, tmp_path_factory.mktemp("walk")) as host:
        walk = Walk(whole_browser, host)
        walk.visit.page.wait().until(lambda _: walk.visit.is_paid())
        yield walk
    chromium.tidy(whole_browser)


def test_the_way_ends_with_thanks(walk):
    assert walk.visit.last_words.startswith("Thank you for taking part")


def test_the_first_of_a_chain_reads_the_story_itself(walk):
    assert walk.visit.has_read.split() == STORY.split()


def test_what_was_written_is_kept_to_the_letter(walk):
    assert walk.host.written(walk.worker) == [RETELLING]


def test_a_reload_in_the_middle_keeps_what_was_typed(walk):
    assert walk.draft_after_the_reload == RETELLING


def test_a_reload_in_the_middle_makes_no_second_participant(walk):
    assert len(walk.host.rows("select id from participant")) == 1


def test_a_reload_in_the_middle_makes_no_second_node(walk):
    assert [node["failed"] for node in walk.host.nodes(walk.worker)] == [0]


def test_the_consent_is_kept_with_the_hash_of_the_text_that_was_shown(walk):
    assert walk.host.participant(walk.worker)["consent"]["hash"] == walk.consent_hash


def test_the_consent_is_kept_with_the_time_at_which_it_was_given(walk):
    person = walk.host.participant(walk.worker)
    agreed, made = (
        datetime.fromisoformat(time) for time in (person["consent"]["time"], person["creation_time"])
    )
    assert walk.began <= agreed <= made


def test_the_answers_of_the_questionnaire_are_kept(walk):
    kept = [(row["question"], row["response"]) for row in walk.host.questions(walk.worker)]
    assert kept == [("engagement", "6"), ("difficulty", "2")]


def test_a_participant_who_comes_to_the_end_is_approved(walk):
    assert walk.host.participant(walk.worker)["status"] == "approved"


def test_a_participant_who_comes_to_the_end_is_paid_once(walk):
    payments = walk.host.payments(walk.worker)
    assert [(payment["kind"], payment["amount"]) for payment in payments] == [("base", 1.5)]


def test_the_console_has_no_complaint(walk):
    assert walk.complaints == []
