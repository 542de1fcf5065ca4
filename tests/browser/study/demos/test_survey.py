"""The survey, one Markdown file, on the real host: from the ad to the exit, and screened out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.browser.accessibility import problems
from tests.browser.hosts import Host, hosting
from tests.browser.study.people import Person

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with hosting(ROOT / "demos" / "survey", tmp_path_factory.mktemp("survey")) as served:
        yield served


def status(host: Host, worker: str) -> str:
    return str(host.participant(worker)["status"])


def test_a_person_answers_the_survey_to_its_end(browser: Chrome, host: Host) -> None:
    one = Person(browser, host.address, 1)
    one.come().is_at("welcome")
    found = problems(browser, "survey-welcome")
    one.write("age", "30")
    one.go_on()
    one.is_at("decision")
    found += problems(browser, "survey-decision")
    one.press("label[for=item-plan-2]")
    one.go_on()
    one.is_at("opinions")
    found += problems(browser, "survey-opinions")
    for item in ("sure", "easy", "moral", "calm", "check", "risk", "trust"):
        one.press(f"label[for=item-{item}-4]")
    one.go_on()
    one.is_at("debrief")
    one.go_on()
    one.is_at("end")
    found += problems(browser, "survey-end")
    assert one.hidden("#withdraw-link")
    one.go_on()
    one.arrive_at("/recruiter-exit")
    one.wait().until(lambda _: status(host, "W1") in ("submitted", "approved"))
    logged = {(row["event"], row["act"]) for row in host.rows("select event, act from event")}
    assert {("page", "shown"), ("page", "left"), ("key", "first")} <= logged
    assert found == []


def test_a_person_under_age_is_screened_out_after_a_reload(browser: Chrome, host: Host) -> None:
    one = Person(browser, host.address, 2)
    one.come().is_at("welcome")
    one.write("age", "12")
    browser.execute_script("window.dallinger.allowExit()")
    browser.refresh()
    one.is_at("welcome")
    assert one.visible("#item-age").get_attribute("value") == "12"
    one.go_on()
    one.is_at("end")
    one.go_on()
    one.arrive_at("/recruiter-exit")
    assert status(host, "W2") == "screened_out"
