"""The page of a study by axe-core: desktop and phone, light and dark, both directions of writing."""

from __future__ import annotations

import pytest

from chalicelib.study.items import choice
from tests.browser.accessibility import problems

from .conftest import Open
from .questions import ACCEPT, FAIR, OFFER, WHY, asking
from .scripted_study import Due

ITEMS = {
    "offer": OFFER,
    "colour": choice("Which colour do you like?", ["Red", "Blue"], other=True),
    "accept": ACCEPT,
    "fair": FAIR,
    "why": WHY,
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_a_page_of_questions_has_no_violations_before_and_after_a_refusal(
    opened: Open, scheme: str, direction: str
) -> None:
    more = {"direction": direction, "language": "ar" if direction == "rtl" else "en"}
    page, _ = opened(asking("Questions", seconds=3000, more=more, **ITEMS))
    colours = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", colours)
    try:
        page.shows("Questions")
        assert page.browser.execute_script("return document.documentElement.dir") == direction
        found = problems(page.browser, f"study-questions-{scheme}-{direction}")
        page.write("offer", "12")
        page.go_on()
        page.visible("#item-offer-error")
        found += problems(page.browser, f"study-refused-{scheme}-{direction}")
    finally:
        page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert found == []


def test_a_waiting_page_has_no_violations(opened: Open) -> None:
    wait = Due(
        "wait", "<h1>Please wait</h1><p>Your partner decides.</p>", more={"kind": "wait", "poll_seconds": 60}
    )
    page, _ = opened(wait)
    page.shows("Please wait")
    assert problems(page.browser, "study-waiting") == []


def test_a_page_without_a_heading_gets_one_for_screen_readers(opened: Open) -> None:
    page, _ = opened(Due("plain", "<p>Nothing but a text.</p>", more={"title": "A text"}))
    page.wait().until(lambda _: "Nothing but" in page.text())
    assert page.browser.title == "A text \N{EN DASH} Decisions"
    assert problems(page.browser, "study-without-heading") == []
