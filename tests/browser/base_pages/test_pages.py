"""The base pages, against the scripted stand-in: what they ask, what they say, where they lead."""

from __future__ import annotations

import hashlib
import json
import re
import threading

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser import chromium
from tests.browser.conftest import exit_answer
from tests.browser.pages import AdPage, ConsentPage, InstructionsPage, Page, QuestionnairePage
from tests.browser.standin import DROPPED, Answer, refusal, success

EVERY_PAGE = [
    "ad",
    "consent",
    "instructions",
    "waiting",
    "exp",
    "questionnaire",
    "recruiter-exit",
    "error-page",
    "withdraw",
    "launch",
    "complete",
]
QUERY = "hitId=H1&assignmentId=A1&workerId=W1&participant_id=1"


@pytest.fixture
def page(browser):
    return Page(browser)


def go(page, standin, name, query=QUERY):
    page.browser.get(f"{standin.url}/{name}?{query}")
    page.arrive_at(f"/{name}")


def test_the_ad_asks_whether_this_person_may_take_part(plain, browser):
    AdPage(browser).open(plain.url)
    AdPage(browser).visible("#begin")
    (asked,) = plain.requests("/may-take-part")
    assert asked.data == {"hitId": "H1", "assignmentId": "A1", "workerId": "W1", "recruiter": "hotair"}


@pytest.mark.parametrize(
    "query",
    [
        "hit_id=H1&assignment_id=A1&worker_id=W1",
        "STUDY_ID=H1&SESSION_ID=A1&PROLIFIC_PID=W1",
        "hitId=H1&assignmentId=A1&workerId=W1",
    ],
)
def test_the_ids_of_every_recruiter_are_read(plain, page, query):
    go(page, plain, "ad", query)
    page.visible("#begin")
    assert plain.requests("/may-take-part")[0].data == {"hitId": "H1", "assignmentId": "A1", "workerId": "W1"}


def test_the_ad_shows_the_refusal_in_words(plain, page):
    plain.on("GET", "/may-take-part", success(may=False, reason="repeat_worker"))
    go(page, plain, "ad")
    assert "already taken part" in page.visible("#may-not").text


def test_the_ad_shows_no_button_to_an_ineligible_visitor(plain, page):
    plain.on("GET", "/may-take-part", success(may=False, reason="closed"))
    go(page, plain, "ad")
    page.visible("#may-not")
    assert page.hidden("#begin")


def test_a_token_of_an_earlier_run_does_not_shut_the_ad(plain, page):
    go(page, plain, "instructions")
    page.wait().until(lambda _: page.visible("#go-to-experiment").is_enabled())
    plain.on("GET", "/may-take-part", refusal(401, "token_invalid"), success(may=True))
    go(page, plain, "ad")
    page.visible("#begin")
    assert "authorization" not in plain.requests("/may-take-part")[1].headers


def test_a_returning_participant_can_continue(plain, page):
    plain.on("GET", "/may-take-part", success(may=True, resumes=True))
    go(page, plain, "ad")
    assert page.visible("#begin").text == "Continue where you left off"


def test_a_preview_shows_the_no_assignment_block(plain, page):
    go(page, plain, "ad", "hitId=H1&assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE")
    assert "accept the task first" in page.visible("#no-assignment").text


def test_an_incomplete_link_is_reported(plain, page):
    plain.on("GET", "/may-take-part", refusal(400, "id_missing"))
    go(page, plain, "ad", "hitId=H1")
    assert "incomplete" in page.visible("#may-not").text


def test_generated_ids_are_carried_in_the_address(plain, page):
    go(page, plain, "ad", "generate_tokens=1")
    page.visible("#begin")
    assert plain.requests("/may-take-part")[0].data["workerId"] in page.browser.current_url


TURK = f"{QUERY}&turkSubmitTo=https://www.mturk.com"


def test_the_consent_opens_in_the_same_window_with_the_query(plain, browser):
    AdPage(browser).open(plain.url)
    AdPage(browser).begin()
    assert len(browser.window_handles) == 1
    assert "assignmentId=A1" in browser.current_url


def test_mechanical_turks_ad_opens_the_consent_in_a_second_window(plain, page):
    go(page, plain, "ad", TURK)
    assert page.visible("#second-window").is_displayed()
    AdPage(page.browser).begin()
    assert len(page.browser.window_handles) == 2


def test_a_phone_needs_one_window_only(plain, page):
    chromium.resize_to_phone(page.browser)
    page.browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    go(page, plain, "ad", TURK)
    AdPage(page.browser).begin()
    page.browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
    assert len(page.browser.window_handles) == 1


@pytest.mark.parametrize(("wanted", "windows"), [("same", 1), ("popup", 2)])
def test_the_setting_ad_window_decides(site_with, page, wanted, windows):
    standin = site_with(ad_window=wanted)
    go(page, standin, "ad", TURK if wanted == "same" else QUERY)
    AdPage(page.browser).begin()
    assert len(page.browser.window_handles) == windows


def to_the_study_and_back(page, act):
    """Go to the window of the study, do something there, and come back to the ad."""
    ad = page.browser.current_window_handle
    AdPage(page.browser).begin()
    act()
    page.browser.switch_to.window(ad)


def test_the_ad_notices_that_the_study_was_declined(plain, page):
    go(page, plain, "ad", TURK)
    to_the_study_and_back(page, lambda: page.press("#no-consent"))
    assert "chose not to take part" in page.visible("#declined-before").text
    assert page.hidden("#opened")
    assert page.visible("#begin").is_enabled()


def test_the_ad_notices_that_the_study_was_finished(plain, page):
    go(page, plain, "ad", TURK)
    page.visible("#begin")
    plain.on("GET", "/may-take-part", success(may=False, reason="repeat_worker", ended=True))
    plain.on("GET", "/recruiter-exit/1", exit_answer(ended=True, participant_status="submitted"))
    to_the_study_and_back(page, lambda: go(page, plain, "recruiter-exit"))
    assert "You have finished this study" in page.visible("#may-not").text
    assert page.visible("#last-page").get_attribute("href").startswith(f"{plain.url}/recruiter-exit?")


def test_the_ad_notices_that_the_window_of_the_study_was_closed(plain, page):
    go(page, plain, "ad", TURK)
    page.visible("#begin")
    plain.on("GET", "/may-take-part", success(may=True, resumes=True))
    to_the_study_and_back(page, page.browser.close)
    page.wait().until(lambda _: page.visible("#begin").text == "Continue where you left off")
    assert page.hidden("#opened")


def test_a_participant_who_returns_to_the_ad_after_the_end_is_led_to_the_last_page(plain, page):
    plain.on("GET", "/may-take-part", success(may=False, reason="repeat_worker", ended=True))
    plain.on("GET", "/recruiter-exit/1", exit_answer(ended=True, participant_status="approved"))
    go(page, plain, "ad")
    page.press("#last-page")
    page.arrive_at("/recruiter-exit")
    page.visible("[data-outcome=complete]")


def test_the_ad_offers_a_link_where_pop_ups_are_blocked(plain, page):
    go(page, plain, "ad", TURK)
    page.visible("#begin")
    page.browser.execute_script("window.open = () => null;")
    page.press("#begin")
    page.press("#consent-link")
    page.arrive_at("/consent")


def test_time_and_hash_of_the_consent_are_sent_with_the_participant(plain, page):
    go(page, plain, "consent")
    shown = page.browser.execute_script("return petriConsent.shownText();")
    ConsentPage(page.browser).agree()
    page.wait().until(lambda _: plain.requests("/participant"))
    data = plain.requests("/participant")[0].data
    assert data["consent_hash"] == hashlib.sha256(shown.encode()).hexdigest()
    assert data["consent_time"].endswith("Z")


@pytest.mark.parametrize("text", ["", "abc", "é漢🙂" * 40, "x" * 55, "x" * 56, "x" * 64, "x" * 1000])
def test_the_hash_of_the_consent_is_sha_256(plain, page, text):
    go(page, plain, "exp")
    found = page.browser.execute_script("return petriConsent.sha256(arguments[0]);", text)
    assert found == hashlib.sha256(text.encode()).hexdigest()


def test_a_visitor_who_does_not_agree_is_thanked_and_nothing_is_asked(plain, page):
    go(page, plain, "consent")
    page.press("#no-consent")
    page.visible("#declined")
    assert plain.asked == []


def test_the_consent_can_be_printed(plain, page):
    go(page, plain, "consent")
    page.browser.execute_script("window.print = () => { window.printed = (window.printed || 0) + 1; };")
    page.press("#print-consent")
    assert page.browser.execute_script("return window.printed;") == 1


def test_the_instructions_make_the_participant_with_all_ids(plain, page):
    go(page, plain, "instructions", f"{QUERY}&mode=debug&recruiter=hotair&panel=b")
    page.wait().until(lambda _: plain.requests("/participant"))
    data = plain.requests("/participant")[0].data
    assert data.pop("fingerprint_hash")
    assert data == {
        "hitId": "H1",
        "assignmentId": "A1",
        "workerId": "W1",
        "mode": "debug",
        "recruiter": "hotair",
        "panel": "b",
    }


def test_the_participants_id_is_passed_to_the_next_page(plain, page):
    go(page, plain, "instructions", "hitId=H1&assignmentId=A1&workerId=W1")
    InstructionsPage(page.browser).go_on()
    page.arrive_at("/exp")
    assert "participant_id=1" in page.browser.current_url


def test_a_refused_participant_reads_why(plain, page):
    plain.on("POST", "/participant", refusal(403, "repeat_worker", "You have <b>already</b> taken part."))
    go(page, plain, "instructions")
    page.wait().until(lambda _: "You cannot continue" in page.text())
    assert "You have <b>already</b> taken part." in page.text()


def test_the_answers_of_the_questionnaire_are_sent_and_the_assignment_is_submitted(plain, browser):
    page = QuestionnairePage(browser)
    go(page, plain, "questionnaire")
    page.answer("difficulty", "2")
    page.submit()
    (question,) = plain.requests("/question/1")
    assert question.data == {"question": "questionnaire", "answers": '{"engagement":"","difficulty":"2"}'}
    assert [asked.data for asked in plain.requests("/worker_complete")] == [{"participant_id": "1"}]


def test_a_double_click_on_finish_sends_one_questionnaire(plain, browser):
    page = QuestionnairePage(browser)
    go(page, plain, "questionnaire")
    browser.execute_script(
        "const b = $('#submit-questionnaire')[0]; b.click(); dallinger.submitQuestionnaire();"
    )
    page.arrive_at("/recruiter-exit")
    assert len(plain.requests("/question/1")) == 1


def test_a_refused_questionnaire_stays_and_says_why(plain, page):
    plain.on("POST", "/question/1", refusal(400, "too_long", "Please write less."))
    go(page, plain, "questionnaire")
    page.press("#submit-questionnaire")
    assert page.visible("#questionnaire-problem").text == "Please write less."
    assert page.visible("#submit-questionnaire").is_enabled()


def test_withdrawing_tells_the_experiment_and_leads_to_the_exit(plain, page):
    go(page, plain, "exp")
    page.press("#withdraw-link")
    page.arrive_at("/withdraw")
    plain.on("GET", "/recruiter-exit/1", exit_answer(ended=True, released="withdrawn"))
    page.press("#withdraw")
    page.arrive_at("/recruiter-exit")
    assert [asked.data for asked in plain.requests("/withdraw")] == [{"participant_id": "1"}]
    assert "You have withdrawn" in page.visible("[data-outcome=withdrawn]").text


def test_a_participant_who_changes_their_mind_comes_back_to_the_page(plain, page):
    go(page, plain, "exp")
    page.press("#withdraw-link")
    page.arrive_at("/withdraw")
    page.press("#stay")
    page.arrive_at("/exp")


def test_withdrawing_is_not_possible_before_taking_part(plain, page):
    go(page, plain, "withdraw", "assignmentId=A9&workerId=W9")
    page.visible("#nothing-to-withdraw")


@pytest.mark.parametrize("name", ["instructions", "exp", "questionnaire"])
def test_a_page_of_the_experiment_leads_to_withdrawing(plain, page, name):
    go(page, plain, name)
    assert page.visible("#withdraw-link").get_attribute("href").startswith(f"{plain.url}/withdraw")


def test_the_error_page_sends_the_comment_and_what_happened(plain, page):
    go(page, plain, "exp")
    page.browser.execute_script(
        "const request = {route: '/info/1', method: 'POST', data: {contents: 'x'}};"
        "const answer = {error_type: 'Too large', error_text: 'Too much.', error_code: 'too_large'};"
        "dallinger.error(new dallinger.AjaxRejection(request, 413, answer));"
    )
    page.arrive_at("/error-page")
    page.visible("#error-feedback").send_keys("I pressed send")
    page.press("#submit-error")
    page.visible("#error-thanks")
    (asked,) = plain.requests("/handle-error")
    assert asked.data == {
        "participant_id": "1",
        "error_feedback": "I pressed send",
        "error_type": "Too large",
        "error_text": "Too much.",
        "request_data": '{"route":"/info/1","method":"POST","status":413,"data":{"contents":"x"}}',
    }


def test_leaving_the_error_page_without_a_word_is_reported_with_the_token(plain, page):
    go(page, plain, "instructions")
    page.wait().until(lambda _: page.visible("#go-to-experiment").is_enabled())
    go(page, plain, "error-page")
    page.browser.get("about:blank")
    page.wait().until(lambda _: plain.requests("/handle-error"))
    (asked,) = plain.requests("/handle-error")
    assert (asked.data["participant_id"], asked.headers["authorization"]) == ("1", "Bearer the-token")


def test_the_error_page_can_be_sent_again_when_the_line_is_down(plain, page):
    plain.on("POST", "/handle-error", refusal(500, "internal_error"), success())
    go(page, plain, "error-page")
    page.press("#submit-error")
    page.visible("#not-sent")
    page.press("#submit-error")
    page.visible("#error-thanks")


def test_the_exit_hands_the_task_in_at_mturk(plain, page):
    address = "https://workersandbox.mturk.com"
    plain.on("GET", "/recruiter-exit/1", exit_answer(ended=True))
    go(page, plain, "recruiter-exit", f"{QUERY}&turkSubmitTo={address}/work")
    assert page.visible("#mturk-submit").get_attribute("action") == f"{address}/mturk/externalSubmit"
    assert page.browser.find_element(By.ID, "mturk-assignment").get_attribute("value") == "A1"


@pytest.mark.parametrize(
    "address",
    [
        "http://www.mturk.com",
        "https://mturk.com.example.org",
        "https://notmturk.com",
        "javascript:alert(1)",
        "x",
    ],
)
def test_the_exit_hands_nothing_to_any_other_address(plain, page, address):
    plain.on("GET", "/recruiter-exit/1", exit_answer(ended=True))
    go(page, plain, "recruiter-exit", f"{QUERY}&turkSubmitTo={address}")
    page.visible("#close-hint")
    assert page.hidden("#mturk-submit")


def test_after_a_later_session_the_exit_hands_nothing_in_again_at_mturk(plain, page):
    visit = {"session": "week 2", "status": "completed", "amount": 1.5, "opens_at": None, "closes_at": None}
    plain.on("GET", "/recruiter-exit/1", exit_answer(ended=True, pay={"sessions": [visit]}))
    go(page, plain, "recruiter-exit", f"{QUERY}&turkSubmitTo=https://www.mturk.com")
    page.visible("#close-hint")
    assert page.hidden("#mturk-submit")


def test_the_exit_leads_back_to_where_the_recruiter_says(plain, page):
    way_back = "https://app.prolific.com/submissions/complete?cc=C1234"
    plain.on("GET", "/recruiter-exit/1", exit_answer(ended=True, submit_address=way_back))
    go(page, plain, "recruiter-exit")
    assert page.visible("#way-back-link").get_attribute("href") == way_back


def test_the_exit_leads_to_no_script(plain, page):
    plain.on("GET", "/recruiter-exit/1", exit_answer(ended=True, submit_address="javascript:alert(1)"))
    go(page, plain, "recruiter-exit")
    page.visible("#close-hint")
    assert page.hidden("#way-back")


def test_the_exit_asks_who_does_not_fit_to_return_the_task(plain, page):
    plain.on(
        "GET", "/recruiter-exit/1", exit_answer(ended=True, participant_status="screened_out", give_back=True)
    )
    go(page, plain, "recruiter-exit", f"{QUERY}&turkSubmitTo=https://www.mturk.com")
    page.visible("[data-outcome=given-back]")
    assert page.hidden("#mturk-submit")


def test_the_exit_submits_to_mturk_while_the_server_is_unreachable(plain, page):
    plain.on("GET", "/recruiter-exit/1", refusal(500, "internal_error"))
    go(page, plain, "recruiter-exit", f"{QUERY}&turkSubmitTo=https://www.mturk.com")
    page.visible("#mturk-submit")


def test_the_waiting_room_admits_participants_without_a_quorum(plain, page):
    page.browser.get(f"{plain.url}/waiting?{QUERY}")
    page.arrive_at("/exp")


def test_the_waiting_room_sends_the_overrecruited_to_the_questionnaire(plain, page):
    participant = {"id": 1, "creation_time": "2024-05-01T10:00:00.000000Z"}
    room = {"q": 2, "n": 3, "overrecruited": True}
    plain.on("POST", "/participant", success(participant=participant, token="t", quorum=room))
    page.browser.get(f"{plain.url}/waiting?{QUERY}")
    page.arrive_at("/questionnaire")


def test_the_keyboard_alone_leads_from_the_ad_to_the_experiment(plain, browser):
    page = AdPage(browser)
    page.open(plain.url)
    page.visible("#begin")
    press_by_keyboard(browser, "begin")
    page.arrive_at("/consent")
    press_by_keyboard(browser, "consent")
    page.arrive_at("/instructions")
    page.wait().until(lambda _: page.visible("#go-to-experiment").is_enabled())
    press_by_keyboard(browser, "go-to-experiment")
    page.arrive_at("/exp")


def press_by_keyboard(browser, identifier):
    for _ in range(20):
        focused = browser.switch_to.active_element
        if focused.get_attribute("id") == identifier:
            focused.send_keys(Keys.ENTER)
            return
        focused.send_keys(Keys.TAB)
    raise AssertionError(f"the Tab key never reached #{identifier}")


@pytest.mark.parametrize("name", EVERY_PAGE)
def test_a_page_fits_a_phone(plain, page, name, keep_screenshot):
    plain.on("POST", "/participant", DROPPED)
    chromium.resize_to_phone(page.browser)
    go(page, plain, name)
    keep_screenshot(f"phone-{name}")
    assert not page.is_wider_than_the_window()


@pytest.mark.parametrize("name", EVERY_PAGE)
def test_a_page_loads_without_a_complaint_in_the_console(plain, page, name, keep_screenshot):
    answered = threading.Event()
    plain.on("POST", "/participant", Answer(after=answered))
    page.browser.get_log("browser")
    go(page, plain, name)
    keep_screenshot(f"page-{name}")
    complaints = [entry for entry in page.browser.get_log("browser") if entry["level"] == "SEVERE"]
    answered.set()
    assert complaints == []


# -- the exit says what the server knows ------------------------------------------------------------


def at_the_exit(page, standin, query=QUERY, **known):
    standin.on("GET", "/recruiter-exit/1", exit_answer(**{"ended": True, **known}))
    go(page, standin, "recruiter-exit", query)


@pytest.mark.parametrize(
    ("known", "outcome"),
    [
        ({"participant_status": "submitted"}, "complete"),
        ({"participant_status": "screened_out"}, "screened-out"),
        ({"participant_status": "overrecruited"}, "overrecruited"),
        ({"released": "withdrawn"}, "withdrawn"),
        ({"released": "error"}, "error"),
        ({"released": "dropout"}, "released"),
        ({"released": "busy"}, "released"),
        ({"participant_status": "returned", "pay": {"entitled": False, "base": None}}, "without-pay"),
        ({"ended": False}, "unfinished"),
    ],
)
def test_the_exit_says_how_it_ended_as_the_server_knows_it(plain, page, known, outcome):
    at_the_exit(page, plain, f"{QUERY}&outcome=complete", **known)
    page.visible(f"[data-outcome={outcome}]")
    assert (
        len(
            [
                each
                for each in page.browser.find_elements(By.CSS_SELECTOR, "[data-outcome]")
                if each.is_displayed()
            ]
        )
        == 1
    )


def test_the_exit_says_base_pay_and_bonus_in_the_studys_currency(site_with, page, keep_screenshot):
    standin = site_with(mode="live", recruiter="prolific", prolific_currency="GBP")
    pay = {"base": 1.5, "bonus": 0.25, "recorded": True, "currency": "GBP"}
    at_the_exit(page, standin, recruiter="prolific", participant_status="approved", pay=pay)
    assert page.visible("#pay-base").text == "£1.50"
    assert (page.visible("#pay-bonus").text, page.visible("#pay-total").text) == ("£0.25", "£1.75")
    assert "Prolific pays you" in page.visible("[data-paid-by=prolific]").text
    keep_screenshot("exit-paid-in-pounds")


def test_the_exit_lists_the_pay_of_later_sessions(site_with, page, keep_screenshot):
    over = {"session": "day", "status": "completed", "amount": 2.0, "recorded": True, "sent": True}
    opens, closes = "2026-03-03T12:00:00.000000Z", "2026-03-03T18:00:00.000000Z"
    coming = {"session": "last", "status": "waiting", "amount": 1.0, "opens_at": opens, "closes_at": closes}
    pay = {"base": 1.5, "bonus": 0.25, "recorded": True, "sessions": [over, coming]}
    at_the_exit(page, site_with(mode="live"), participant_status="approved", pay=pay)
    page.visible("[data-outcome=to-be-continued]")
    facts = page.visible("#pay").text
    assert "Session “day”\n$2.00\nTotal\n$3.75" in facts
    assert "Session “last”\n$1.00, if you begin it between March 3, 2026" in facts
    keep_screenshot("exit-pay-of-sessions")
    chromium.resize_to_phone(page.browser)
    keep_screenshot("exit-pay-of-sessions-phone")
    assert not page.is_wider_than_the_window()


def test_the_exit_waits_for_the_bonus_and_then_says_it(site_with, page):
    standin = site_with(mode="live")
    first = exit_answer(ended=True, participant_status="submitted")
    then = exit_answer(ended=True, participant_status="approved", pay={"bonus": 0.5})
    standin.on("GET", "/recruiter-exit/1", first, then)
    go(page, standin, "recruiter-exit")
    assert "calculated after the study" in page.visible("#pay-bonus").text
    page.wait().until(lambda _: page.visible("#pay-bonus").text == "$0.50")


def test_the_exit_of_a_trial_run_promises_nothing(plain, page):
    at_the_exit(page, plain, participant_status="approved")
    assert "nobody is paid" in page.visible("#pay").text


def test_the_exit_promises_nothing_when_nothing_is_owed(site_with, page):
    at_the_exit(
        page, site_with(mode="live"), participant_status="returned", pay={"entitled": False, "base": None}
    )
    assert "no payment is recorded" in " ".join(page.visible("[data-outcome=without-pay]").text.split())
    assert page.hidden("#pay")


def test_the_exit_promises_nothing_while_the_server_is_out_of_reach(site_with, page):
    standin = site_with(mode="live")
    standin.on("GET", "/recruiter-exit/1", refusal(500, "internal_error"))
    go(page, standin, "recruiter-exit")
    page.visible("[data-outcome=unknown]")
    assert page.hidden("#pay")


# -- pages that were opened the wrong way -----------------------------------------------------------


@pytest.mark.parametrize("name", ["questionnaire", "error-page", "recruiter-exit", "instructions", "waiting"])
def test_a_page_without_ids_shows_an_error_and_no_form(plain, page, name, keep_screenshot):
    plain.on("POST", "/participant", refusal(400, "id_missing"))
    page.browser.get(f"{plain.url}/{name}")
    page.browser.execute_script("sessionStorage.clear(); store.clear();")
    page.browser.get(f"{plain.url}/{name}")
    page.wait().until(lambda _: "opened without your personal link" in page.text())
    assert page.hidden(".btn-primary")
    assert page.hidden("form")
    keep_screenshot(f"without-ids-{name}")


def test_the_ad_without_ids_asks_nothing(plain, page):
    page.browser.get(f"{plain.url}/ad")
    page.browser.execute_script("sessionStorage.clear(); store.clear();")
    page.browser.get(f"{plain.url}/ad")
    assert "incomplete" in page.visible("#may-not").text
    assert plain.requests("/may-take-part") == []


def test_back_and_finish_again_lead_to_the_exit(plain, page):
    go(page, plain, "questionnaire")
    page.wait().until(lambda _: plain.requests("/recruiter-exit/1"))
    plain.on("POST", "/question/1", refusal(403, "participant_not_working"))
    plain.on("GET", "/recruiter-exit/1", exit_answer(ended=True))
    page.press("#submit-questionnaire")
    page.arrive_at("/recruiter-exit")


def test_the_questionnaire_of_a_participant_who_has_finished_is_the_exit(plain, page):
    plain.on("GET", "/recruiter-exit/1", exit_answer(ended=True))
    page.browser.get(f"{plain.url}/questionnaire?{QUERY}")
    page.arrive_at("/recruiter-exit")


def test_instructions_opened_after_the_end_lead_to_the_exit(plain, page):
    plain.on("POST", "/participant", refusal(403, "repeat_worker"))
    plain.on("GET", "/recruiter-exit/1", exit_answer(ended=True))
    page.browser.get(f"{plain.url}/instructions?hitId=H1&assignmentId=A1&workerId=W1")
    page.arrive_at("/recruiter-exit")


def test_the_error_page_promises_a_payment_only_when_it_is_recorded(site_with, page):
    standin = site_with(mode="live")
    standin.on("POST", "/handle-error", success(recorded=False))
    go(page, standin, "error-page")
    page.press("#submit-error")
    assert "no payment could be recorded" in page.visible("#error-not-recorded").text
    assert page.hidden("#error-recorded")


# -- questionnaires ---------------------------------------------------------------------------------

ITEMS = "".join(
    f"<input name='item{n}' type='radio' value='1'><input name='item{n}' type='radio' value='2'>"
    for n in range(3)
)
STRICT = (
    '{% extends "base/questionnaire.html" %}{% block replace_questions %}'
    "<label>Age <input name='age' type='number' min='18' required></label>"
    "<label>Code <input name='code' pattern='[A-Z]{3}'></label>"
    f"<fieldset><legend>Items</legend>{ITEMS}</fieldset>"
    "<label><input type='checkbox' name='langs' value='de'>de</label>"
    "<label><input type='checkbox' name='langs' value='fr'>fr</label>"
    "<label>Why <textarea name='why'></textarea></label>{% endblock %}"
)


@pytest.fixture
def strict(site_with, page):
    standin = site_with(templates={"questionnaire.html": STRICT})
    go(page, standin, "questionnaire")
    return standin


def fill(page, **values):
    for name, value in values.items():
        field = page.browser.find_element(By.NAME, name)
        field.clear()
        field.send_keys(value)


@pytest.mark.parametrize("values", [{}, {"age": "12"}, {"age": "30", "code": "ab"}])
def test_answers_that_the_fields_do_not_allow_are_not_sent(strict, page, values):
    fill(page, **values)
    page.press("#submit-questionnaire")
    assert "missing or invalid" in page.visible("#questionnaire-problem").text
    assert strict.requests("/question/1") == []
    assert page.browser.switch_to.active_element.get_attribute("name") == (
        "code" if "code" in values else "age"
    )


def test_every_field_has_its_answer_in_the_order_of_the_page(strict, page):
    fill(page, age="30", why="Because.")
    page.browser.find_element(By.CSS_SELECTOR, "[name=item1][value='2']").click()
    for box in page.browser.find_elements(By.NAME, "langs"):
        box.click()
    strict.on("GET", "/recruiter-exit/1", exit_answer(ended=True))
    page.press("#submit-questionnaire")
    page.arrive_at("/recruiter-exit")
    (asked,) = strict.requests("/question/1")
    assert list(json.loads(asked.data["answers"]).items()) == [
        ("age", "30"),
        ("code", ""),
        ("item0", ""),
        ("item1", "2"),
        ("item2", ""),
        ("langs", ["de", "fr"]),
        ("why", "Because."),
    ]


def test_answers_survive_a_reload_until_they_are_sent(strict, page):
    fill(page, age="30", why="Because I")
    page.browser.find_element(By.CSS_SELECTOR, "[name=item1][value='2']").click()
    page.browser.refresh()
    page.arrive_at("/questionnaire")
    found = {name: page.browser.find_element(By.NAME, name).get_attribute("value") for name in ("age", "why")}
    assert found == {"age": "30", "why": "Because I"}
    assert page.browser.find_element(By.CSS_SELECTOR, "[name=item1][value='2']").is_selected()


def test_nothing_is_preselected_in_the_standard_questionnaire(plain, page):
    go(page, plain, "questionnaire")
    chosen = page.browser.execute_script("return $('select').toArray().map((each) => each.value);")
    assert chosen == ["", ""]


# -- words ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ad", "consent", "withdraw", "exp"])
def test_petris_own_words_are_marked_as_english_in_a_study_of_another_language(site_with, page, name):
    standin = site_with(language="de", title="Erinnern", description="Lesen und schreiben.")
    go(page, standin, name)
    unmarked = page.browser.execute_script(
        """
        const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        const found = [];
        while (words.nextNode()) {
          const { parentElement, nodeValue } = words.currentNode;
          const isText = nodeValue.trim() && !parentElement.closest("script, style, noscript");
          if (isText && parentElement.closest("[lang]").lang === "de") found.push(nodeValue.trim());
        }
        return found;
        """
    )
    assert set(unmarked) <= {"Erinnern", "Lesen und schreiben."}


@pytest.mark.parametrize("name", EVERY_PAGE)
def test_a_page_never_promises_dollars_for_a_study_in_pounds(site_with, name):
    standin = site_with(mode="live", recruiter="prolific", prolific_currency="GBP", base_payment=2.5)
    text = (standin.root / f"{name}.html").read_text(encoding="utf-8")
    assert "$2.50" not in text
    assert ("£2.50" in text) == (name in {"ad", "consent", "withdraw"})


@pytest.mark.parametrize("name", EVERY_PAGE)
def test_a_page_of_a_trial_run_promises_no_payment(site_with, name):
    standin = site_with(mode="debug", base_payment=2.5)
    text = " ".join((standin.root / f"{name}.html").read_text(encoding="utf-8").split())
    promises = r"you (are|will be) paid(?! for your time)|payment is (on its way|recorded)(?! for it)"
    assert not re.search(f"{promises}|You will receive", text)


# -- without JavaScript -----------------------------------------------------------------------------


@pytest.fixture
def without_scripts(browser):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    yield Page(browser)
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.parametrize("name", EVERY_PAGE)
def test_a_page_without_javascript_shows_a_notice_and_no_controls(plain, without_scripts, name):
    page = without_scripts
    page.browser.get(f"{plain.url}/{name}?{QUERY}")
    assert "needs JavaScript" in page.visible("noscript .alert").text
    for dead in ("button", ".spinner", "form", ".page-footer"):
        assert page.hidden(dead)


@pytest.mark.parametrize(("mode", "is_promised"), [("live", True), ("debug", False)])
def test_only_a_live_run_promises_pay_when_a_group_ends(site_with, page, mode, is_promised):
    go(page, site_with(mode=mode), "exp")
    page.browser.execute_script("dallinger.sayGoodbye('group');")
    assert ("You will be paid" in page.visible("#goodbye").text) is is_promised
