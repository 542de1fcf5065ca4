"""Stop: recruiting, entry and payments are stopped at once, and allowed again."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from chalicelib.access.rights import Actor, Right
from chalicelib.dashboard.pages.run_state import stop
from chalicelib.errors import BadRequest, Forbidden, InvalidState
from chalicelib.operations.audit.reading import list_entries
from chalicelib.operations.management import run_progress, run_stops
from chalicelib.operations.management.run_progress import read_progress
from chalicelib.operations.management.run_stops import change_stop, read_stops
from chalicelib.operations.shared.context import OPERATOR_CALLER, caller_of
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.experiments import Talk
from tests.web.world import Person, World

NEWCOMER = {"workerId": "new", "hitId": "h1", "assignmentId": "new", "mode": "debug"}


@pytest.fixture
def here(world: NewWorld) -> World:
    return world(Talk)


def statuses(here: World, person: Person) -> set[str]:
    found = [item for item in here.items("payment") if item["participant_id"] == person.id]
    return {item["status"] for item in found}


def test_closing_the_entry_refuses_newcomers_alone(here: World) -> None:
    person = here.arrive()
    browser = DashboardBrowser(here)
    assert browser.press("stop/entry/stop").status == 303
    refused = here.post("/participant", NEWCOMER)
    assert (refused.status, refused.code) == (403, "entry_closed")
    asked = {name: NEWCOMER[name] for name in ("workerId", "hitId", "assignmentId")}
    assert here.get("/may-take-part", asked).body["reason"] == "closed"
    again = {"assignment_id": person.assignment_id, "worker_id": person.worker_id}
    assert here.post("/load-participant", again, token=person.token).status == 200
    assert person.finish().status == 200
    browser.press("stop/entry/allow")
    assert here.post("/participant", NEWCOMER).status == 200


def test_held_payments_are_sent_when_they_may_go_again(here: World) -> None:
    browser = DashboardBrowser(here)
    browser.press("stop/payments/stop")
    person = here.arrive()
    person.finish()
    here.work()
    assert statuses(here, person) == {"held"}
    assert "Payments wait: 1 so far" in browser.open("stop")
    assert "1 payment is held" in browser.open("overview")
    browser.press("stop/payments/allow")
    here.work()
    assert statuses(here, person) == {"paid"}


def test_the_held_payments_of_all_participants_are_sent_again_not_only_of_the_latest(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_stops, "MOST_HELD", 1)
    monkeypatch.setattr(stop, "_AT_ONCE", 2)
    browser = DashboardBrowser(here)
    browser.press("stop/payments/stop")
    people = [here.arrive() for _ in range(5)]
    for person in people:
        person.finish()
    here.work()
    assert "Payments wait: at least 1 so far" in browser.open("stop")
    said = browser.press("stop/payments/allow")
    assert said.headers["location"] == "/dashboard/stop?sent=5"
    assert "5 payments are sent again." in browser.open("stop", sent="5")
    here.work()
    assert [statuses(here, person) for person in people] == [{"paid"}] * 5


def test_payments_for_which_a_request_has_no_time_are_sent_with_the_next_one(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stop, "_AT_ONCE", 2)
    monkeypatch.setattr(stop, "_SECONDS", -1.0)
    browser = DashboardBrowser(here)
    browser.press("stop/payments/stop")
    people = [here.arrive() for _ in range(5)]
    for person in people:
        person.finish()
    here.work()
    fields: dict[str, str] = {}
    presses = 0
    while presses == 0 or "after" in fields:
        said = browser.press("stop/payments/allow", list(fields.items()))
        fields = dict(parse_qsl(urlsplit(said.headers["location"]).query))
        assert ("Send the next ones" in browser.open("stop", **fields)) == ("after" in fields)
        presses += 1
    assert (presses, fields) == (3, {"sent": "5"})
    here.work()
    assert [statuses(here, person) for person in people] == [{"paid"}] * 5


def test_the_next_payments_are_not_sent_when_payments_were_held_again_meanwhile(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = DashboardBrowser(here)
    browser.press("stop/payments/stop")
    person = here.arrive()
    person.finish()
    here.work()
    browser.press("stop/payments/allow", [("after", "1000"), ("sent", "3")])
    here.work()
    assert "Payments wait: 1 so far" in browser.open("stop")
    assert statuses(here, person) == {"held"}


def test_numbers_of_a_part_of_the_participants_say_so(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        here.arrive()
    finished = here.arrive()
    finished.finish()
    here.work()
    monkeypatch.setattr(run_progress, "MOST_LOOKED_AT", 2)
    funnel = {
        step.name: step for step in here.app.run(run_progress._read_progress, caller=OPERATOR_CALLER).funnel
    }
    assert (funnel["Waiting"].bound, funnel["Playing"].bound) == ("at least", "at most")
    assert (funnel["Arrived"].bound, funnel["Submitted"].count, funnel["Submitted"].bound) == ("", 1, "")


def test_a_held_payment_is_released_on_the_participants_page(here: World) -> None:
    browser = DashboardBrowser(here)
    browser.press("stop/payments/stop")
    person = here.arrive()
    person.finish()
    here.work()
    here.app.run(change_stop, "payments", is_stopped=False, caller=OPERATOR_CALLER)
    assert "Release $1.50" in browser.open("participants/1")
    assert browser.press("participants/2/release-payment", [("payment", "1-base")]).status == 404
    assert browser.press("participants/1/release-payment", [("payment", "1-base")]).status == 303
    here.work()
    assert statuses(here, person) == {"paid"}


def test_a_payment_that_is_due_already_is_held_before_it_is_sent(here: World) -> None:
    person = here.arrive()
    person.finish()
    here.app.run(change_stop, "payments", is_stopped=True, caller=OPERATOR_CALLER)
    here.work()
    assert statuses(here, person) <= {"held"}


def test_closing_recruiting_closes_the_open_places(here: World) -> None:
    browser = DashboardBrowser(here)
    page = browser.open("stop")
    assert "Close recruiting" in page
    assert browser.press("stop/recruiting/stop").status == 303
    assert "Close recruiting" not in browser.open("stop")
    with pytest.raises(InvalidState):
        here.app.run(change_stop, "recruiting", is_stopped=False, caller=OPERATOR_CALLER)


def test_an_unknown_part_of_the_run_is_not_stopped(here: World) -> None:
    with here.unchanged(), pytest.raises(BadRequest):
        here.app.run(change_stop, "everything", is_stopped=True, caller=OPERATOR_CALLER)


def test_the_whole_run_comes_to_rest_when_the_last_participant_has_finished(here: World) -> None:
    person = here.arrive()
    browser = DashboardBrowser(here)
    page = browser.open("stop")
    assert "Bring the run to rest" in page
    assert "1 participant who has begun can finish. Payments are made as usual." in page
    assert browser.press("stop/run/stop", [("form", "a" * 32)]).status == 303
    assert "coming to rest" in browser.open("stop")
    assert here.post("/participant", NEWCOMER).code == "entry_closed"
    assert person.finish().status == 200
    here.work()
    assert statuses(here, person) == {"paid"}
    state = here.app.run(read_stops, caller=OPERATOR_CALLER)
    assert (state.recruiting_is_closed, state.entry_is_closed, state.is_at_rest) == (True, True, True)
    assert "at rest" in browser.open("stop")
    (entry,) = [
        one for one in here.app.run(list_entries, caller=OPERATOR_CALLER) if one.entry.operation == "stop.do"
    ]
    assert entry.values == {"action": "run"}
    browser.press("stop/run/allow")
    assert here.post("/participant", NEWCOMER).status == 200


@pytest.mark.parametrize(
    ("action", "right"),
    [
        ("recruiting", Right.RECRUIT),
        ("entry", Right.EDIT_PARTICIPANTS),
        ("payments", Right.PAY),
        ("run", Right.RECRUIT),
        ("run", Right.EDIT_PARTICIPANTS),
    ],
)
def test_each_stop_requires_its_own_right(here: World, action: str, right: Right) -> None:
    rights = frozenset(Right) - {Right.SYSTEM_ADMIN}
    without = caller_of(Actor("user:ann", "Ann", rights - {right}))
    with here.unchanged(), pytest.raises(Forbidden):
        here.app.run(change_stop, action, is_stopped=True, caller=without)


def test_participants_who_wait_for_a_free_network_are_counted(here: World) -> None:
    first, second = here.arrive(), here.arrive()
    first.join()
    people = [second, *(here.arrive() for _ in range(3))]
    waiting = [person.id for person in people if person.post(f"/node/{person.id}").code == "network_busy"]
    assert here.app.run(read_stops, caller=OPERATOR_CALLER).waiting == waiting


def test_the_progress_counts_steps_times_and_pay(here: World) -> None:
    one, other = here.arrive(), here.arrive()
    here.clock.turn(minutes=30)
    one.finish()
    here.work()
    progress = here.app.run(read_progress, caller=OPERATOR_CALLER)
    funnel = {step.name: step.count for step in progress.funnel}
    assert (funnel["Arrived"], funnel["Playing"], funnel["Submitted"]) == (2, 1, 1)
    assert progress.median_seconds == 1800
    assert float(progress.median_hourly_pay or 0) == 3.0
    assert (len(progress.arrivals), len(progress.completions)) == (2, 1)
    assert other.now()["status"] == "working"
