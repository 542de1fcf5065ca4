"""What Mechanical Turk reports, read in any order and any number of times."""

from __future__ import annotations

import json
import random
from datetime import datetime

import pytest

from chalicelib.errors import BadRequest
from chalicelib.ports import VendorReport
from chalicelib.recruiters.mturk import MTurkRecruiter
from chalicelib.recruiters.mturk.sns_events import events_in
from infra.emulator.mturk import TOPIC, MTurkStandIn


def read(turk: MTurkStandIn) -> list[tuple[str, str]]:
    """Deliver what waits, and return type and assignment of each event."""
    seen: list[VendorReport] = []
    turk.post.deliver(lambda envelope: seen.extend(events_in(envelope)))
    return [(event.event_type, event.assignment_id) for event in seen]


@pytest.fixture
def hit_id(recruiter: MTurkRecruiter) -> str:
    return recruiter.recruit(2, "first", {}).recruiter_state["hits"][0]["id"]


def test_a_workers_actions_are_reported(turk: MTurkStandIn, hit_id: str):
    first, second = (turk.market.accept(worker, hit_id) for worker in ("A1", "A2"))
    turk.market.submit(first)
    turk.market.give_back(second)
    assert read(turk) == [
        ("AssignmentAccepted", first),
        ("AssignmentAccepted", second),
        ("AssignmentSubmitted", first),
        ("AssignmentReturned", second),
    ]


def test_a_run_with_the_same_listing_takes_over_no_notifications(turk: MTurkStandIn, hit_id: str, build):
    build("run-2", topic=f"{TOPIC}-2").recruit(1, "first", {})
    turk.market.accept("A1", hit_id)
    assert json.loads(turk.post.waiting[-1])["TopicArn"] == TOPIC


def test_time_that_ran_out_is_reported(turk: MTurkStandIn, hit_id: str):
    first = turk.market.accept("A1", hit_id)
    read(turk)
    turk.market.pass_time(hours=1)
    assert read(turk) == [("AssignmentAbandoned", first)]


def test_the_end_of_a_hit_is_reported_with_the_hit(turk: MTurkStandIn, hit_id: str):
    turk.market.pass_time(days=2)
    seen: list[VendorReport] = []
    turk.post.deliver(lambda envelope: seen.extend(events_in(envelope)))
    assert [(event.event_type, event.hit_id) for event in seen] == [
        ("HITExpired", hit_id),
        ("HITReviewable", hit_id),
    ]


def test_an_event_knows_when_it_happened(turk: MTurkStandIn, hit_id: str):
    happened = turk.clock.now()
    turk.market.accept("A1", hit_id)
    turk.market.pass_time(minutes=5)
    (event,) = events_in(turk.post.waiting[0])
    assert event.at == happened


def test_doubled_late_and_reordered_notifications_have_the_same_result(turk: MTurkStandIn, hit_id: str):
    first, _ = (turk.market.accept(worker, hit_id) for worker in ("A1", "A2"))
    turk.market.submit(first)
    turk.post.lose(1)
    turk.post.double(0)
    turk.post.delay(0)
    turk.post.shuffle(random.Random(3))
    seen = read(turk) + read(turk)
    assert sorted(seen) == [("AssignmentAccepted", first)] * 2 + [("AssignmentSubmitted", first)]


@pytest.mark.parametrize(
    "event_type", ["Ping", "AssignmentApproved", "HITCreated", "HITExtended", "HITDisposed"]
)
def test_a_report_without_consequence_is_not_an_event(event_type: str, caplog):
    assert events_in({"Events": [{"EventType": event_type, "HITId": "H"}]}) == []
    assert caplog.records == []


def test_an_unknown_type_is_ignored_and_logged(caplog):
    assert events_in({"Events": [{"EventType": "AssignmentLevitated", "AssignmentId": "3A"}]}) == []
    assert "AssignmentLevitated" in caplog.text


def test_a_ping_that_was_asked_for_arrives(turk: MTurkStandIn, requester):
    topic = {"Destination": "arn:x", "Transport": "SNS", "Version": "2014-08-15", "EventTypes": ["Ping"]}
    requester.ask("send_test_event_notification", Notification=topic, TestEventType="Ping")
    assert read(turk) == []


def test_one_message_can_hold_several_events():
    given = [{"EventType": "AssignmentAccepted", "AssignmentId": one, "HITId": "H"} for one in ("3A", "3B")]
    assert [event.assignment_id for event in events_in({"Message": json.dumps({"Events": given})})] == [
        "3A",
        "3B",
    ]


def test_a_moment_that_cant_be_read_is_left_out():
    given = {"EventType": "HITExpired", "HITId": "H", "EventTimestamp": "yesterday"}
    assert events_in({"Events": [given]}) == [VendorReport("HITExpired", "", "H", None)]


def test_a_moment_is_read_as_utc():
    given = {"EventType": "HITExpired", "HITId": "H", "EventTimestamp": "2005-01-31T23:59:59Z"}
    (event,) = events_in({"Events": [given]})
    assert event.at == datetime.fromisoformat("2005-01-31T23:59:59+00:00")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"Message": "no json"}',
        '{"Message": "[]"}',
        '{"Message": {"Events": 1}}',
        '{"Events": ["x"]}',
        '{"Events": [{"EventType": 5}]}',
        '{"Events": [{"EventType": "AssignmentSubmitted"}]}',
        '{"Events": [{"EventType": "AssignmentSubmitted", "AssignmentId": null}]}',
    ],
)
def test_a_message_that_is_not_mechanical_turks_is_refused(body: str):
    with pytest.raises(BadRequest):
        events_in(body)
