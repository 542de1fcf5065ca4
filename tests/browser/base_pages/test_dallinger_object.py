"""The `dallinger` object against a scripted server: what it sends, repeats, waits for and keeps."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.browser.pages import Page
from tests.browser.standin import DROPPED, Answer, refusal, success

QUERY = "hitId=H1&assignmentId=A1&workerId=W1&participant_id=1&recruiter=hotair&mode=debug"
SETTLED = """
    const done = arguments[arguments.length - 1];
    const plain = (r) => ({route: r.route, method: r.method, status: r.status, data: r.data, html: r.html,
                           errorCode: r.errorCode, isRejection: r instanceof dallinger.AjaxRejection});
    (%s).done((answer) => done({done: answer})).fail((rejection) => done({fail: plain(rejection)}));
"""
NODE = success(node={"id": 100002})
CONTRACT = [
    *[
        "get",
        "post",
        "createAgent",
        "createInfo",
        "getInfo",
        "getInfos",
        "getReceivedInfos",
        "getTransmissions",
    ],
    *["getExperimentProperty", "createParticipant", "loadParticipant", "waitForQuorum", "updateProgressBar"],
    *["submitAssignment", "submitQuestionnaire", "goToPage", "allowExit", "allowExitOnce", "preventExit"],
    *[
        "hasAdBlocker",
        "missingFingerprint",
        "getUrlParameter",
        "error",
        "storage",
        "BusyForm",
        "AjaxRejection",
    ],
    *["identity", "skip_experiment"],
]


@pytest.fixture
def page(plain, browser):
    page = Page(browser)
    browser.set_script_timeout(20)
    browser.get(f"{plain.url}/exp?{QUERY}")
    page.arrive_at("/exp")
    return page


def settled(page, call):
    return page.browser.execute_async_script(SETTLED % call)


def js(page, expression):
    return page.browser.execute_script(f"return {expression};")


def reload(page):
    page.browser.refresh()
    page.arrive_at("/exp")


def test_everything_of_the_contract_is_there(page):
    assert [name for name in CONTRACT if not js(page, f"{name!r} in dallinger")] == []


@pytest.mark.parametrize(
    ("call", "method", "path", "data"),
    [
        ("dallinger.get('/x', {a: 1})", "GET", "/x", {"a": "1"}),
        ("dallinger.post('/x', {a: 'é&='})", "POST", "/x", {"a": "é&="}),
        ("dallinger.getInfo(5, 6)", "GET", "/info/5/6", {}),
        ("dallinger.getInfos(5)", "GET", "/node/5/infos", {}),
        ("dallinger.getReceivedInfos(5)", "GET", "/node/5/received_infos", {}),
        (
            "dallinger.getTransmissions(5, {direction: 'to', status: 'all'})",
            "GET",
            "/node/5/transmissions",
            {"direction": "to", "status": "all"},
        ),
        ("dallinger.getExperimentProperty('stories')", "GET", "/experiment/stories", {}),
        (
            "dallinger.createInfo(5, {contents: 'seal', info_type: 'Info'})",
            "POST",
            "/info/5",
            {"contents": "seal", "info_type": "Info"},
        ),
        ("dallinger.createAgent()", "POST", "/node/1", {"allow_none": "true"}),
    ],
)
def test_a_call_asks_its_route(plain, page, call, method, path, data):
    plain.on(method, path, success())
    settled(page, call)
    assert [(asked.method, asked.data) for asked in plain.requests(path)] == [(method, data)]


def test_a_list_that_comes_in_pages_is_put_together(plain, page):
    first, second = success(infos=[{"id": 1}], next_offset=1), success(infos=[{"id": 2}], next_offset=2)
    plain.on("GET", "/node/5/infos", first, second, success(infos=[{"id": 3}]))
    done = settled(page, "dallinger.getInfos(5)")["done"]
    assert done == {"status": "success", "infos": [{"id": 1}, {"id": 2}, {"id": 3}]}
    assert [asked.data for asked in plain.requests("/node/5/infos")] == [{}, {"offset": "1"}, {"offset": "2"}]


def test_objects_go_as_json(plain, page):
    plain.on("POST", "/info/5", success())
    settled(page, "dallinger.post('/info/5', {details: {a: [1, null]}})")
    assert json.loads(plain.requests("/info/5")[0].data["details"]) == {"a": [1, None]}


def test_an_empty_text_is_sent_as_such(plain, page):
    plain.on("POST", "/info/5", success())
    settled(page, "dallinger.createInfo(5, {contents: '', failed: undefined})")
    assert plain.requests("/info/5")[0].data == {"contents": ""}


def test_done_gets_the_parsed_answer(plain, page):
    plain.on("GET", "/x", success(value=[1, "é"]))
    assert settled(page, "dallinger.get('/x')") == {"done": {"status": "success", "value": [1, "é"]}}


def test_then_passes_on_what_it_makes(plain, page):
    plain.on("GET", "/x", success(value=2))
    assert settled(page, "dallinger.get('/x').then((answer) => answer.value + 1)") == {"done": 3}


def test_fail_gets_a_rejection_with_everything_in_it(plain, page):
    plain.on("POST", "/x", refusal(403, "forbidden", "Not yours."))
    assert settled(page, "dallinger.post('/x', {a: 1})") == {
        "fail": {
            "route": "/x",
            "method": "POST",
            "status": 403,
            "data": {"a": 1},
            "html": "<p>Not yours.</p>",
            "errorCode": "forbidden",
            "isRejection": True,
        }
    }


def test_a_refusal_without_markup_is_escaped(plain, page):
    plain.on("GET", "/x", Answer({"error_text": "<img onerror=x>"}, 400))
    assert "<img" not in settled(page, "dallinger.get('/x')")["fail"]["html"]


def test_an_error_page_that_is_not_json_is_a_rejection_too(plain, page):
    assert settled(page, "dallinger.get('/nowhere')")["fail"]["status"] == 404


@pytest.mark.parametrize(
    "lost",
    [
        DROPPED,
        refusal(502, "bad_gateway"),
        refusal(504, "timeout"),
        refusal(503, "busy"),
        refusal(503, "busy", Retry_After="1"),
        # API Gateway's own words: throttled, and a function that was throttled or has failed.
        Answer({"message": "Too Many Requests"}, 429),
        Answer({"message": "Limit Exceeded"}, 429, {"Retry-After": "1"}),
        Answer({"message": "Internal server error"}, 500),
        Answer({"message": None}, 507),
    ],
)
def test_a_lost_answer_is_asked_again_under_the_same_request_id(plain, page, lost):
    plain.on("POST", "/info/5", lost, success(info={"id": 8}))
    assert settled(page, "dallinger.createInfo(5, {contents: 'seal'})")["done"]["info"] == {"id": 8}
    first, second = plain.requests("/info/5")
    assert (first.request_id, first.data) == (second.request_id, second.data)


def test_a_defect_of_the_study_is_not_asked_again(plain, page):
    plain.on("POST", "/info/5", refusal(500, "internal_error"), success())
    found = settled(page, "dallinger.createInfo(5, {})")["fail"]
    assert (found["status"], len(plain.requests("/info/5"))) == (500, 1)


def test_the_page_waits_for_retry_after(plain, page):
    page.browser.execute_script(
        "window.pauses = []; const later = setTimeout;"
        "window.setTimeout = (f, ms) => { window.pauses.push(ms); return later(f, ms >= 60000 ? ms : 0); };"
    )
    later = refusal(503, "busy", Retry_After="9")
    date = Answer(
        {}, 429, {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)}
    )
    plain.on("GET", "/x", later, date, Answer({}, 429, {"Retry-After": "soon"}), success())
    assert "done" in settled(page, "dallinger.get('/x')")
    pauses = [ms for ms in js(page, "window.pauses") if 300 < ms < 60000]
    # Some longer by chance, so that clients with the same Retry-After don't retry at once.
    assert 9000 <= pauses[0] <= 11250
    assert 30000 < pauses[1] <= 50000
    assert pauses[2] <= 12000


def test_a_crowd_is_waited_for_longer_than_a_dead_line_with_a_kind_word(plain, page, keep_screenshot):
    page.browser.execute_script(
        "const later = setTimeout; window.setTimeout = (f, ms) => later(f, ms >= 60000 ? ms : 0);"
    )
    free = threading.Event()
    full = Answer({"message": "Too Many Requests"}, 429)
    plain.on("POST", "/info/5", *[full] * 20, replace(success(info={"id": 8}), after=free))
    page.browser.execute_script("dallinger.createInfo(5, {}).done(({info}) => { window.made = info.id; });")
    assert "Many people are taking part" in page.visible(".status-banner").text
    keep_screenshot("many-people")
    free.set()
    page.wait().until(lambda _: js(page, "window.made") == 8)
    assert page.hidden(".status-banner")


def test_each_request_has_an_id_of_its_own(plain, page):
    plain.on("POST", "/info/5", success())
    settled(page, "$.when(dallinger.createInfo(5, {}), dallinger.createInfo(5, {}))")
    assert len({asked.request_id for asked in plain.requests("/info/5")}) == 2


def test_a_refusal_is_not_asked_again(plain, page):
    plain.on("POST", "/info/5", refusal(400, "bad_request"), success())
    settled(page, "dallinger.createInfo(5, {})")
    assert len(plain.requests("/info/5")) == 1


def test_a_line_that_stays_dead_ends_in_a_rejection(plain, page):
    page.browser.execute_script(
        "const later = setTimeout; window.setTimeout = (f, ms) => later(f, ms >= 60000 ? ms : 0);"
    )
    plain.on("GET", "/x", DROPPED)
    found = settled(page, "dallinger.get('/x')")["fail"]
    assert (found["status"], found["errorCode"]) == (0, "no_answer")
    assert len(plain.requests("/x")) == 8


def test_a_busy_network_is_waited_for_with_a_kind_word(plain, page, keep_screenshot):
    busy, free = refusal(503, "network_busy", Retry_After="0"), threading.Event()
    plain.on("POST", "/node/1", busy, busy, replace(NODE, after=free))
    page.browser.execute_script("dallinger.createAgent().done(({node}) => { window.node = node.id; });")
    assert "The person before you is still working" in page.visible(".status-banner").text
    keep_screenshot("waiting-for-the-person-ahead")
    free.set()
    page.wait().until(lambda _: js(page, "window.node") == 100002)
    assert page.hidden(".status-banner")
    assert len({asked.request_id for asked in plain.requests("/node/1")}) == 1


def test_a_waiting_participant_can_still_withdraw(plain, page):
    plain.on("POST", "/node/1", refusal(503, "network_busy", Retry_After="0"))
    page.browser.execute_script("dallinger.createAgent();")
    page.visible(".status-banner")
    page.press("#withdraw-link")
    page.arrive_at("/withdraw")


def test_waiting_for_a_busy_network_has_no_end_of_its_own(plain, page):
    page.browser.execute_script(
        "const later = setTimeout; window.setTimeout = (f, ms) => later(f, ms >= 60000 ? ms : 0);"
    )
    plain.on("POST", "/node/1", *[refusal(503, "network_busy", Retry_After="0")] * 12, NODE)
    assert "done" in settled(page, "dallinger.createAgent()")


def test_the_participants_token_goes_with_each_request(plain, page):
    plain.on("GET", "/x", success())
    settled(page, "dallinger.createParticipant()")
    settled(page, "dallinger.get('/x')")
    assert plain.requests("/x")[0].headers["authorization"] == "Bearer the-token"


def test_a_reload_resumes_the_participant_with_the_token(plain, page):
    settled(page, "dallinger.createParticipant()")
    reload(page)
    settled(page, "dallinger.createParticipant()")
    assert plain.requests("/participant")[1].headers["authorization"] == "Bearer the-token"


def test_two_people_in_one_browser_keep_their_own_tokens(plain, page):
    settled(page, "dallinger.createParticipant()")
    page.browser.get(f"{plain.url}/exp?{QUERY.replace('A1', 'A2').replace('W1', 'W2')}")
    settled(page, "dallinger.createParticipant()")
    assert "authorization" not in plain.requests("/participant")[1].headers


def test_a_token_of_an_earlier_run_is_dropped(plain, page):
    settled(page, "dallinger.createParticipant()")
    participant = {"id": 1, "creation_time": "2024-06-01T10:00:00.000000Z"}
    plain.on(
        "POST", "/participant", refusal(401, "unauthorized"), success(participant=participant, token="new")
    )
    assert "done" in settled(page, "dallinger.createParticipant()")


def test_a_refused_participant_reaches_fail(plain, page):
    plain.on("POST", "/participant", refusal(403, "repeat_worker"))
    assert settled(page, "dallinger.createParticipant()")["fail"]["errorCode"] == "repeat_worker"


def test_a_handled_refusal_leaves_the_page_alone(plain, page):
    plain.on("POST", "/participant", refusal(403, "repeat_worker"))
    settled(page, "dallinger.createParticipant()")
    page.browser.execute_async_script("setTimeout(arguments[0], 50);")
    assert page.text() == "A page"


def test_an_agent_without_a_participant_makes_the_participant_first(plain, page):
    page.browser.get(f"{plain.url}/exp?hitId=H1&assignmentId=A5&workerId=W5")
    settled(page, "dallinger.createAgent()")
    assert [asked.path for asked in plain.asked] == ["/participant", "/node/1"]


def test_a_reload_gets_the_same_node_back(plain, page):
    plain.on("POST", "/node/1", NODE, success(node={"id": 100003}))
    settled(page, "dallinger.createAgent()")
    reload(page)
    assert settled(page, "dallinger.createAgent()")["done"]["node"] == {"id": 100002}


def test_a_reload_says_welcome_back(plain, page):
    settled(page, "dallinger.createAgent()")
    page.browser.execute_script("document.addEventListener('x', () => 0);")
    reload(page)
    assert js(page, "dallinger.hasResumed") is False
    settled(page, "dallinger.createAgent()")
    assert js(page, "dallinger.hasResumed") is True


def test_a_reload_before_the_answer_asks_under_the_same_request_id(plain, page):
    answered = threading.Event()
    plain.on("POST", "/node/1", replace(NODE, after=answered))
    page.browser.execute_script("dallinger.createAgent();")
    page.wait().until(lambda _: plain.requests("/node/1"))
    reload(page)
    answered.set()
    settled(page, "dallinger.createAgent()")
    first, second = plain.requests("/node/1")
    assert first.request_id == second.request_id


def test_asking_for_a_second_node_is_a_new_request(plain, page):
    plain.on("POST", "/node/1", NODE, success(node={"id": 100003}))
    settled(page, "dallinger.createAgent()")
    settled(page, "dallinger.createInfo(100002, {contents: 'x'})")
    assert settled(page, "dallinger.createAgent()")["done"]["node"] == {"id": 100003}


def test_going_on_on_purpose_ends_the_pages_step(plain, page):
    plain.on("POST", "/node/1", NODE, success(node={"id": 100003}))
    settled(page, "dallinger.createAgent()")
    page.browser.execute_script("dallinger.goToPage('withdraw');")
    page.arrive_at("/withdraw")
    page.browser.execute_script("dallinger.goToPage('exp');")
    page.arrive_at("/exp")
    assert settled(page, "dallinger.createAgent()")["done"]["node"] == {"id": 100003}


def test_an_answered_page_that_may_be_left_restarts_after_a_reload(plain, page):
    plain.on("POST", "/node/1", NODE, success(node={"id": 100003}))
    settled(page, "dallinger.createAgent()")
    settled(page, "dallinger.createInfo(100002, {contents: 'x'})")
    reload(page)
    assert settled(page, "dallinger.createAgent()")["done"]["node"] == {"id": 100003}


def test_a_node_of_an_earlier_run_is_not_given_back(plain, page):
    participant = {"id": 1, "creation_time": "2024-06-01T10:00:00.000000Z"}
    settled(page, "dallinger.createParticipant()")
    settled(page, "dallinger.createAgent()")
    plain.on("POST", "/participant", success(participant=participant, token="new"))
    reload(page)
    settled(page, "dallinger.createParticipant()")
    settled(page, "dallinger.createAgent()")
    assert len(plain.requests("/node/1")) == 2


def test_a_missing_network_reaches_fail_with_403(plain, page):
    plain.on("POST", "/node/1", refusal(403, "no_network"))
    assert settled(page, "dallinger.createAgent()")["fail"]["status"] == 403


def test_a_participant_is_loaded_by_the_assignment_alone(plain, page):
    page.browser.get(f"{plain.url}/exp")
    page.browser.execute_script("sessionStorage.clear(); store.clear(); dallinger.identity.initialize();")
    settled(page, "dallinger.loadParticipant('A9')")
    assert plain.requests("/participant")[0].data == {"assignment_id": "A9"}


def test_a_loaded_participant_is_the_identity(plain, page):
    participant = {"id": 9, "creation_time": "2024-05-01T10:00:00.000000Z", "worker_id": "W9"}
    plain.on("POST", "/load-participant", success(participant=participant, token="t9"))
    settled(page, "dallinger.loadParticipant('A9')")
    assert js(page, "[dallinger.identity.participantId, dallinger.identity.assignmentId]") == [9, "A9"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("param1", "aaa"),
        ("param2", True),
        ("param3", None),
        ("param4", ""),
        ("param5", "a b&é"),
        ("param6", "2+2"),
    ],
)
def test_a_parameter_of_the_address_is_read_as_documented(plain, page, name, value):
    page.browser.get(f"{plain.url}/exp?param1=aaa&param2&param4=&param5=a%20b%26%C3%A9&param6=2%2B2")
    assert js(page, f"dallinger.getUrlParameter({name!r})") == value


def test_the_identity_has_the_documented_fields(page):
    fields = ["recruiter", "hitId", "workerId", "assignmentId", "uniqueId", "mode", "participantId"]
    found = js(page, f"{json.dumps(fields)}.map((field) => dallinger.identity[field])")
    assert found == ["hotair", "H1", "W1", "A1", "W1:A1", "debug", "1"]


def test_other_parameters_of_the_address_are_entry_information(plain, page):
    page.browser.get(f"{plain.url}/exp?{QUERY}&panel=b&cohort=2")
    assert js(page, "dallinger.identity.entryInformation") == {"panel": "b", "cohort": "2"}


def test_the_identity_outlasts_an_address_without_ids(plain, page):
    page.browser.get(f"{plain.url}/questionnaire")
    assert js(page, "dallinger.identity.assignmentId") == "A1"


def test_an_address_with_other_ids_is_another_person(plain, page):
    page.browser.get(f"{plain.url}/exp?assignmentId=A2&workerId=W2")
    assert js(page, "[dallinger.identity.hitId, dallinger.identity.workerId]") == [None, "W2"]


def test_a_browser_without_a_fingerprint_differs_from_one_with(page):
    assert js(page, "dallinger.missingFingerprint()") is False


def test_go_to_page_carries_the_query_and_takes_a_path(page):
    page.browser.execute_script("dallinger.goToPage('instructions/second?round=2');")
    page.arrive_at("/instructions/second")
    snake_case = "hit_id=H1&assignment_id=A1&worker_id=W1"
    assert page.browser.current_url.endswith(f"?{QUERY}&{snake_case}&round=2")


@pytest.mark.parametrize(
    ("script", "is_guarded"),
    [
        ("", False),
        ("dallinger.preventExit = true;", True),
        ("dallinger.preventExit = true; dallinger.allowExit();", False),
        ("dallinger.preventExit = true; dallinger.allowExitOnce();", False),
        ("dallinger.preventExit = true; dallinger.allowExitOnce(); leave();", True),
    ],
)
def test_leaving_by_accident_is_guarded(page, script, is_guarded):
    leave = "const leave = () => !dispatchEvent(new Event('beforeunload', {cancelable: true}));"
    assert page.browser.execute_script(f"{leave} {script} return leave();") is is_guarded


def test_the_ad_may_be_left_though_a_script_prevents_it(plain, page):
    page.browser.get(f"{plain.url}/withdraw?{QUERY}")
    assert page.browser.execute_script(
        "dallinger.preventExit = true; return dispatchEvent(new Event('beforeunload', {cancelable: true}));"
    )


def test_storage_keeps_values_across_pages(plain, page):
    page.browser.execute_script("dallinger.storage.set('colour', {hue: 3});")
    reload(page)
    assert js(page, "[dallinger.storage.available, dallinger.storage.get('colour')]") == [True, {"hue": 3}]


def test_storage_and_store_are_one(page):
    page.browser.execute_script("store.set('colour', 'red');")
    assert js(page, "dallinger.storage.all().colour") == "red"


def test_store_forgets_what_is_removed(page):
    page.browser.execute_script("store.set('a', 1); store.set('b', 2); store.remove('a');")
    assert js(page, "[store.get('a', 'none'), store.get('b')]") == ["none", 2]


def test_a_busy_form_freezes_and_thaws_what_it_is_given(page):
    page.browser.execute_script(
        "$('main').append('<input id=one><input id=two disabled>'); window.busy = new dallinger.BusyForm();"
    )
    frozen = page.browser.execute_script("busy.freeze([$('#one')]); return $('#one').prop('disabled');")
    thawed = page.browser.execute_script("busy.unfreeze(); return $('#one').prop('disabled');")
    assert (frozen, thawed) == (True, False)


@pytest.mark.parametrize("make", ["dallinger.BusyForm()", "new dallinger.BusyForm()"])
def test_a_busy_form_is_made_with_and_without_new(page, make):
    assert js(page, f"{make} instanceof dallinger.BusyForm") is True


@pytest.mark.parametrize("new", ["", "new "])
@pytest.mark.parametrize(
    "given",
    [
        "{route: '/info/1', method: 'POST', status: 413, html: '<p>Too much.</p>', errorCode: 'too_large'}",
        (
            "{route: '/info/1', method: 'POST', error: {status: 413, responseText:"
            ' \'{"html": "<p>Too much.</p>", "error_code": "too_large"}\'}}'
        ),
    ],
)
def test_a_rejection_is_made_with_and_without_new(page, new, given):
    made = page.browser.execute_script(
        f"const r = {new}dallinger.AjaxRejection({given});"
        "return [r instanceof dallinger.AjaxRejection, r.route, r.method, r.status, r.html, r.errorCode];"
    )
    assert made == [True, "/info/1", "POST", 413, "<p>Too much.</p>", "too_large"]


def test_a_rejection_of_nothing_says_that_there_was_no_answer(page):
    assert js(page, "dallinger.AjaxRejection().errorCode") == "no_answer"


# -- scripts of older pages -------------------------------------------------------------------------

ASK = {
    "reqwest": "reqwest({url: '/node/100002/received_infos', type: 'json', success: done, error: done});",
    "jquery": "$.get('/node/100002/received_infos').always(done);",
}


def loaded(page, script):
    """Load one of the scripts that older pages expect."""
    page.browser.execute_async_script(
        "const tag = document.createElement('script'); tag.src = arguments[0];"
        "tag.onload = arguments[1]; document.head.append(tag);",
        f"/static/scripts/{script}",
    )


@pytest.mark.parametrize("way", ["reqwest", "jquery"])
def test_an_older_pages_own_request_has_the_token(plain, page, way):
    settled(page, "dallinger.createParticipant()")
    loaded(page, "reqwest.min.js")
    answer = page.browser.execute_async_script(f"const done = arguments[0]; {ASK[way]}")
    (asked,) = plain.requests("/node/100002/received_infos")
    assert (answer["infos"][0]["id"], asked.headers["authorization"]) == (7, "Bearer the-token")


def test_the_token_is_sent_to_no_other_host(page):
    settled(page, "dallinger.createParticipant()")
    assert js(page, "[dallinger.headersFor('https://example.com/x'), dallinger.headersFor('/x')]") == [
        {},
        {"Authorization": "Bearer the-token"},
    ]


def test_a_spinner_turns(page):
    loaded(page, "spin.min.js")
    assert js(page, "new Spinner().spin(document.body).el.parentNode === document.body") is True


def test_a_socket_that_connects_again_can_be_made(page):
    loaded(page, "reconnecting-websocket.js")
    assert js(
        page, "typeof new ReconnectingWebSocket('ws://127.0.0.1:9/', null, {automaticOpen: false}).open"
    ) == ("function")


def test_the_style_sheet_of_older_pages_has_their_classes(plain, page):
    page.browser.execute_async_script(
        "document.querySelectorAll('link[rel=stylesheet]').forEach((link) => link.remove());"
        "const sheet = document.createElement('link'); sheet.rel = 'stylesheet';"
        "sheet.href = '/static/css/dallinger.css'; sheet.onload = arguments[0]; document.head.append(sheet);"
    )
    assert js(page, "document.styleSheets[0].cssRules[0].styleSheet.cssRules.length > 50") is True


def test_a_blocker_that_hides_advertisements_is_noticed(page):
    page.browser.execute_script("$('head').append('<style>.adsbox { display: none; }</style>');")
    assert page.browser.execute_async_script("dallinger.hasAdBlocker(arguments[0].bind(null, true));") is True


def test_an_open_room_admits_participants_immediately(plain, page):
    participant = {"id": 1, "creation_time": "2024-05-01T10:00:00.000000Z"}
    room = {"q": 2, "n": 2, "overrecruited": False, "room": 1}
    plain.on("POST", "/participant", success(participant=participant, quorum=room))
    settled(page, "dallinger.createParticipant()")
    assert js(page, "dallinger.skip_experiment") is False


def test_the_last_participant_of_a_room_waits_until_it_opens(plain, page):
    participant = {"id": 1, "creation_time": "2024-05-01T10:00:00.000000Z"}
    room = {"q": 2, "n": 2, "overrecruited": False}
    plain.on("POST", "/participant", success(participant=participant, quorum=room))
    plain.on("GET", "/waiting-room/1", success(quorum={**room, "n": 1}))
    page.browser.execute_script(
        "const stub = class { send() {} close() {} }; window.WebSocket = stub;"
        "window.arriving = dallinger.createParticipant();"
    )
    page.wait().until(lambda _: js(page, "dallinger.identity.participantId") == 1)
    assert js(page, "window.arriving.state()") == "pending"


def test_a_participant_who_comes_after_the_quorum_skips_the_experiment(plain, page):
    participant = {"id": 1, "creation_time": "2024-05-01T10:00:00.000000Z"}
    room = {"q": 2, "n": 3, "overrecruited": True}
    plain.on("POST", "/participant", success(participant=participant, quorum=room))
    settled(page, "dallinger.createParticipant()")
    assert js(page, "dallinger.skip_experiment") is True


FAKE_SOCKET = """
    window.WebSocket = class {
        constructor(address) { window.socket = this; this.address = address; }
        close() {}
    };
"""


def test_the_waiting_room_opens_with_the_quorum_message(page):
    page.browser.execute_script(
        FAKE_SOCKET + "dallinger.waitForQuorum().done((room) => { window.room = room; });"
        "socket.onmessage({data: 'chat:{}'}); socket.onmessage({data: 'quorum:{\"q\": 2, \"n\": 2}'});"
    )
    page.wait().until(lambda _: js(page, "window.room") == {"q": 2, "n": 2})
    assert "/chat?channel=quorum&participant_id=1" in js(page, "socket.address")


def test_the_waiting_room_stays_closed_below_the_quorum(page):
    state = page.browser.execute_script(
        FAKE_SOCKET + "const room = dallinger.waitForQuorum();"
        'socket.onmessage({data: \'quorum:{"q": 2, "n": 1}\'}); return room.state();'
    )
    assert state == "pending"


def test_a_message_missed_before_the_socket_opened_is_made_up_for(plain, page):
    participant = {"id": 1, "creation_time": "2024-05-01T10:00:00.000000Z"}
    room = {"q": 2, "n": 1, "overrecruited": False}
    plain.on("POST", "/participant", success(participant=participant, quorum=room))
    plain.on("GET", "/waiting-room/1", success(quorum={**room, "n": 2}))
    page.browser.execute_script(FAKE_SOCKET + "window.entered = dallinger.createParticipant();")
    page.wait().until(lambda _: js(page, "Boolean(window.socket)"))
    page.browser.execute_script("socket.onopen();")
    page.wait().until(lambda _: js(page, "entered.state()") == "resolved")


def test_an_answer_that_news_overtook_is_asked_for_again(plain, page):
    late, now = {"q": 3, "n": 1, "overrecruited": False}, {"q": 3, "n": 2, "overrecruited": False}
    plain.on("GET", "/waiting-room/1", success(quorum=late), success(quorum=now))
    page.browser.execute_script(
        FAKE_SOCKET + "window.shown = []; dallinger.updateProgressBar = (n) => shown.push(n);"
        "dallinger.waitForQuorum(); socket.onopen();"
        'socket.onmessage({data: \'quorum:{"q": 3, "n": 2, "overrecruited": false}\'});'
    )
    page.wait().until(lambda _: js(page, "shown.length") == 2)
    assert js(page, "shown") == [2, 2]


def test_the_scripts_do_no_harm_when_included_twice(plain, page):
    settled(page, "dallinger.createParticipant()")
    page.browser.execute_async_script(
        "const again = document.createElement('script'); again.src = '/static/scripts/dallinger2.js';"
        "window.before = dallinger; again.onload = arguments[0]; document.body.append(again);"
    )
    assert js(page, "before === dallinger")
