"""The page between two sessions: when the next opens, in the time zone of the participant, and its start."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import services
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from petri.study import End, Form, Session, Study, days
from tests.browser.accessibility import problems
from tests.browser.study.conftest import Open
from tests.browser.study.questions import asking
from tests.browser.study.scripted_study import Due
from tests.study.studies import answer, compiled, due
from tests.web.world import build_world


class Memory(Study):
    """Two sessions."""

    timeline = (
        Form("today"),
        Session("Week 2", after=days(7), open_for=days(3), pay=1.50, text="We will ask for the words again."),
        Form("later"),
        End(),
    )


@pytest.fixture
def between() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """What GET /page answers before and after the session has opened."""
    own = type("Memory", (Memory,), {})
    own.use_pages(compiled({name: f"<h1>{name}</h1>" for name in ("today", "later")}))
    engine = SQLiteEngine(":memory:")
    here = build_world(own, engine, {}).launch()
    person = here.arrive()
    answer(person)
    here.work()
    closed = due(person).body
    here.clock.turn(hours=7 * 24)
    yield closed, due(person).body
    services.use(None)
    engine.close()


def page_of(body: dict[str, Any], **more: Any) -> Due:
    own = ("kind", "title", "button", "exit", "opens_in", "is_open")
    return Due(body["page"], body["html"], more={name: body[name] for name in own} | more)


def test_the_page_says_when_the_next_session_opens_and_begins_it(
    opened: Open, between: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    closed, is_open = between
    page, study = opened(page_of(closed, opens_in=2), page_of(is_open), asking("Later"))
    page.browser.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "America/New_York"})
    try:
        page.browser.refresh()
        page.shows("See you at the next session")
        # 12:00 UTC on 8 March 2026, the day on which New York's clocks were set forward.
        assert "Sunday, March 8, 2026 at 8:00" in page.text().replace("\N{NARROW NO-BREAK SPACE}", " ")
        assert "1.50" in page.text()
        assert page.visible("#next").text == "Finish for now"
        assert problems(page.browser, "study-session-closed") == []
        study.at = 1
        page.shows("The next session is open")
        assert problems(page.browser, "study-session-open") == []
        page.go_on()
        page.shows("Later")
        assert len(study.posts()) == 1
    finally:
        page.browser.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": ""})
