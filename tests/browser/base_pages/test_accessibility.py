"""Every page that Petri shows meets WCAG 2.2 AA, reflows at 320 pixels, and keeps its controls apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from infra.scaffold import create
from infra.site import SiteSource, build
from tests.browser import accessibility
from tests.browser.conftest import CONFIG, answers_like_an_experiment, exit_answer
from tests.browser.pages import Page, ad_address
from tests.browser.standin import StandIn, refusal, serving, success
from tests.demos.serving import serving as serving_demo

QUERY = "hitId=H1&assignmentId=A1&workerId=W1&participant_id=1"
PARTICIPANT = {"id": 1, "creation_time": "2024-05-01T10:00:00.000000Z", "status": "working"}
EVERY_SETTING = CONFIG | {"recruiter": "mturk", "base_payment": 2.5}
TRIAL = '{% extends "layout.html" %}{% block body %}<div class="main_div"><h1>A page</h1></div>{% endblock %}'

Scene = Callable[[Page, StandIn], None]


@pytest.fixture(scope="module")
def live_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The core pages of a live run, which say more than those of a trial run: what is paid, and by whom."""
    folder = tmp_path_factory.mktemp("live")
    (folder / "templates").mkdir()
    (folder / "templates" / "exp.html").write_text(TRIAL, encoding="utf-8")
    return build(SiteSource(folder, "live", "live", EVERY_SETTING), folder / "site").root


@pytest.fixture(scope="module")
def scaffold_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    parent = tmp_path_factory.mktemp("scaffold")
    settings = CONFIG | {"button_text": "Press me"}
    return build(SiteSource(create("my_study", parent), "my_study", "debug", settings), parent / "site").root


@pytest.fixture
def page(browser: Chrome) -> Page:
    return Page(browser)


@pytest.fixture
def live(live_site: Path) -> Iterator[StandIn]:
    with serving(live_site) as standin:
        answers_like_an_experiment(standin)
        yield standin


@pytest.fixture
def scaffold(scaffold_site: Path) -> Iterator[StandIn]:
    with serving(scaffold_site) as standin:
        answers_like_an_experiment(standin)
        yield standin


def go(page: Page, standin: StandIn, name: str, more: str = "") -> None:
    page.browser.get(f"{standin.url}/{name}?{QUERY}{more}")
    page.arrive_at(f"/{name}")


# How a page of a run comes to show what it can show.


def ad(page: Page, standin: StandIn) -> None:
    go(page, standin, "ad")
    page.visible("#begin")


def ad_of_a_returning_participant(page: Page, standin: StandIn) -> None:
    standin.on("GET", "/may-take-part", success(may=True, resumes=True))
    ad(page, standin)


def ad_preview(page: Page, standin: StandIn) -> None:
    page.browser.get(f"{standin.url}/ad?hitId=H1&assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE")
    page.visible("#no-assignment")


def ad_of_a_finished_participant(page: Page, standin: StandIn) -> None:
    standin.on("GET", "/may-take-part", success(may=False, reason="repeat_worker", ended=True))
    go(page, standin, "ad")
    page.visible("#last-page")


def ad_out_of_reach(page: Page, standin: StandIn) -> None:
    standin.on("GET", "/may-take-part", refusal(500, "internal_error"))
    go(page, standin, "ad")
    page.visible("#ask-again")


def ad_with_every_note(page: Page, standin: StandIn) -> None:
    ad(page, standin)
    page.browser.execute_script(
        "for (const id of arguments) document.getElementById(id).hidden = false;",
        *("storage-blocked", "declined-before", "second-window", "opened", "pop-up-blocked"),
    )


def consent(page: Page, standin: StandIn) -> None:
    go(page, standin, "consent")


def consent_declined(page: Page, standin: StandIn) -> None:
    consent(page, standin)
    page.press("#no-consent")
    page.visible("#declined")


def instructions(page: Page, standin: StandIn) -> None:
    go(page, standin, "instructions")
    page.wait().until(lambda _: page.visible(".btn-success").is_enabled())


def instructions_refused(page: Page, standin: StandIn) -> None:
    standin.on("POST", "/participant", refusal(403, "closed", "All places in this study are taken."))
    go(page, standin, "instructions")
    page.visible("[role=alert]")


def waiting(page: Page, standin: StandIn) -> None:
    room = {"q": 3, "n": 2, "overrecruited": False}
    standin.on("POST", "/participant", success(participant=PARTICIPANT, token="t", session=1, quorum=room))
    standin.on("GET", "/waiting-room/1", success(quorum=room))
    go(page, standin, "waiting")
    page.wait().until(lambda _: "2 of 3" in page.visible("#waiting-count").text)


def waiting_in_vain(page: Page, standin: StandIn) -> None:
    go(page, standin, "exp")
    page.browser.execute_script("dallinger.sayGoodbye('waiting');")


def group_ended(page: Page, standin: StandIn) -> None:
    go(page, standin, "exp")
    page.browser.execute_script("dallinger.sayGoodbye('group');")


def waiting_for_the_person_ahead(page: Page, standin: StandIn) -> None:
    standin.on("POST", "/node/1", refusal(503, "network_busy"))
    go(page, standin, "instructions")
    page.browser.execute_script("dallinger.createAgent();")
    page.visible(".status-banner")


def taken_over(page: Page, standin: StandIn) -> None:
    go(page, standin, "instructions")
    page.wait().until(lambda _: page.visible(".btn-success").is_enabled())
    page.browser.execute_async_script("dallinger.post('/withdraw').always(arguments[0]);")
    standin.on("POST", "/question/1", refusal(401, "token_ended"))
    page.browser.execute_script("dallinger.post('/question/1');")
    page.visible("#taken-over")


def questionnaire(page: Page, standin: StandIn) -> None:
    go(page, standin, "questionnaire")


def questionnaire_refused(page: Page, standin: StandIn) -> None:
    standin.on("POST", "/question/1", refusal(400, "too_long", "The answer is too long."))
    questionnaire(page, standin)
    page.press("#submit-questionnaire")
    page.visible("#questionnaire-problem")


def questionnaire_of_the_overrecruited(page: Page, standin: StandIn) -> None:
    go(page, standin, "questionnaire", "&outcome=overrecruited")
    page.visible(".alert-info")


def questionnaire_without_ids(page: Page, standin: StandIn) -> None:
    page.browser.get(f"{standin.url}/questionnaire")
    page.browser.execute_script("sessionStorage.clear(); store.clear();")
    page.browser.get(f"{standin.url}/questionnaire")
    page.visible("[role=alert]")


def withdraw(page: Page, standin: StandIn) -> None:
    go(page, standin, "withdraw")
    page.visible("#withdraw")


def withdraw_out_of_reach(page: Page, standin: StandIn) -> None:
    standin.on("POST", "/withdraw", refusal(500, "internal_error", "The study could not be reached."))
    withdraw(page, standin)
    page.press("#withdraw")
    page.visible("#withdraw-problem")


def nothing_to_withdraw(page: Page, standin: StandIn) -> None:
    page.browser.get(f"{standin.url}/withdraw?hitId=H1&assignmentId=A9&workerId=W9")
    page.visible("#nothing-to-withdraw")


def error_page(page: Page, standin: StandIn) -> None:
    go(page, standin, "error-page")


def error_not_sent(page: Page, standin: StandIn) -> None:
    standin.on("POST", "/handle-error", refusal(500, "internal_error"))
    error_page(page, standin)
    page.press("#submit-error")
    page.visible("#not-sent")


def error_recorded(page: Page, standin: StandIn) -> None:
    error_page(page, standin)
    page.press("#submit-error")
    page.visible("#error-recorded")


def error_not_recorded(page: Page, standin: StandIn) -> None:
    standin.on("POST", "/handle-error", success(recorded=False))
    error_page(page, standin)
    page.press("#submit-error")
    page.visible("#error-not-recorded")


def exit_unfinished(page: Page, standin: StandIn) -> None:
    go(page, standin, "recruiter-exit")
    page.visible("[data-outcome=unfinished]")


def exit_complete(page: Page, standin: StandIn) -> None:
    pay = {"base": 1.0, "bonus": 0.25, "recorded": True}
    standin.on("GET", "/recruiter-exit/1", exit_answer(ended=True, participant_status="approved", pay=pay))
    go(page, standin, "recruiter-exit")
    page.visible("#pay")


def exit_to_mturk(page: Page, standin: StandIn) -> None:
    answer = exit_answer(ended=True, participant_status="submitted", recruiter="mturk")
    standin.on("GET", "/recruiter-exit/1", answer)
    go(page, standin, "recruiter-exit", "&turkSubmitTo=https://www.mturk.com")
    page.visible("#mturk-submit")


def exit_to_prolific(page: Page, standin: StandIn) -> None:
    way_back = "https://app.prolific.com/submissions/complete?cc=C1234"
    answer = exit_answer(ended=True, participant_status="submitted", submit_address=way_back)
    standin.on("GET", "/recruiter-exit/1", answer)
    go(page, standin, "recruiter-exit")
    page.visible("#way-back-link")


def exit_with_every_outcome(page: Page, standin: StandIn) -> None:
    exit_complete(page, standin)
    page.browser.execute_script(
        "for (const each of document.querySelectorAll('[data-outcome], [data-paid-by]')) each.hidden = false;"
    )


def exit_out_of_reach(page: Page, standin: StandIn) -> None:
    standin.on("GET", "/recruiter-exit/1", refusal(500, "internal_error"))
    go(page, standin, "recruiter-exit")
    page.visible("[data-outcome=unknown]")


def complete(page: Page, standin: StandIn) -> None:
    go(page, standin, "complete")


def launch(page: Page, standin: StandIn) -> None:
    go(page, standin, "launch")


SCENES: tuple[Scene, ...] = (
    ad,
    ad_of_a_returning_participant,
    ad_preview,
    ad_of_a_finished_participant,
    ad_out_of_reach,
    ad_with_every_note,
    consent,
    consent_declined,
    instructions,
    instructions_refused,
    waiting,
    waiting_in_vain,
    group_ended,
    waiting_for_the_person_ahead,
    taken_over,
    questionnaire,
    questionnaire_refused,
    questionnaire_of_the_overrecruited,
    questionnaire_without_ids,
    withdraw,
    withdraw_out_of_reach,
    nothing_to_withdraw,
    error_page,
    error_not_sent,
    error_recorded,
    error_not_recorded,
    exit_unfinished,
    exit_complete,
    exit_to_mturk,
    exit_to_prolific,
    exit_with_every_outcome,
    exit_out_of_reach,
    complete,
    launch,
)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_a_page_of_a_live_run_is_accessible(live, page, scene):
    scene(page, live)
    assert accessibility.problems(page.browser, f"live-{scene.__name__}") == []


@pytest.mark.parametrize(
    "scene",
    [ad, consent, waiting, withdraw, error_recorded, exit_complete],
    ids=lambda scene: scene.__name__,
)
def test_a_page_of_a_trial_run_is_accessible(plain, page, scene):
    scene(page, plain)
    name = f"trial-{scene.__name__}"
    assert accessibility.problems(page.browser, name, sizes=(accessibility.PHONE,)) == []


@pytest.mark.parametrize(
    "scene", [ad, consent, instructions, questionnaire], ids=lambda scene: scene.__name__
)
def test_a_page_of_a_new_folder_is_accessible(scaffold, page, scene):
    scene(page, scaffold)
    assert accessibility.problems(page.browser, f"scaffold-{scene.__name__}") == []


def test_the_experiment_of_a_new_folder_is_accessible(scaffold, page):
    go(page, scaffold, "exp")
    page.wait().until(lambda _: page.visible("#submit-response").is_enabled())
    assert accessibility.problems(page.browser, "scaffold-exp") == []


def test_a_page_without_javascript_is_accessible(live, page):
    # axe-core is JavaScript too, so a script shows what a page without scripts shows.
    go(page, live, "complete")
    page.browser.execute_script(
        "const noscript = document.querySelector('main noscript'); noscript.outerHTML = noscript.textContent;"
    )
    page.visible(".alert-warning")
    assert accessibility.problems(page.browser, "live-noscript") == []


# -- what the host of a trial run adds, with the demo of one button ----------------------------------


@pytest.fixture(scope="module")
def button(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving_demo("pushbutton", tmp_path_factory.mktemp("pushbutton")) as address:
        yield address


def test_the_start_page_of_a_trial_run_is_accessible(button, page):
    page.browser.get(f"{button}/")
    page.visible("#links")
    assert accessibility.problems(page.browser, "start-page") == []


def test_the_start_page_updates_without_a_reload_and_keeps_the_focus(button, page):
    page.browser.get(f"{button}/")
    arrived = page.visible("#standing td").text
    page.browser.execute_script("window.isSamePage = true; document.querySelector('#links a').focus();")
    focused = page.browser.switch_to.active_element
    page.browser.execute_script(
        "fetch('/participant', { method: 'POST', body: new URLSearchParams("
        "{ hitId: 'H', assignmentId: 'update', workerId: 'update', recruiter: 'hotair', mode: 'debug' }) });"
    )
    assert focused == page.browser.switch_to.active_element
    page.browser.execute_script("document.activeElement.blur();")
    page.wait().until(lambda _: page.visible("#standing td").text == str(int(arrived) + 1))
    assert page.browser.execute_script("return window.isSamePage;") is True


def test_the_page_of_a_wrong_address_is_accessible(button, page):
    page.browser.get(f"{button}/no-such-page")
    assert accessibility.problems(page.browser, "not-found") == []


def test_the_pages_of_the_button_are_accessible(button, page):
    found = []
    page.browser.get(ad_address(button, workerId="axe", assignmentId="axe"))
    page.visible("#begin")
    found += accessibility.problems(page.browser, "pushbutton-ad")
    page.press("#begin")
    page.arrive_at("/consent")
    found += accessibility.problems(page.browser, "pushbutton-consent")
    page.press("#consent")
    page.arrive_at("/instructions")
    page.wait().until(lambda _: page.visible(".btn-success").is_enabled())
    found += accessibility.problems(page.browser, "pushbutton-instructions")
    page.press(".btn-success")
    page.arrive_at("/exp")
    page.wait().until(lambda _: page.visible("#submit-response").is_enabled())
    found += accessibility.problems(page.browser, "pushbutton-exp")
    page.press("#submit-response")
    page.arrive_at("/questionnaire")
    found += accessibility.problems(page.browser, "pushbutton-questionnaire")
    page.press("#submit-questionnaire")
    page.arrive_at("/recruiter-exit")
    found += accessibility.problems(page.browser, "pushbutton-exit")
    assert found == []


# -- the checks themselves ---------------------------------------------------------------------------


def test_the_vendored_axe_core_is_the_version_that_its_readme_names(plain, page):
    go(page, plain, "complete")
    accessibility.problems(page.browser, "axe-version", sizes=(accessibility.PHONE,))
    assert page.browser.execute_script("return axe.version;") == accessibility.AXE_VERSION
    readme = (accessibility.AXE.parent / "README.md").read_text(encoding="utf-8")
    assert f"axe-core {accessibility.AXE_VERSION}" in readme


def test_the_checks_find_bad_contrast_missing_names_overlaps_and_too_much_width(plain, page):
    go(page, plain, "complete")
    page.browser.execute_script(
        "document.querySelector('main').innerHTML = `<h1 style='color: #ccc'>Pale</h1><input>"
        "<button style='position: absolute; left: 0'>One</button>"
        "<button style='position: absolute; left: 9px'>Two</button>"
        "<p style='width: 700px'>Wide</p>`;"
    )
    found = " ".join(accessibility.problems(page.browser, "bad-page", sizes=(accessibility.PHONE,)))
    for expected in ("color-contrast", "label", "overlaps", "px wide"):
        assert expected in found


def test_no_page_and_no_package_ships_axe_core():
    root = Path(__file__).parents[3]
    shipped = [
        path
        for room in ("frontend", "infra", "chalicelib", "petri", "demos")
        for path in (root / room).rglob("*axe*")
    ]
    assert shipped == []
