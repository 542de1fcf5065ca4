"""The base pages, against the scripted stand-in: what they ask, what they say, where they lead."""

from __future__ import annotations

import hashlib
import threading

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from . import chromium
from .pages import AdPage, ConsentPage, InstructionsPage, Page, QuestionnairePage
from .standin import DROPPED, Answer, refusal, success

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


def test_the_ad_shows_no_button_to_somebody_who_may_not(plain, page):
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


def test_who_comes_back_is_offered_to_go_on(plain, page):
    plain.on("GET", "/may-take-part", success(may=True, resumes=True))
    go(page, plain, "ad")
    assert page.visible("#begin").text == "Go on where you were"


def test_a_preview_shows_the_no_assignment_block(plain, page):
    go(page, plain, "ad", "hitId=H1&assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE")
    assert "accept the task first" in page.visible("#no-assignment").text


def test_an_incomplete_link_is_said_to_be_so(plain, page):
    plain.on("GET", "/may-take-part", refusal(400, "id_missing"))
    go(page, plain, "ad", "hitId=H1")
    assert "not complete" in page.visible("#may-not").text


def test_generated_ids_are_carried_in_the_address(plain, page):
    go(page, plain, "ad", "generate_tokens=1")
    page.visible("#begin")
    assert plain.requests("/may-take-part")[0].data["workerId"] in page.browser.current_url


def test_the_consent_opens_in_a_second_window_with_the_query(plain, browser):
    AdPage(browser).open(plain.url)
    AdPage(browser).begin()
    assert "assignmentId=A1" in browser.current_url


def test_the_ad_offers_a_link_where_pop_ups_are_blocked(plain, page):
    go(page, plain, "ad")
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


def test_who_does_not_agree_is_thanked_and_nothing_is_asked(plain, page):
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


def test_the_participants_id_goes_along_to_the_next_page(plain, page):
    go(page, plain, "instructions", "hitId=H1&assignmentId=A1&workerId=W1")
    InstructionsPage(page.browser).go_on()
    page.arrive_at("/exp")
    assert "participant_id=1" in page.browser.current_url


def test_a_refused_participant_reads_why(plain, page):
    plain.on("POST", "/participant", refusal(403, "repeat_worker", "You have <b>already</b> taken part."))
    go(page, plain, "instructions")
    page.wait().until(lambda _: "cannot go on" in page.text())
    assert "You have <b>already</b> taken part." in page.text()


def test_the_answers_of_the_questionnaire_are_sent_and_the_assignment_handed_in(plain, browser):
    page = QuestionnairePage(browser)
    go(page, plain, "questionnaire")
    page.answer("difficulty", "2")
    page.submit()
    (question,) = plain.requests("/question/1")
    assert question.data["question"] == "questionnaire"
    assert question.data["response"] == '{"engagement":"4","difficulty":"2"}'
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
    page.press("#withdraw")
    page.arrive_at("/recruiter-exit")
    assert [asked.data for asked in plain.requests("/withdraw")] == [{"participant_id": "1"}]
    assert "You have withdrawn" in page.text()


def test_who_changes_their_mind_comes_back_to_the_page(plain, page):
    go(page, plain, "exp")
    page.press("#withdraw-link")
    page.arrive_at("/withdraw")
    page.press("#stay")
    page.arrive_at("/exp")


def test_nobody_can_withdraw_before_taking_part(plain, page):
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


def test_who_leaves_the_error_page_without_a_word_is_reported_with_their_token(plain, page):
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
    go(page, plain, "recruiter-exit", f"{QUERY}&turkSubmitTo={address}")
    page.visible("#close-hint")
    assert page.hidden("#mturk-submit")


def test_the_exit_leads_back_to_where_the_recruiter_says(plain, page):
    way_back = "https://app.prolific.com/submissions/complete?cc=C1234"
    plain.on("GET", "/recruiter-exit/1", success(submit_address=way_back, give_back=False))
    go(page, plain, "recruiter-exit")
    assert page.visible("#way-back-link").get_attribute("href") == way_back


def test_the_exit_leads_to_no_script(plain, page):
    plain.on("GET", "/recruiter-exit/1", success(submit_address="javascript:alert(1)", give_back=False))
    go(page, plain, "recruiter-exit")
    page.visible("#close-hint")
    assert page.hidden("#way-back")


def test_the_exit_asks_who_does_not_fit_to_return_the_task(plain, page):
    plain.on("GET", "/recruiter-exit/1", success(submit_address="", give_back=True))
    go(page, plain, "recruiter-exit", f"{QUERY}&turkSubmitTo=https://www.mturk.com")
    page.visible("[data-outcome=given-back]")
    assert page.hidden("#mturk-submit")


def test_the_exit_hands_in_at_mturk_although_the_line_is_down(plain, page):
    plain.on("GET", "/recruiter-exit/1", refusal(500, "internal_error"))
    go(page, plain, "recruiter-exit", f"{QUERY}&turkSubmitTo=https://www.mturk.com")
    page.visible("#mturk-submit")


def test_the_waiting_room_lets_in_when_there_is_no_quorum(plain, page):
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
    before = set(browser.window_handles)
    press_by_keyboard(browser, "begin")
    page.wait().until(lambda _: set(browser.window_handles) - before)
    browser.switch_to.window((set(browser.window_handles) - before).pop())
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
