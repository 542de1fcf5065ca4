"""The pages of the dashboard: what they show, that it is escaped, and what their buttons do."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta
from pathlib import Path

import pytest

from chalicelib.errors import VendorUnreachable
from chalicelib.messages import SendPayment, to_body
from chalicelib.operations.management import run_progress
from chalicelib.operations.schedule import ticks
from chalicelib.operations.schedule.dead_letters import move_to_dead_letters
from chalicelib.ports import Message
from chalicelib.ports.run_log import LogLine, LogReading
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.experiments import Talk
from tests.web.world import World

#: HTML, attributes that htmx would obey, a template and a formula, as a participant could write them.
HOSTILE = '<b hx-post="/dashboard/sign-out" hx-trigger="load">{{ 7 * 7 }}</b><script>alert(1)</script>=1+1'
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ROOT = Path(__file__).parents[3]
#: What the first page and its files may weigh, compressed.
MOST_BYTES = 60_000
PAGES = ("overview", "participants", "log", "stop")


class ReadableLog:
    """A log with some lines."""

    is_readable = True
    place = ""
    usual_minutes: int | None = None

    def __init__(self, *lines: LogLine) -> None:
        self.lines = lines

    def latest(self, most: int, minutes: int | None = None, *, errors_only: bool = False) -> LogReading:
        return LogReading(list(self.lines[:most]))


@pytest.fixture
def here(world: NewWorld) -> World:
    return world(Talk)


def is_escaped(page: str) -> bool:
    return "<b hx-post" not in page and "<script>alert" not in page and ">49<" not in page


@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_a_run_without_participants_says_so(here: World, path: str) -> None:
    page = DashboardBrowser(here).open(path)
    assert "<h1>" in page
    assert "No participant" in page or path == "log"


def test_the_first_page_is_light_enough_for_a_slow_line(here: World) -> None:
    here.arrive().finish()
    page = DashboardBrowser(here).open("overview")
    files = set(re.findall(r'(?:src|href)="/dashboard-static/([^?"]+)', page))
    assert "vendor/htmx/htmx.min.js" in files
    loaded = [page.encode(), *((ROOT / "frontend/dashboard" / name).read_bytes() for name in files)]
    assert sum(len(gzip.compress(part)) for part in loaded) < MOST_BYTES


def test_everything_that_participants_write_is_shown_as_text(here: World) -> None:
    here.app.log = ReadableLog(LogLine("2026-03-01T12:00:00Z", "ERROR", HOSTILE, HOSTILE, 1, None, HOSTILE))
    person = here.arrive(workerId=HOSTILE, assignmentId=HOSTILE[:60])
    person.answer(person.join(), HOSTILE)
    person.post(f"/question/{person.id}", {"question": HOSTILE, "response": HOSTILE, "number": 1})
    browser = DashboardBrowser(here)
    browser.press("participants/1/note", [("text", HOSTILE)])
    letter = Message(("due#0", f"x|{HOSTILE}"), to_body(SendPayment(1, HOSTILE)), None)
    here.app.run(move_to_dead_letters, letter, HOSTILE)
    seen = {path: browser.open(path) for path in (*PAGES, "participants/1", "participants/1/reject")}
    seen |= {"searched": browser.open("participants", text=HOSTILE, condition=f"a={HOSTILE}")}
    seen |= {"log searched": browser.open("log", text=HOSTILE)}
    assert {path: is_escaped(page) for path, page in seen.items()} == dict.fromkeys(seen, True)
    assert "&lt;b hx-post" in seen["participants/1"]
    assert "&lt;b hx-post" in seen["log"]


def test_a_decision_says_whom_it_touches_before_it_is_made(here: World) -> None:
    people = [here.arrive() for _ in range(3)]
    browser = DashboardBrowser(here)
    with here.unchanged():
        page = here.get(
            "/dashboard/participants/selected/release",
            [("ids", "1"), ("ids", "3")],
            headers=browser.headers,
        ).raw.decode()
    assert "This is about 2 participants: 1, 3." in page
    said = browser.press("participants/selected/release", [("ids", "1"), ("ids", "3")])
    assert said.status == 303
    assert [person.now()["end_time"] is not None for person in people] == [True, False, True]


def test_a_decision_that_is_refused_for_some_names_them_with_the_reason(here: World) -> None:
    one, other = here.arrive(), here.arrive()
    one.finish()
    browser = DashboardBrowser(here)
    said = browser.press("participants/selected/release", [("ids", "1"), ("ids", "2")])
    page = said.raw.decode()
    assert said.status == 409
    assert "Done for 1; not for 1:" in page
    assert "Participant 1: " in page
    assert other.now()["end_time"] is not None


@pytest.mark.parametrize("amount", ["", "much", "-1", "0", "NaN", "1e9", "0.001", "10000"])
def test_an_amount_that_is_not_one_gives_no_bonus(here: World, amount: str) -> None:
    here.arrive()
    browser = DashboardBrowser(here)
    with here.unchanged():
        fields = [("ids", "1"), ("amount", amount), ("reason", "x")]
        assert browser.press("participants/1/bonus", fields).status == 400


def test_participants_are_found_by_status_and_by_worker(here: World) -> None:
    here.arrive().finish()
    here.arrive()
    browser = DashboardBrowser(here)
    assert 'href="/dashboard/participants/1"' not in browser.open("participants", text="w2")
    assert 'href="/dashboard/participants/2"' in browser.open("participants", text="w2")
    assert "No participant matches" in browser.open("participants", status="rejected")
    said = here.get("/dashboard/participants", {"status": "<b>"}, headers=browser.headers)
    assert (said.status, b"<b>" in said.raw) == (400, False)


def test_dead_letters_are_replayed_and_deleted(here: World) -> None:
    for number in (1, 2):
        body = to_body(SendPayment(number, "base"))
        here.app.run(move_to_dead_letters, Message(("due#0", f"m{number}"), body, None), "It failed.")
    browser = DashboardBrowser(here)
    first, second = (item["sk"] for item in here.items("dead_letter"))
    assert browser.press("log/dead-letters/replay", [("ids", first)]).status == 303
    assert [item["sk"] for item in here.items("dead_letter")] == [second]
    browser.press("log/dead-letters/drop", [("ids", second)])
    assert here.items("dead_letter") == []


def test_errors_are_shown_in_groups_and_lines_about_the_dashboard_are_left_out(here: World) -> None:
    trace = "Traceback:\n  File x\nValueError: too long"
    lines = [LogLine(f"2026-03-01T12:00:0{n}Z", "ERROR", "failed", "/info", n, None, trace) for n in (3, 2)]
    shown = LogLine("2026-03-01T12:00:01Z", "INFO", "a line of the run", "/info")
    hidden = LogLine("2026-03-01T12:00:00Z", "INFO", "a page was shown", "/dashboard/{tab}")
    here.app.log = ReadableLog(*lines, shown, hidden)
    page = DashboardBrowser(here).open("log")
    assert "2 times" in page
    assert page.count("ValueError: too long</span>") == 1
    assert "a line of the run" in page
    assert "a page was shown" not in page


def test_the_overview_names_errors_of_the_last_hour_and_jobs_that_failed(here: World) -> None:
    now = here.clock.now()
    lines = [LogLine((now - age).isoformat(), "ERROR", "It broke.") for age in (MINUTE, 2 * MINUTE, DAY)]
    here.app.log = ReadableLog(*lines)
    here.app.run(ticks.claim_job, "sweep", int(now.timestamp() // 60))
    here.app.run(ticks.finish_job, "sweep", int(now.timestamp() // 60), "failed: OSError: full")
    page = DashboardBrowser(here).open("overview")
    assert "2 errors were logged in the last hour." in page
    assert "1 of the latest jobs failed" in page
    assert "jobs run every minute" in page


def test_a_log_that_cannot_be_read_is_named_and_the_other_pages_work(here: World) -> None:
    class Failing(ReadableLog):
        usual_minutes = 60

        def latest(self, most: int, minutes: int | None = None, *, errors_only: bool = False) -> LogReading:
            raise VendorUnreachable("CloudWatch didn't answer.")

    here.app.log = Failing()
    browser = DashboardBrowser(here)
    page = browser.open("log")
    assert "CloudWatch didn&#39;t answer." in page
    assert "No dead letters" in page
    assert "Where participants are" in browser.open("overview")


def test_the_time_of_the_log_is_chosen_and_a_services_log_is_read_less_often(here: World) -> None:
    class Kept(ReadableLog):
        usual_minutes = 60

        def latest(self, most: int, minutes: int | None = None, *, errors_only: bool = False) -> LogReading:
            asked.append(minutes)
            return LogReading([], None, is_partial=False)

    asked: list[int | None] = []
    here.app.log = Kept()
    browser = DashboardBrowser(here)
    page = browser.open("log")
    assert 'hx-trigger="every 15s"' in page
    assert '<option value="60" selected>Last hour</option>' in page
    browser.open("log", minutes="1440")
    browser.open("log", minutes="7")
    assert asked == [None, None, 1440, 1440, None, None]


@pytest.mark.parametrize("is_large", [False, True])
def test_counts_of_the_latest_participants_say_so_where_there_are_more(
    here: World, monkeypatch: pytest.MonkeyPatch, is_large: bool
) -> None:
    for _ in range(3):
        here.arrive()
    if is_large:
        monkeypatch.setattr(run_progress, "MOST_LOOKED_AT", 2)
    browser = DashboardBrowser(here)
    overview = browser.open("overview")
    assert overview.count("of the latest 2 participants") == (4 if is_large else 0)


def test_a_log_that_is_elsewhere_is_named(here: World) -> None:
    assert "petri logs" in DashboardBrowser(here).open("log")


@pytest.mark.parametrize("path", ["participants/1/nothing", "stop/everything/stop", "log/dead-letters/eat"])
def test_an_unknown_action_is_not_found(here: World, path: str) -> None:
    here.arrive()
    assert DashboardBrowser(here).press(path).status == 404
