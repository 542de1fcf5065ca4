"""The tutorial's Bartlett pages and script, as printed, from the ad to the exit."""

from __future__ import annotations

import json

import pytest

from tests.browser.pages import AdPage, ConsentPage, InstructionsPage, Page, QuestionnairePage, StoryPage
from tests.browser.standin import refusal, success

STORY = "Once there was a seal."


@pytest.fixture
def at_the_story(tutorial, browser):
    tutorial.on("POST", "/node/1", success(node={"id": 100002}), refusal(403, "no_network"))
    AdPage(browser).open(tutorial.url)
    AdPage(browser).begin()
    ConsentPage(browser).agree()
    InstructionsPage(browser).go_on()
    return StoryPage(browser)


def test_the_pages_as_printed_lead_from_the_ad_to_the_exit(tutorial, browser, at_the_story, keep_screenshot):
    assert at_the_story.read() == STORY
    keep_screenshot("tutorial-read")
    at_the_story.finish_reading()
    at_the_story.write("There was a whale.")
    keep_screenshot("tutorial-write")
    at_the_story.submit()
    at_the_story.arrive_at("/questionnaire")
    QuestionnairePage(browser).submit()
    assert [asked.data for asked in tutorial.requests("/info/100002")] == [
        {"contents": "There was a whale.", "info_type": "Info"}
    ]


def test_a_reload_while_writing_comes_back_to_the_same_node(tutorial, browser, at_the_story):
    at_the_story.read()
    at_the_story.finish_reading()
    browser.refresh()
    assert at_the_story.read() == STORY
    assert len(tutorial.requests("/node/1")) == 1


def test_leaving_the_story_by_accident_is_guarded(at_the_story):
    at_the_story.read()
    assert at_the_story.browser.execute_script(
        "return !dispatchEvent(new Event('beforeunload', {cancelable: true}));"
    )


def test_the_scripts_own_store_keeps_the_identity(tutorial, browser, at_the_story):
    at_the_story.read()
    kept = browser.execute_script(
        "return ['hit_id', 'worker_id', 'assignment_id', 'mode'].map((k) => store.get(k));"
    )
    assert kept == ["H1", "W1", "A1", "debug"]


def test_an_unexpected_error_leads_to_the_error_page(tutorial, browser):
    tutorial.on("POST", "/node/1", refusal(500, "internal_error", "Something broke."))
    browser.get(f"{tutorial.url}/exp?assignmentId=A1&workerId=W1&participant_id=1")
    Page(browser).arrive_at("/error-page")
    Page(browser).wait().until(lambda _: "Something broke." in Page(browser).text())


def test_the_questionnaires_answers_are_the_forms(tutorial, browser):
    page = QuestionnairePage(browser)
    browser.get(f"{tutorial.url}/questionnaire?assignmentId=A1&workerId=W1&participant_id=1")
    page.answer("engagement", "7")
    page.submit()
    assert json.loads(tutorial.requests("/question/1")[0].data["answers"]) == {
        "engagement": "7",
        "difficulty": "",
    }
