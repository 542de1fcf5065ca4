"""What entries and reports store, and what is answered to them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.errors import BadRequest, Busy, Forbidden
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.participant import ended_listings, entry_verification
from chalicelib.operations.participant.create_participant import confirming_vendor, create_participant
from chalicelib.operations.participant.eligibility import check_eligibility
from chalicelib.operations.participant.entry_verification import EntryRequest
from chalicelib.operations.participant.notifications import record_notification
from chalicelib.operations.recruitment import listings
from chalicelib.operations.shared.context import OPERATOR_CALLER
from tests.web.conftest import NewWorld
from tests.web.paying_runs import Till, paying

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def entry(worker_id: str = "w", assignment_id: str = "a", **more: Any) -> EntryRequest:
    return EntryRequest(worker_id, "h", assignment_id, **{"recruiter": "hotair", **more})


def test_an_entry_stores_the_participant_and_who_has_the_assignment(world: NewWorld) -> None:
    here = world(allow_repeat_worker_ids=True)
    consent = {"time": "now", "hash": "h"}
    for assignment_id in ("a", "b"):
        here.app.run(
            create_participant,
            entry(assignment_id=assignment_id, consent=consent, fingerprint_hash="f", more={"group": "x"}),
        )
    (first, second) = here.items("participant")
    kept = {name: first[name] for name in ("worker_id", "hit_id", "assignment_id", "mode", "recruiter")}
    assert kept == {
        "worker_id": "w",
        "hit_id": "h",
        "assignment_id": "a",
        "mode": "debug",
        "recruiter": "hotair",
    }
    assert (first["consent"], first["fingerprint_hash"]) == (consent, "f")
    assert first["entry_information"] == {"group": "x"}
    (worker,) = here.items("worker")
    assert ((worker["pk"], worker["sk"]), worker["participant_ids"]) == (
        keys.worker("w"),
        [first["id"], second["id"]],
    )
    assignments = {(item["pk"], item["sk"]): item["participant_id"] for item in here.items("assignment")}
    assert assignments == {keys.assignment("a"): first["id"], keys.assignment("b"): second["id"]}


def test_an_entry_without_consent_stores_none(world: NewWorld) -> None:
    here = world()
    here.app.run(create_participant, entry(consent={}))
    (kept,) = here.items("participant")
    assert "consent" not in kept


def test_a_newcomer_is_answered_with_their_record_and_token(world: NewWorld) -> None:
    said = world().app.run(create_participant, entry())
    assert (said["participant"]["id"], said["participant"]["unique_id"]) == (1, "w:a")
    assert isinstance(said["token"], str)


@pytest.mark.parametrize("name", ["worker_id", "hit_id", "assignment_id"])
def test_an_id_that_a_page_lost_is_refused_by_its_name(world: NewWorld, name: str) -> None:
    ids = {"worker_id": "w", "hit_id": "h", "assignment_id": "a", name: "undefined"}
    with pytest.raises(Forbidden, match=f"^{name} has the value") as caught:
        world().app.run(create_participant, EntryRequest(**ids))
    assert caught.value.code == "id_undefined"


@pytest.mark.parametrize("name", ["workerId", "hitId", "assignmentId"])
def test_the_ad_page_refuses_a_lost_id_by_its_name(world: NewWorld, name: str) -> None:
    ids = {"workerId": "w", "assignmentId": "a", "hitId": "h", name: "undefined"}
    with pytest.raises(Forbidden, match=f"^{name} has the value"):
        world().app.run(check_eligibility, ids["workerId"], ids["assignmentId"], ids["hitId"], "")


@pytest.mark.parametrize(("name", "length"), [("worker_id", 200), ("mode", 200), ("recruiter", 200)])
def test_ids_have_two_hundred_characters_at_most(world: NewWorld, name: str, length: int) -> None:
    here = world()
    given = {"worker_id": "w", "hit_id": "h", "assignment_id": "a", "recruiter": "hotair"}
    with pytest.raises(BadRequest) as caught:
        here.app.run(create_participant, EntryRequest(**{**given, name: "x" * (length + 1)}))
    assert caught.value.code == "id_too_long"
    if name == "worker_id":
        here.app.run(create_participant, EntryRequest(**{**given, name: "x" * length}))


def test_the_returned_assignment_of_a_dismissed_participant_goes_to_another_worker(world: NewWorld) -> None:
    till = Till(world, paying(quorum=1))
    till.arrive()
    late = till.arrive()
    till.report("AssignmentReturned", late)
    till.work()
    newcomer = till.arrive(assignmentId=late.assignment_id)
    assert (newcomer.id != late.id, till.statuses(late)) == (True, ["overrecruited"])


def test_a_vendor_confirms_each_worker_of_an_assignment_once(world: NewWorld) -> None:
    till = Till(world, paying(), mode="sandbox", auto_recruit=False)
    till.vendor.change(confirms_entries=True)
    run = till.here.app.run
    first = entry(recruiter="vendor", mode="sandbox")

    def asked(given: EntryRequest) -> str | None:
        request = run(confirming_vendor, given)
        return None if request is None else request.recruiter

    assert asked(first) == "vendor"
    run(create_participant, first, caller=OPERATOR_CALLER)
    assert asked(first) is None
    assert asked(entry("another", recruiter="vendor", mode="sandbox")) == "vendor"


def test_ten_an_hour_are_seated_without_confirmation(world: NewWorld) -> None:
    here = world()

    def seats() -> int:
        for count in range(20):
            try:
                here.app.run(entry_verification._use_unconfirmed_seat)
            except Busy:
                return count
        return 20

    found = [seats()]
    for minutes in (59, 1):
        here.clock.turn(minutes=minutes)
        found.append(seats())
    here.clock.turn(days=1)
    assert [*found, seats()] == [10, 0, 10, 10]
    with pytest.raises(Busy) as caught:
        here.app.run(entry_verification._use_unconfirmed_seat)
    assert (caught.value.code, caught.value.retry_after) == ("entry_not_confirmed", 30.0)


def test_a_listing_is_open_until_its_end_is_recorded(world: NewWorld) -> None:
    run = world().app.run
    run(listings.record_ended, "H1")
    assert [run(ended_listings.is_open, hit_id) for hit_id in ("H1", "H2")] == [False, True]


# -- reports ----------------------------------------------------------------------------------------


def report(till: Till, *given: Any, **named: Any) -> None:
    till.here.app.run(record_notification, *given, caller=OPERATOR_CALLER, **named)


def test_a_report_is_stored_and_handled_with_all_that_it_says(world: NewWorld) -> None:
    till = Till(world, paying())
    at = NOON - timedelta(seconds=1)
    report(till, "AssignmentReturned", "a1", 1, "vendor", hit_id="H1", at=at)
    (kept,) = till.here.items("notification")
    assert (kept["event_type"], kept["assignment_id"], kept["details"]) == (
        "AssignmentReturned",
        "a1",
        {"hit_id": "H1"},
    )
    (body,) = [
        item["body"]
        for item in till.here.items("message")
        if item["body"]["kind"] not in ("check_deadline", "open_places")
    ]
    assert sorted(map(str, body.values())) == sorted(
        map(str, [body["kind"], "AssignmentReturned", "a1", 1, "vendor", "H1", iso(at)])
    )


def test_a_report_without_an_assignment_may_name_the_participant(world: NewWorld) -> None:
    till = Till(world, paying())
    person = till.arrive()
    report(till, "AssignmentReturned", "", person.id)
    till.work()
    assert till.statuses(person) == ["returned"]


@pytest.mark.parametrize(
    ("event", "missing"),
    [("AssignmentReturned", "Event.1.AssignmentId is missing."), ("HITExpired", "Event.1.HITId is missing.")],
)
def test_a_report_about_nothing_is_refused(world: NewWorld, event: str, missing: str) -> None:
    till = Till(world, paying())
    with pytest.raises(BadRequest) as caught:
        report(till, event, "", None)
    assert (str(caught.value), till.here.items("notification")) == (missing, [])


@pytest.mark.parametrize(("seconds", "status"), [(-1, "working"), (0, "returned"), (None, "returned")])
def test_a_report_of_before_the_participant_began_changes_nothing(
    world: NewWorld, seconds: int | None, status: str
) -> None:
    till = Till(world, paying())
    till.here.clock.turn(seconds=0.5)
    person = till.arrive()
    at = None if seconds is None else NOON + timedelta(seconds=seconds)
    report(till, "AssignmentReturned", person.assignment_id, None, at=at)
    till.work()
    assert till.statuses(person) == [status]
