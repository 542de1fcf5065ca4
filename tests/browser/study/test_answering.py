"""Answering the pages of a study: checks, refusals, and sending each answer once."""

from __future__ import annotations

import threading
from typing import Any

from selenium.webdriver.common.keys import Keys

from chalicelib.study.items import choices
from tests.browser.standin import DROPPED, Answer, refusal

from .conftest import Open
from .questions import ACCEPT, OFFER, WHY, asking
from .scripted_study import Due


def offer(**changes: Any) -> Due:
    return asking("Make your offer", words="<p>You share 10 points.</p>", offer=OFFER, **changes)


RESULT = asking("The result", words="<p>You earned 5 points.</p>")
REASONS = asking(
    "Your reasons",
    why=WHY,
    liked=choices("What did you like?", {"a": "The rules", "b": "The end"}, required=False),
)


def test_an_answer_leads_to_the_next_page_with_its_heading_focused(opened: Open) -> None:
    page, study = opened(offer(), RESULT)
    page.shows("Make your offer")
    page.write("offer", "4")
    page.go_on()
    page.shows("The result")
    assert study.taken[0]["answers"] == {"offer": "4"}
    assert page.browser.execute_script("return document.activeElement.textContent") == "The result"
    assert page.browser.title == "The result \N{EN DASH} Decisions"


def test_a_problem_is_shown_at_its_item_before_anything_is_sent(opened: Open) -> None:
    page, study = opened(offer(), RESULT)
    page.write("offer", "12")
    page.go_on()
    assert page.error_of("offer") == "The number must be 10 at most."
    field = page.visible("#item-offer")
    assert field.get_attribute("aria-invalid") == "true"
    assert "item-offer-error" in str(field.get_attribute("aria-describedby")).split()
    assert page.focused() == "item-offer"
    assert page.visible("#problems[role=alert]").text == "Please check the answer that is marked."
    assert study.posts() == []
    page.write("offer", "10")
    assert page.hidden("#item-offer-error")
    assert page.hidden("#problems")
    page.go_on()
    page.shows("The result")


def test_a_refusal_of_the_server_keeps_what_was_typed(opened: Open) -> None:
    def refuse(answers: dict[str, Any]) -> dict[str, str]:
        return {"offer": "Your partner rejects odd numbers."} if int(answers["offer"]) % 2 else {}

    page, study = opened(offer(check=refuse), RESULT)
    page.write("offer", "3")
    page.go_on()
    assert page.error_of("offer") == "Your partner rejects odd numbers."
    assert page.visible("#item-offer").get_attribute("value") == "3"
    assert page.focused() == "item-offer"
    assert study.taken == []
    page.write("offer", "4")
    page.go_on()
    page.shows("The result")
    assert study.taken[0]["answers"] == {"offer": "4"}


def test_a_refusal_that_names_no_item_is_shown_above_the_page(opened: Open) -> None:
    page, study = opened(offer(), RESULT)
    page.shows("Make your offer")
    page.write("offer", "3")
    study.once(
        Answer(
            {"status": "error", "error_code": "answers_refused", "error_text": "Too early.", "items": {}}, 422
        )
    )
    page.go_on()
    assert page.visible("#problems").text == "Too early."
    page.go_on()
    page.shows("The result")


def test_a_double_click_sends_once(opened: Open) -> None:
    page, study = opened(offer(), RESULT)
    page.write("offer", "4")
    page.browser.execute_script("const next = document.getElementById('next'); next.click(); next.click();")
    page.shows("The result")
    assert len(study.posts()) == 1
    assert len(study.taken) == 1


def test_a_reload_keeps_what_was_typed_and_sending_forgets_it(opened: Open) -> None:
    page, study = opened(REASONS, REASONS)
    page.write("why", "Because it\nis fair")
    page.press("label[for=item-liked-2]")
    page.browser.execute_script("window.dallinger.allowExit()")
    page.browser.refresh()
    page.shows("Your reasons")
    assert page.visible("#item-why").get_attribute("value") == "Because it\nis fair"
    assert page.visible("#item-liked-2").is_selected()
    page.go_on()
    page.wait().until(lambda _: study.at == 1)
    page.wait().until(lambda _: page.visible("#item-why").get_attribute("value") == "")
    assert study.taken[0]["answers"] == {"why": "Because it\nis fair", "liked": ["b"]}


def test_a_second_tab_is_stale_and_shows_the_page_that_is_due(opened: Open) -> None:
    page, study = opened(offer(), REASONS, RESULT)
    page.shows("Make your offer")
    first = page.browser.current_window_handle
    page.browser.switch_to.new_window("tab")
    page.open(study.url)
    page.write("offer", "2")
    page.go_on()
    page.shows("Your reasons")
    page.browser.switch_to.window(first)
    page.write("offer", "9")
    page.go_on()
    page.shows("Your reasons")
    assert "already answered" in page.visible("#notice").text
    assert [each["answers"] for each in study.taken] == [{"offer": "2"}]


def test_the_back_button_leads_back_to_the_page_that_is_due(opened: Open) -> None:
    page, study = opened(offer(), RESULT)
    page.write("offer", "4")
    page.go_on()
    page.shows("The result")
    page.browser.execute_script("window.dallinger.allowExit()")
    page.browser.get(f"{study.url}/consent")
    page.browser.back()
    page.shows("The result")
    assert len(study.posts()) == 1


def test_leaving_the_page_by_accident_asks_first(opened: Open) -> None:
    page, _ = opened(offer(), RESULT)
    page.write("offer", "4")
    assert page.browser.execute_script("return window.dallinger.preventExit") is True
    event = "const leaving = new Event('beforeunload', { cancelable: true }); dispatchEvent(leaving);"
    assert page.browser.execute_script(f"{event} return leaving.defaultPrevented;") is True


def test_a_lost_connection_and_a_busy_server_are_tried_again(opened: Open) -> None:
    page, study = opened(offer(), RESULT)
    page.write("offer", "4")
    study.once(DROPPED, refusal(503, "busy", retry_after="1"), refusal(429, "too_many", retry_after="1"))
    page.go_on()
    page.shows("The result")
    assert len({each.request_id for each in study.posts()}) == 1
    assert len(study.taken) == 1


def test_an_answer_given_offline_is_sent_when_the_connection_is_back(opened: Open) -> None:
    page, study = opened(offer(), RESULT)
    page.write("offer", "4")
    offline = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    page.browser.execute_cdp_cmd("Network.enable", {})
    page.browser.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
    page.go_on()
    page.wait().until(lambda _: "connection was interrupted" in page.visible(".status-banner").text)
    assert study.taken == []
    page.browser.execute_cdp_cmd("Network.emulateNetworkConditions", offline | {"offline": False})
    page.shows("The result")
    assert [each["answers"] for each in study.taken] == [{"offer": "4"}]


def test_the_page_shows_that_an_answer_is_being_sent(opened: Open) -> None:
    page, study = opened(offer(), RESULT)
    page.write("offer", "4")
    held = threading.Event()
    study.hold(held)
    page.go_on()
    assert page.visible("#sending").text == "Sending …"
    assert page.visible("#next").get_attribute("aria-disabled") == "true"
    held.set()
    page.shows("The result")
    assert page.hidden("#sending")


def test_the_keyboard_alone_is_enough(opened: Open) -> None:
    both = asking("Two questions", offer=OFFER, accept=ACCEPT)
    page, study = opened(both, RESULT)
    page.shows("Two questions")
    page.tab_to("item-offer")
    page.keys("7")
    page.tab_to("next")
    page.keys(Keys.ENTER)
    assert page.error_of("accept") == "Please answer this question."
    assert page.focused() == "item-accept-1"
    page.keys(Keys.ARROW_DOWN)
    page.tab_to("next")
    page.keys(Keys.SPACE)
    page.shows("The result")
    assert study.taken[0]["answers"] == {"offer": "7", "accept": "no"}


def test_a_participant_who_finished_goes_to_the_exit(opened: Open) -> None:
    end = asking("Thank you", more={"kind": "end", "exit": "recruiter-exit", "button": None})
    page, _ = opened(offer(), end)
    page.write("offer", "4")
    page.go_on()
    page.shows("Thank you")
    assert page.visible("#next").text == "Finish"
    page.go_on()
    page.arrive_at("/recruiter-exit")


def test_an_end_without_a_page_goes_to_the_exit_at_once(opened: Open) -> None:
    end = Due("end", "", more={"kind": "end", "exit": "recruiter-exit"})
    page, _ = opened(offer(), end)
    page.write("offer", "4")
    page.go_on()
    page.arrive_at("/recruiter-exit")


def test_a_study_without_a_page_for_the_participant_says_so_instead_of_asking_for_ever(opened: Open) -> None:
    page, study = opened(offer())
    page.shows("Make your offer")
    study.once(refusal(404, "not_a_study"), refusal(404, "not_a_study"))
    page.browser.execute_script("window.dallinger.allowExit()")
    page.browser.refresh()
    page.arrive_at("/error-page")
    assert len(study.requests("/page")) == 3


def test_a_script_in_a_page_is_not_run(opened: Open) -> None:
    nasty = Due("nasty", "<h1>Safe</h1><script>window.wasRun = true;</script>", {})
    page, _ = opened(nasty)
    page.shows("Safe")
    assert page.browser.execute_script("return window.wasRun ?? null") is None
