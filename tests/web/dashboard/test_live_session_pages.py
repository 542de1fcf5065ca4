"""Live sessions on the dashboard: the host opens one, paces it, and downloads its result."""

from __future__ import annotations

import re

import pytest

from chalicelib.access.rights import ROLES, Actor
from chalicelib.dashboard.operation_calls import run_operation
from chalicelib.dashboard.pages.classroom.live_sessions import result_csv
from chalicelib.errors import Forbidden
from chalicelib.operations.live_sessions.results import AnswerResult, LiveResult, PlayerResult, QuestionResult
from infra.operator.live_results import sheets_of, workbook_of
from petri.study import End, Form, Group, Hosted, Study, choice
from tests.study.studies import OpenStudy, open_study
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.world import World

__all__ = ["open_study"]

VIEWER = Actor("user:vic", "Vic", ROLES["Viewer"])


class Quiz(Study):
    """Two questions that a host paces."""

    capital = choice("What is the capital of France?", ["Paris", "Lyon"], right="Paris")
    largest = choice("Which is larger?", ["<b>Mars</b>", "Venus"], right="Venus")
    timeline = (
        Hosted([Form("capital", ask="capital", seconds=20), Form("largest", ask="largest")]),
        End(),
    )


class Paired(Study):
    """A study that begins with a group, so that a host can pace nothing."""

    capital = choice("What is the capital of France?", ["Paris", "Lyon"])
    timeline = (Group(2), Form("capital", ask="capital"), End())


@pytest.fixture
def here(open_study: OpenStudy) -> World:
    return open_study(Quiz, mode="live", recruiter="link", link_workers="any", mailer="log")


def pressed(browser: DashboardBrowser, action: str, shown: int) -> str:
    said = browser.press("live-sessions/1/act", [("action", action), ("shown", str(shown))])
    assert said.status == 303, said
    return browser.open("live-sessions/1")


def test_a_session_with_a_limit_says_how_many_have_joined_and_that_it_is_full(here: World) -> None:
    browser = DashboardBrowser(here)
    for wrong in ("many", "-3", "99999999"):
        said = browser.press("live-sessions/new/open", [("most_players", wrong)])
        assert said.status == 409
        assert "The limit of players must be" in said.raw.decode()
    browser.press("live-sessions/new/open", [("most_players", "1")])
    pin = here.items("live_session")[0]["pin"]
    assert here.post("/join", {"pin": pin, "name": "Ada"}).status == 303
    assert "1 of 1" in browser.open("live-sessions/1")
    refused = here.post("/join", {"pin": pin, "name": "Ben"})
    assert refused.status == 409
    assert "This session is full: no more people can join." in refused.raw.decode()


def test_the_host_opens_a_session_and_sees_its_pin_and_a_code(here: World) -> None:
    browser = DashboardBrowser(here)
    assert "No session yet" in browser.open("live-sessions")
    said = browser.press("live-sessions/new/open", [("custom_field", "Student number")])
    assert (said.status, said.headers["location"]) == (303, "/dashboard/live-sessions/1")
    page = browser.open("live-sessions/1")
    pin = here.items("live_session")[0]["pin"]
    assert f"{pin[:3]} {pin[3:]}" in page
    assert "<svg" in page
    assert "Begin</button>" in page


def test_the_host_goes_through_pages_answers_solution_and_leaders(here: World) -> None:
    browser = DashboardBrowser(here)
    browser.press("live-sessions/new/open")
    page = pressed(browser, "next", 0)
    assert "What is the capital of France?" in page
    assert "right</span>" not in page
    assert "right</span>" in pressed(browser, "solution", 1)
    assert "&lt;b&gt;Mars&lt;/b&gt;" in pressed(browser, "next", 1)
    assert "Finish</button>" in pressed(browser, "answers", 2)
    assert "The session is over" in pressed(browser, "next", 2)
    assert "Result of session 1" in browser.open("live-sessions/1/result")


def test_a_stale_button_says_that_the_session_has_gone_on(here: World) -> None:
    browser = DashboardBrowser(here)
    browser.press("live-sessions/new/open")
    pressed(browser, "next", 0)
    said = browser.press("live-sessions/1/act", [("action", "next"), ("shown", "0")])
    assert said.status == 409
    assert "has gone on meanwhile" in said.raw.decode()
    assert browser.press("live-sessions/1/act", [("action", "next"), ("shown", "x")]).status == 400


def test_a_remote_control_is_shown_once_and_can_be_ended(here: World) -> None:
    browser = DashboardBrowser(here)
    browser.press("live-sessions/new/open")
    page = browser.press("live-sessions/1/remote").raw.decode()
    [path] = set(re.findall(r"/join/remote/[\w-]+", page))
    assert here.get(path).status == 200
    assert "End the remote control" in browser.open("live-sessions/1")
    browser.press("live-sessions/1/revoke-remote")
    assert here.get(path).status == 403


def test_a_study_without_a_page_that_all_see_says_what_to_do(open_study: OpenStudy) -> None:
    said = DashboardBrowser(open_study(Paired)).press("live-sessions/new/open")
    assert said.status == 409
    assert "Put pages into Hosted" in said.raw.decode()


@pytest.mark.parametrize("operation", ["live-sessions.open", "live-sessions.act", "live-sessions.kick"])
def test_only_actors_who_may_run_a_live_session_host_one(here: World, operation: str) -> None:
    run_operation(Actor("user:amy", "Amy", ROLES["Assistant"]), "", "live-sessions.open")
    asked = {
        "live-sessions.open": {},
        "live-sessions.act": {"id": "1", "action": "next", "shown": 0},
        "live-sessions.kick": {"id": "1", "seat": "live-1-x"},
    }
    with here.unchanged(), pytest.raises(Forbidden):
        run_operation(VIEWER, "", operation, **asked[operation])


def test_the_file_of_a_result_has_blanks_for_missing_answers_and_no_formulas() -> None:
    own = {"capital": {"key": "other", "text": "=1+1"}}
    players = [
        PlayerResult("s1", "=cmd()", "", 1, 750, 1, 1),
        PlayerResult("s2", "Bob", "4711", 2, 0, 0, 0),
        PlayerResult("s3", "Cy", "", 3, 0, 0, 1),
    ]
    answers = [
        AnswerResult("s1", 0, {"capital": ["Paris", "Lyon"]}, 1.0, 5.0, 750),
        AnswerResult("s3", 0, own, 0.0, 1.0, 0),
    ]
    questions = [QuestionResult(0, "capital", {"capital": "?"}, 1, 100.0)]
    result = LiveResult(1, True, None, "=Number", players, questions, answers)  # noqa: FBT003 - is_frozen
    assert result_csv(result).splitlines() == [
        "name,'=Number,score,right,answered,1 capital,1 points",
        '\'=cmd(),,750,1,1,"Paris, Lyon",750',
        "Bob,4711,0,0,0,,",
        "Cy,,0,0,1,'=1+1,0",
    ]


def test_the_result_is_shared_by_a_link_that_expires(here: World) -> None:
    browser = DashboardBrowser(here)
    browser.press("live-sessions/new/open", [("custom_field", "Student number")])
    pin = here.items("live_session")[0]["pin"]
    here.post("/join", {"pin": pin, "name": "<i>Ada</i>", "custom": "4711"})
    assert browser.press("live-sessions/1/share").status == 409
    pressed(browser, "next", 0)
    pressed(browser, "finish", 1)
    [path] = set(re.findall(r"/join/result/[\w-]+", browser.press("live-sessions/1/share").raw.decode()))
    page = here.get(path).raw.decode()
    assert "&lt;i&gt;Ada&lt;/i&gt;" in page
    assert "4711" not in page
    assert here.get(path.replace("/1-", "/2-")).status == 403
    here.clock.turn(days=31)
    assert here.get(path).status == 403


def test_the_workbook_has_a_sheet_for_each_question_with_blanks_for_missing_answers() -> None:
    players = [PlayerResult("s1", "Ada", "", 1, 750, 1, 1), PlayerResult("s2", "Bob", "4711", 2, 0, 0, 0)]
    answers = [AnswerResult("s1", 0, {"capital": ["Paris", "Lyon"]}, 1.0, 5.0, 750)]
    questions = [QuestionResult(0, "cap/ital", {"capital": "Which?"}, 1, 100.0)]
    result = LiveResult(1, True, None, "Number", players, questions, answers)  # noqa: FBT003 - is_frozen
    players_sheet, questions_sheet, question = sheets_of(result)
    assert players_sheet == (
        "players",
        ["name", "Number", "points", "right", "answered"],
        [["Ada", "", 750, 1, 1], ["Bob", "4711", 0, 0, 0]],
    )
    assert questions_sheet[2] == [[1, "cap/ital", "Which?", 1, 100.0]]
    assert question == (
        "1 cap ital",
        ["name", "capital", "share_right", "seconds", "points"],
        [["Ada", "Paris, Lyon", 1.0, 5.0, 750], ["Bob", None, None, None, None]],
    )
    assert workbook_of(result).startswith(b"PK")
