"""The first page of a study: few requests, a strict content security policy, and the way to it."""

from __future__ import annotations

from urllib.parse import urlsplit

from tests.browser.pages import ConsentPage

from .conftest import Open
from .questions import OFFER, asking

STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'"
)
FIRST = asking("First", offer=OFFER)
RESULT = asking("The result")


def test_three_requests_come_before_the_page_is_asked_for(opened: Open) -> None:
    page, _ = opened(FIRST)
    page.shows("First")
    found = page.browser.execute_script(
        "const order = (one, other) => one.startTime - other.startTime;"
        "const entries = performance.getEntriesByType('resource').sort(order);"
        "return [location.href, ...entries.map(({ name }) => name)];"
    )
    paths = [urlsplit(each).path for each in found if each.startswith("http")]
    before = paths[: paths.index("/page")]
    assert before == ["/exp", "/static/css/study.css", "/static/scripts/petri-study.js", "/participant"]


def test_the_page_works_under_a_strict_content_security_policy(opened: Open) -> None:
    page, study = opened(FIRST, RESULT)
    study.headers["Content-Security-Policy"] = STRICT
    page.shows("First")
    page.browser.get_log("browser")
    page.browser.refresh()
    page.write("offer", "11")
    page.go_on()
    assert page.error_of("offer")
    page.write("offer", "1")
    page.go_on()
    page.shows("The result")
    said = [entry["message"] for entry in page.browser.get_log("browser")]
    assert [each for each in said if "Content Security Policy" in each] == []


def test_the_consent_leads_straight_to_the_study(opened: Open) -> None:
    page, study = opened(FIRST)
    page.shows("First")
    page.browser.execute_script("window.dallinger.allowExit()")
    page.browser.get(f"{study.url}/consent")
    ConsentPage(page.browser).press("#consent")
    page.arrive_at("/exp")
    page.shows("First")
