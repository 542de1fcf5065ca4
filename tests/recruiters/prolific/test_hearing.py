from __future__ import annotations

import json

import pytest

from chalicelib.errors import BadRequest, Forbidden, VendorUnreachable
from chalicelib.ports import VendorReport

from .conftest import a_participant, transfer

#: The ways in which Prolific has been seen to write a status.
SPELLINGS = {
    "as documented": str,
    "with underscores": lambda status: status.replace(" ", "_").replace("-", "_"),
    "in small letters": lambda status: status.lower().replace("-", " "),
}


@pytest.fixture(autouse=True, params=SPELLINGS.values(), ids=SPELLINGS)
def _spelling(request, vendor):
    vendor.world.spell = request.param


@pytest.fixture
def leave(vendor, recruiter):
    """The ways in which a submission changes."""
    return {
        "begun": lambda _: None,
        "handed in": lambda s: vendor.come_back(s, recruiter.submit_address(a_participant("submitted"))),
        "returned": vendor.give_back,
        "timed out": vendor.time_out,
        "rejected": vendor.reject,
        "approved": lambda s: recruiter.pay(transfer(vendor, s, "base", "2.00")),
    }


@pytest.mark.parametrize(
    ("how", "assignment_status"),
    [
        ("begun", "working"),
        ("handed in", "submitted"),
        ("returned", "returned"),
        ("timed out", "abandoned"),
        ("rejected", "rejected"),
        ("approved", "approved"),
    ],
)
def test_a_fate_is_what_prolific_says(recruiter, at_work, leave, how, assignment_status):
    leave[how](at_work)
    assert recruiter.assignment_status(at_work, {}) == assignment_status


def test_an_unknown_assignment_has_no_fate(recruiter):
    assert recruiter.assignment_status("nobody's", {}) is None


def test_a_status_that_cannot_be_fetched_is_not_a_status(recruiter, vendor, at_work):
    vendor.faults.add("500")
    with pytest.raises(VendorUnreachable):
        recruiter.assignment_status(at_work, {})


@pytest.mark.parametrize(
    ("how", "event"),
    [
        ("begun", "AssignmentAccepted"),
        ("handed in", "AssignmentSubmitted"),
        ("returned", "AssignmentReturned"),
        ("timed out", "AssignmentAbandoned"),
        ("approved", "AssignmentSubmitted"),
    ],
)
def test_a_webhook_reports_what_happened(recruiter, vendor, at_work, leave, how, event):
    leave[how](at_work)
    hook = vendor.hooks.take()[-1]
    assert recruiter.receive_webhook(hook.headers, hook.body) == [VendorReport(event, at_work)]


def test_a_rejection_by_hand_needs_nothing_done(recruiter, vendor, at_work):
    vendor.reject(at_work)
    hook = vendor.hooks.take()[-1]
    assert recruiter.receive_webhook(hook.headers, hook.body) == []


def test_the_first_opening_subscribes_once(make, vendor):
    recruiter_state = make().recruit(1, "open-1", {}).recruiter_state
    make().recruit(1, "open-2", recruiter_state)
    make().recruit(1, "another-run", {})
    assert [(s["target_url"], s["is_enabled"]) for s in vendor.world.subscriptions.values()] == [
        ("https://ring.example.org/notifications", True)
    ]


def test_a_secret_of_the_workspace_that_is_there_is_kept(make, vendor):
    vendor.world.secrets.append({"id": "s", "value": "of another app", "workspace_id": "ws-1"})
    make().recruit(1, "open-1", {})
    assert [secret["value"] for secret in vendor.world.secrets] == ["of another app"]


def test_a_forged_webhook_is_refused(recruiter, vendor, submitted):
    event = vendor.hooks.events[-1]
    hook = vendor.hooks.sign(event, secret="a guess")
    with pytest.raises(Forbidden):
        recruiter.receive_webhook(hook.headers, hook.body)


def test_a_body_that_was_changed_is_refused(recruiter, vendor, submitted):
    hook = vendor.hooks.take()[-1]
    with pytest.raises(Forbidden):
        recruiter.receive_webhook(hook.headers, hook.body.replace(b"worker-1", b"worker-2"))


@pytest.mark.parametrize("body", [b"", b"\xff", b"no JSON", b"[" * 100_000])
def test_an_unsigned_body_is_refused_whatever_it_is(recruiter, vendor, submitted, body):
    hook = vendor.hooks.take()[-1]
    with pytest.raises(Forbidden):
        recruiter.receive_webhook(hook.headers, body)


@pytest.mark.parametrize("name", ["X-Prolific-Request-Signature", "X-Prolific-Request-Timestamp"])
def test_a_webhook_without_its_headers_is_refused(recruiter, vendor, submitted, name):
    hook = vendor.hooks.take()[-1]
    with pytest.raises(Forbidden):
        recruiter.receive_webhook({k: v for k, v in hook.headers.items() if k != name}, hook.body)


def test_a_replayed_webhook_is_refused(recruiter, vendor, clock, submitted):
    hook = vendor.hooks.take()[-1]
    clock.turn(minutes=6)
    with pytest.raises(Forbidden):
        recruiter.receive_webhook(hook.headers, hook.body)


def test_a_late_delivery_with_a_new_signature_is_accepted(recruiter, vendor, clock, submitted):
    clock.turn(hours=20)
    hook = vendor.hooks.take()[-1]
    assert len(recruiter.receive_webhook(hook.headers, hook.body)) == 1


def test_header_names_may_be_written_in_any_way(recruiter, vendor, submitted):
    hook = vendor.hooks.take()[-1]
    headers = {name.upper(): value for name, value in hook.headers.items()}
    assert len(recruiter.receive_webhook(headers, hook.body)) == 1


def test_a_body_rewritten_on_its_way_is_known_by_the_text_that_was_signed(recruiter, vendor, submitted):
    hook = vendor.hooks.take()[-1]
    compact = json.dumps(json.loads(hook.body), separators=(",", ":")).encode()
    assert len(recruiter.receive_webhook(hook.headers, compact)) == 1


def test_a_replaced_secret_is_asked_for(recruiter, vendor, clock, submitted):
    hook = vendor.hooks.take()[-1]
    recruiter.receive_webhook(hook.headers, hook.body)
    vendor.world.secrets[:] = [{"id": "s2", "value": "a newer one", "workspace_id": "ws-1"}]
    clock.turn(minutes=2)
    hook = vendor.hooks.sign(json.loads(hook.body))
    assert len(recruiter.receive_webhook(hook.headers, hook.body)) == 1


def test_forgers_cannot_make_us_ask_prolific_each_time(recruiter, vendor, submitted):
    hook = vendor.hooks.sign(vendor.hooks.events[-1], secret="a guess")
    for _ in range(5):
        with pytest.raises(Forbidden):
            recruiter.receive_webhook(hook.headers, hook.body)
    assert vendor.calls.count(("GET", "/hooks/secrets/")) == 2


def test_a_secret_of_the_settings_is_used_unchanged(make, vendor, at_work):
    hook = vendor.hooks.sign(vendor.hooks.events[-1], secret="mine")
    assert len(make(prolific_webhook_secret="mine").receive_webhook(hook.headers, hook.body)) == 1


@pytest.mark.parametrize("event", [{}, [], {"event_type": "submission.status.change", "resource_id": 5}])
def test_a_signed_message_that_cannot_be_read_is_refused(recruiter, vendor, at_work, event):
    hook = vendor.hooks.sign(event)
    with pytest.raises(BadRequest):
        recruiter.receive_webhook(hook.headers, hook.body)


def test_other_events_need_nothing_done(recruiter, vendor, at_work):
    hook = vendor.hooks.sign({"event_type": "study.status.change", "resource_id": "s", "status": "ACTIVE"})
    assert recruiter.receive_webhook(hook.headers, hook.body) == []


def test_the_list_of_submissions_recovers_lost_webhooks(recruiter, vendor):
    recruiter_state = recruiter.recruit(5, "open-5", {}).recruiter_state
    submissions = [vendor.begin(f"worker-{n}") for n in range(5)]
    vendor.give_back(submissions[4])
    vendor.hooks.take()
    reports = list(recruiter.reports(recruiter_state))
    assert [r.worker_id for r in reports] == [f"worker-{n}" for n in range(5)]
    assert [r.event_type for r in reports] == ["AssignmentAccepted"] * 4 + ["AssignmentReturned"]
