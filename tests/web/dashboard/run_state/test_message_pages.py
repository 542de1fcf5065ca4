"""Messages: the form says whom a message reaches, and the pages say who has seen it."""

from __future__ import annotations

import re

import pytest

from chalicelib.access.rights import ROLES, Actor
from chalicelib.dashboard.operation_calls import run_operation
from chalicelib.errors import Forbidden
from chalicelib.operations.audit.reading import list_entries
from chalicelib.operations.shared.context import OPERATOR_CALLER
from petri.study import End, Group, Page, Study
from tests.study.studies import OpenStudy, due, open_study
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.experiments import Talk
from tests.web.world import OPERATOR_TOKEN, World

__all__ = ["open_study"]

VIEWER = Actor("user:vic", "Vic", ROLES["Viewer"])
WORDS = "A break <b>until</b> 3 pm"


@pytest.fixture
def here(world: NewWorld) -> World:
    """A run with three participants at work."""
    run = world(Talk)
    for _ in range(3):
        run.arrive()
    return run


def shown(here: World, number: int) -> list[str]:
    person = run_operation(VIEWER, "", "messages.list", participant_id=number).rows
    return [row.text for row in person]


def test_a_message_to_all_is_sent_after_the_form_has_said_how_many_it_reaches(here: World) -> None:
    browser = DashboardBrowser(here)
    assert "pages of 3 participants who are taking part" in browser.open("stop")
    form = browser.open("messages/all/write")
    assert "all who are taking part now: 3 participants." in form
    sent = browser.press("messages/all/write", [("text", WORDS), ("form", "a" * 32)])
    again = browser.press("messages/all/write", [("text", WORDS), ("form", "a" * 32)])
    assert [said.headers["location"] for said in (sent, again)] == ["/dashboard/messages?sent=3"] * 2
    page = browser.open("messages")
    assert page.count("A break &lt;b&gt;until&lt;/b&gt; 3 pm") == 1
    assert "0 of 3" in page
    (entry,) = [
        one.entry
        for one in here.app.run(list_entries, caller=OPERATOR_CALLER)
        if one.entry.operation == "messages.send"
    ]
    assert entry.records == (("messages", "all"),)


def test_those_who_arrive_later_are_included_if_the_box_is_ticked(here: World) -> None:
    DashboardBrowser(here).press("messages/all/write", [("text", WORDS), ("later", "1")])
    here.arrive()
    assert shown(here, 4) == [WORDS]


def test_selected_participants_get_one_message_and_its_page_names_who_has_seen_it(here: World) -> None:
    browser = DashboardBrowser(here)
    assert 'formaction="/dashboard/messages/selected/write"' in browser.open("participants")
    asked = [("ids", "1"), ("ids", "3")]
    form = here.get("/dashboard/messages/selected/write", asked, headers=browser.headers).raw.decode()
    assert "This goes to 2 participants: 1, 3." in form
    assert 'action="/dashboard/messages/1,3/write"' in form
    browser.press("messages/1,3/write", [("text", WORDS)])
    assert (shown(here, 1), shown(here, 2)) == ([WORDS], [])
    assert "A break" in browser.open("participants/1")
    here.post("/participant/1/messages", {"id": 1}, token=OPERATOR_TOKEN)
    detail = browser.open("messages/1/seen")
    assert re.search(r"Not seen yet.*participants/3.*Seen by.*participants/1", detail, re.DOTALL)


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("messages/everyone/write", [("text", WORDS)], 404),
        ("messages/1/seen", [("text", WORDS)], 404),
        ("messages/1,99/write", [("text", WORDS)], 404),
        ("messages/1/write", [], 400),
        ("messages/selected/write", [("text", WORDS)], 400),
    ],
)
def test_a_form_without_text_or_known_recipients_sends_nothing(
    here: World, path: str, fields: list[tuple[str, str]], status: int
) -> None:
    browser = DashboardBrowser(here)
    with here.unchanged():
        assert browser.press(path, fields).status == status


def test_a_refused_message_is_kept_in_the_form(world: NewWorld) -> None:
    said = DashboardBrowser(world(Talk)).press("messages/all/write", [("text", WORDS)])
    assert said.status == 409
    page = said.raw.decode()
    assert "would reach none" in page
    assert "A break &lt;b&gt;" in page


def test_a_viewer_reads_messages_and_sends_none(here: World) -> None:
    with here.unchanged(), pytest.raises(Forbidden):
        run_operation(VIEWER, "", "messages.send", text=WORDS, to="all")


class Pair(Study):
    timeline = (Group(2), Page("talk"), End())


def test_a_group_of_a_study_is_written_to_from_the_page_live(open_study: OpenStudy) -> None:
    here = open_study(Pair)
    people = [here.arrive() for _ in range(3)]
    for person in people:
        due(person)
    here.work()
    (group,) = run_operation(VIEWER, "", "live.read").groups
    browser = DashboardBrowser(here)
    address = f"messages/group-{group.network_id}/write"
    assert f'href="/dashboard/{address}?back=/dashboard/live"' in browser.open("live")
    browser.press(address, [("text", WORDS)])
    assert [shown(here, person.id) for person in people] == [[WORDS], [WORDS], []]
