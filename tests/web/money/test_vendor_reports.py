"""What vendors report themselves: through SNS into the queue, or signed over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from chalicelib import bootstrap
from chalicelib.errors import Forbidden
from chalicelib.operations.schedule import dead_letters
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.ports import VendorReport
from chalicelib.recruiters import prolific
from chalicelib.workers import queue_consumer
from tests.tools.prolific import TOKEN, WORKSPACE, Prolific
from tests.web.conftest import NewWorld
from tests.web.experiments import Talk
from tests.web.paying_runs import Till, paying
from tests.web.world import Person, World

SIGNED = {"x-prolific-request-signature": "signed"}


def from_sns(event_type: str, assignment_id: str, record_id: str = "1", **more: str) -> dict[str, Any]:
    """An SQS event as SNS makes it when it delivers into a queue."""
    told = {"Events": [{"EventType": event_type, "AssignmentId": assignment_id, "HITId": "H", **more}]}
    envelope = {
        "Type": "Notification",
        "TopicArn": "arn:aws:sns:us-east-1:123456789012:petri",
        "Message": json.dumps(told),
    }
    attributes = {"ApproximateReceiveCount": "1"}
    ids = {"messageId": record_id, "receiptHandle": "receipt"}
    return {"Records": [{**ids, "body": json.dumps(envelope), "attributes": attributes}]}


def at_mechanical_turk(here: World) -> Person:
    """A participant from Mechanical Turk who has answered."""
    person = here.arrive(recruiter="mturk")
    person.answer(person.join())
    return person


@pytest.fixture
def here(world: NewWorld) -> World:
    return world(Talk)


def test_a_submission_reported_through_the_queue_is_approved(here: World) -> None:
    person = at_mechanical_turk(here)
    queue_consumer.consume(from_sns("AssignmentSubmitted", person.now()["assignment_id"]))
    here.work()
    assert person.now()["status"] == "approved"


def test_a_report_that_comes_twice_is_paid_once(world: NewWorld) -> None:
    here = world(Talk, base_payment=1.0)
    person = at_mechanical_turk(here)
    for record_id in ("1", "2"):
        queue_consumer.consume(from_sns("AssignmentSubmitted", person.now()["assignment_id"], record_id))
    here.work()
    assert here.owed(person) == {"base": "1.00"}


def test_a_report_about_no_participant_is_kept_and_changes_nothing(here: World) -> None:
    person = at_mechanical_turk(here)
    queue_consumer.consume(from_sns("AssignmentReturned", "nobody's"))
    here.work()
    assert (person.now()["status"], len(here.items("notification"))) == ("working", 1)


def test_a_report_of_a_hit_is_kept_with_its_id(here: World) -> None:
    at_mechanical_turk(here)
    queue_consumer.consume(from_sns("HITExpired", ""))
    here.work()
    kept = [(one["event_type"], one["details"]) for one in here.items("notification")]
    assert kept == [("HITExpired", {"hit_id": "H"})]


# -- Mechanical Turk hands the ids of assignments out again -----------------------------------------


def at(here: World, **later: float) -> dict[str, str]:
    """The time of an event, in whole seconds as Mechanical Turk tells it."""
    moment = here.clock.now() + timedelta(**later)
    return {"EventTimestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}


def test_a_late_report_about_an_earlier_participant_changes_nothing(here: World) -> None:
    at_mechanical_turk(here)
    given_back = at(here)
    here.clock.turn(seconds=20)
    second = here.arrive(recruiter="mturk", assignmentId="a1")
    queue_consumer.consume(from_sns("AssignmentReturned", "a1", **given_back))
    here.work()
    assert second.now()["status"] == "working"


def test_a_report_of_the_second_in_which_a_participant_began_is_theirs(here: World) -> None:
    here.clock.turn(seconds=0.7)
    person = at_mechanical_turk(here)
    queue_consumer.consume(from_sns("AssignmentReturned", "a1", **at(here)))
    here.work()
    assert person.now()["status"] == "returned"


@pytest.mark.parametrize("event_type", ["AssignmentReturned", "AssignmentAbandoned"])
def test_an_assignment_that_was_given_back_can_be_taken_by_another(here: World, event_type: str) -> None:
    first = at_mechanical_turk(here)
    queue_consumer.consume(from_sns(event_type, "a1"))
    here.work()
    second = here.arrive(recruiter="mturk", assignmentId="a1")
    assert (first.now()["status"] in ("returned", "abandoned"), second.now()["status"]) == (True, "working")


def test_the_report_that_was_handled_changes_no_participant_when_it_comes_again(here: World) -> None:
    at_mechanical_turk(here)
    given_back = from_sns("AssignmentReturned", "a1", **at(here))
    queue_consumer.consume(given_back)
    here.work()
    here.clock.turn(seconds=20)
    second = here.arrive(recruiter="mturk", assignmentId="a1")
    queue_consumer.consume(given_back)
    here.work()
    assert second.now()["status"] == "working"


def test_a_report_for_a_participant_from_another_recruiter_changes_nothing(here: World) -> None:
    person = here.arrive(recruiter="hotair")
    queue_consumer.consume(from_sns("AssignmentReturned", person.now()["assignment_id"]))
    here.work()
    assert person.now()["status"] == "working"


def test_a_message_that_cannot_be_read_comes_again(here: World) -> None:
    broken = from_sns("AssignmentSubmitted", "a")
    envelope = {"TopicArn": "arn:aws:sns:us-east-1:123456789012:petri", "Message": "{}"}
    broken["Records"][0]["body"] = json.dumps(envelope)
    assert queue_consumer.consume(broken)["batchItemFailures"] == [{"itemIdentifier": "1"}]


def fail_for_good(here: World, event: dict[str, Any]) -> None:
    """Let the reader of reports fail, and the report die of it."""
    reader, here.app.recruiters.reader = here.app.recruiters.reader, None
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] = str(queue_consumer.MAX_DELIVERIES)
    assert queue_consumer.consume(event)["batchItemFailures"] == []
    here.app.recruiters.reader = reader


def test_a_report_that_fails_for_good_is_kept_as_a_dead_letter(here: World) -> None:
    fail_for_good(here, from_sns("AssignmentSubmitted", "a"))
    assert [
        letter["kind"] for letter in here.app.run(dead_letters.list_dead_letters, caller=OPERATOR_CALLER)
    ] == ["recruiter_delivery"]


def test_a_report_that_is_replayed_is_carried_out(here: World) -> None:
    person = at_mechanical_turk(here)
    fail_for_good(here, from_sns("AssignmentReturned", person.assignment_id))
    (letter,) = here.app.run(dead_letters.list_dead_letters, caller=OPERATOR_CALLER)
    here.app.run(dead_letters.replay_dead_letter, letter["id"], caller=OPERATOR_CALLER)
    here.work()
    assert person.now()["status"] == "returned"


def test_a_signed_report_of_a_vendor_that_the_run_does_not_use_is_refused(here: World) -> None:
    with here.unchanged():
        assert here.post("/notifications", {"a": "b"}, headers=SIGNED).status == 403


def test_a_report_whose_signature_is_wrong_is_refused(here: World) -> None:
    def refuse(headers: Mapping[str, str], body: bytes) -> list[VendorReport]:
        raise Forbidden("This message isn't signed by Prolific.", code="unverified_sender")

    here.app.recruiters.receivers["prolific"] = refuse
    with here.unchanged():
        assert here.post("/notifications", {"a": "b"}, headers=SIGNED).code == "unverified_sender"


def test_a_verified_report_over_http_is_carried_out(here: World) -> None:
    person = here.arrive(recruiter="prolific")
    assignment_id = person.now()["assignment_id"]
    reports = [VendorReport("AssignmentReturned", assignment_id)]
    here.app.recruiters.receivers["prolific"] = lambda headers, body: reports
    here.post("/notifications", {"a": "b"}, headers=SIGNED)
    here.work()
    assert person.now()["status"] == "returned"


def test_a_message_of_sns_is_carried_out_at_the_older_address_too(here: World) -> None:
    person = at_mechanical_turk(here)
    heard: list[bytes] = []

    def receive(headers: Mapping[str, str], body: bytes) -> list[VendorReport]:
        heard.append(body)
        return [VendorReport("AssignmentReturned", person.assignment_id)]

    here.app.recruiters.receivers["mturk"] = receive
    said = here.post("/mturk-sns-listener", body=b"signed", content_type="text/plain; charset=UTF-8")
    here.work()
    assert (said.body, heard, person.now()["status"]) == ({"status": "success"}, [b"signed"], "returned")


# -- a page on its way back to Prolific ---------------------------------------------------------------


def say_submitting(here: World, person: Person, **fields: Any) -> None:
    """Let a page say that its participant is on the way back to Prolific, and time pass."""
    given = {"participantId": person.id, "assignmentId": person.assignment_id, **fields}
    assert here.post("/prolific-submission-listener", given).body == {"status": "success"}
    here.clock.turn(seconds=60)
    here.work()


def at_prolific(till: Till) -> Person:
    """A participant who came from (a stand-in for) Prolific and has answered."""
    till.here.app.recruiters.recruiters["prolific"] = till.vendor
    person = till.arrive(recruiter="prolific")
    person.answer(person.join())
    return person


def test_prolific_is_asked_about_a_submission_that_a_page_announces(world: NewWorld) -> None:
    till = Till(world, paying())
    person = at_prolific(till)
    person.finish()
    till.vendor.fates[person.assignment_id] = "submitted"
    say_submitting(till.here, person)
    assert till.statuses(person) == ["approved"]


@pytest.mark.parametrize("fields", [{"participantId": 99}, {"assignmentId": "another"}])
def test_a_page_that_announces_what_is_not_its_own_changes_nothing(
    world: NewWorld, fields: dict[str, Any]
) -> None:
    till = Till(world, paying())
    person = at_prolific(till)
    person.finish()
    till.vendor.fates[person.assignment_id] = "submitted"
    say_submitting(till.here, person, **fields)
    assert till.statuses(person) == ["working"]


def test_nothing_that_a_page_announces_is_believed(world: NewWorld) -> None:
    till = Till(world, paying())
    person = at_prolific(till)
    person.finish()
    say_submitting(till.here, person)
    assert till.statuses(person) == ["working"]


def test_a_page_announces_nothing_before_its_participant_has_finished(world: NewWorld) -> None:
    till = Till(world, paying())
    person = at_prolific(till)
    till.vendor.fates[person.assignment_id] = "submitted"
    say_submitting(till.here, person)
    assert till.statuses(person) == ["working"]


def test_another_recruiters_participant_is_not_announced_to_prolific(world: NewWorld) -> None:
    till = Till(world, paying())
    person = till.arrive()
    person.finish()
    till.vendor.fates[person.assignment_id] = "submitted"
    say_submitting(till.here, person)
    assert till.statuses(person) == ["working"]


def test_a_webhook_of_prolific_is_carried_out_where_it_is_subscribed_to(here: World) -> None:
    settings = {
        "mode": "live",
        "base_payment": 10,
        "description": "A game.",
        "prolific_token": TOKEN,
        "prolific_workspace": WORKSPACE,
    }
    with Prolific.running(here.clock) as vendor:
        recruiter = prolific.build(
            settings, lambda: "https://ring.example.org", here.clock, secret="of the run", api=vendor.api
        )
        recruiter.recruit(1, "open-1", {})
        submission = vendor.begin("worker-1")
        person = here.arrive(recruiter="prolific", assignmentId=submission)
        vendor.give_back(submission)
        here.app.recruiters.receivers.update(bootstrap._receivers({"prolific": recruiter}, here.clock))
        (subscription,) = vendor.world.subscriptions.values()
        path = urlsplit(subscription["target_url"]).path
        for hook in vendor.hooks.take():
            here.call("POST", path, body=hook.body, content_type=None, headers=hook.headers)
    here.work()
    assert person.now()["status"] == "returned"
