"""Sockets of dashboards: a ticket opens one once, it listens to rings, and it sends heartbeats only."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from app import on_connect
from chalicelib.operations.accounts.credentials.tickets import SIGNS_IN, make_ticket
from chalicelib.operations.realtime.dashboard_sockets import make_socket_ticket
from infra.lambda_events.gateway import HttpRequest
from infra.lambda_events.socket_events import Visit, connect_event
from tests.realtime.stage import Ear, Refused, Stage, _call

_numbers = itertools.count(1)


def open_dashboard(stage: Stage, ticket: str, **query: Any) -> Ear:
    """Open a dashboard's socket through the handler that API Gateway calls; Refused when it isn't let in."""
    asked = urlencode({"ticket": ticket, **query}).encode()
    request = HttpRequest("GET", "/chat", asked, (), b"", "192.0.2.7")
    ear = Ear(stage, Visit(f"dashboard-{next(_numbers)}", request, 0))
    answer = _call(on_connect, connect_event(ear.visit))
    if answer["statusCode"] != 200:
        raise Refused(answer)
    stage.sockets.opened(ear.id, ear)
    return ear


def ticket_of(stage: Stage) -> str:
    return stage.world.app.run(make_socket_ticket, "operator")


def refusal(stage: Stage, ticket: str) -> tuple[int, str]:
    with pytest.raises(Refused) as refused:
        open_dashboard(stage, ticket)
    return refused.value.status, refused.value.code


@pytest.fixture
def dashboard(stage: Stage) -> Ear:
    return open_dashboard(stage, ticket_of(stage))


def test_a_ticket_opens_one_socket(stage: Stage) -> None:
    ticket = ticket_of(stage)
    open_dashboard(stage, ticket)
    assert refusal(stage, ticket) == (401, "ticket_invalid")


def test_a_ticket_ends_after_thirty_seconds_and_others_open_no_socket(stage: Stage) -> None:
    signs_in = stage.world.app.run(make_ticket, "operator", timedelta(minutes=2), purpose=SIGNS_IN)
    late = ticket_of(stage)
    assert refusal(stage, signs_in) == (401, "ticket_invalid")
    stage.world.clock.turn(seconds=31)
    for ticket in (late, "", "forged"):
        assert refusal(stage, ticket) == (401, "ticket_invalid")


@pytest.mark.parametrize(
    "frame",
    [
        "talk:hello",
        "operator:{}",
        "dallinger_control:{}",
        'petri:{"type": "subscribe", "channel": "talk"}',
        'petri:{"type": "unsubscribe", "channel": "operator"}',
        'petri:{"type": "finished"}',
    ],
)
def test_it_may_send_nothing_but_heartbeats(stage: Stage, dashboard: Ear, frame: str) -> None:
    _, ear = stage.arrive_with_ear("talk")
    with stage.world.unchanged():
        dashboard.say(frame)
    assert dashboard.errors() == ["listens_only"]
    assert ear.heard("talk") == []
    stage.world.clock.turn(seconds=30)
    dashboard.beat()
    assert dashboard.errors() == ["listens_only"]


def test_it_hears_no_channel_of_participants_whatever_it_asks_for(stage: Stage) -> None:
    dashboard = open_dashboard(stage, ticket_of(stage), channel="talk", participant_id=1)
    _, ear = stage.arrive_with_ear("talk")
    ear.say("talk:hello")
    assert dashboard.heard("talk") == []


def test_participants_hear_and_ring_no_dashboard(stage: Stage, dashboard: Ear) -> None:
    person, ear = stage.arrive_with_ear("talk")
    ear.order(type="subscribe", channel="operator")
    ear.say("operator:{}")
    assert ear.errors() == ["unknown_channel", "not_yours"]
    assert dashboard.heard("operator") == []
    with pytest.raises(Refused):
        stage.connect(person, "operator")


def test_the_experiment_learns_nothing_of_dashboards(stage: Stage) -> None:
    before = stage.journal("heard")
    dashboard = open_dashboard(stage, ticket_of(stage))
    dashboard.hang_up()
    assert stage.journal("heard") == before
    assert stage.world.items("subscriber") == []


def test_changes_ring_it_at_most_once_a_second_and_heartbeats_do_not(stage: Stage, dashboard: Ear) -> None:
    _, ear = stage.arrive_with_ear("talk")
    stage.wait(6)
    dashboard.frames.clear()
    for _ in range(5):
        stage.arrive()
    stage.wait(1.5)
    assert dashboard.heard("operator") == ["{}"]
    stage.arrive()
    stage.wait(1.5)
    assert dashboard.heard("operator") == ["{}", "{}"]
    stage.world.clock.turn(seconds=25)
    ear.beat()
    dashboard.beat()
    assert stage.world.work() == []


def test_without_dashboards_no_ring_is_sent(stage: Stage) -> None:
    for _ in range(3):
        stage.arrive()
        stage.world.clock.turn(seconds=10)
    assert [body for body in stage.world.work() if body["kind"] == "ring_dashboards"] == []


def test_a_ring_has_no_data(stage: Stage, dashboard: Ear) -> None:
    stage.arrive()
    stage.wait(6)
    stage.arrive()
    stage.wait(2)
    assert {json.dumps(told) for told in dashboard.told("operator")} == {"{}"}
