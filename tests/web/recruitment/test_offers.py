"""Listings (HITs) that end: their remaining places are released, and recruitment continues once."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.model.participant import Participant
from chalicelib.operations.participant.notifications import record_notification
from chalicelib.operations.recruitment import recruitment
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.ports import Listing
from chalicelib.storage.dynamodb.dynamodb_engine import MAX_WRITES
from tests.web.conftest import NewWorld
from tests.web.experiments import with_hooks
from tests.web.paying_runs import Till, paying
from tests.web.world import OPERATOR_TOKEN

DAY = timedelta(hours=24)


def offering(world: NewWorld, places: int = 3, **settings: Any) -> Till:
    """A run of ten seats with one HIT, H1, that can be found for a day."""
    till = Till(world, with_hooks(paying(), initial_recruitment_size=places), **settings)
    till.vendor.offers["H1"] = Listing(till.here.clock.now() + DAY, places)
    till.here.app.run(recruitment.open_places_by_operator, 1, caller=OPERATOR_CALLER)
    till.vendor.offers["H1"] = Listing(till.here.clock.now() + DAY, places + 1)
    till.work()
    return till


def end(till: Till, left: int, *, early: timedelta = timedelta(0)) -> None:
    """Let H1 end with this many free places, without a report."""
    till.here.clock.turn(seconds=(DAY - early).total_seconds())
    till.vendor.offers["H1"] = Listing(till.here.clock.now(), left)


def report(till: Till, event_type: str = "HITExpired", hit_id: str = "H1") -> None:
    app = till.here.app
    app.run(record_notification, event_type, "", None, "vendor", hit_id=hit_id, caller=OPERATOR_CALLER)
    till.work()


def opened(till: Till) -> list[int]:
    return list(till.vendor.opened.values())


def test_places_that_no_worker_took_are_opened_again(world: NewWorld) -> None:
    till = offering(world)
    end(till, left=2)
    report(till)
    assert opened(till) == [3, 1, 2]


def test_a_report_that_comes_again_opens_nothing(world: NewWorld) -> None:
    till = offering(world)
    end(till, left=2)
    for _ in range(3):
        report(till)
        report(till, "HITReviewable")
    assert opened(till) == [3, 1, 2]


def test_the_operator_is_notified_once(world: NewWorld) -> None:
    till = offering(world)
    end(till, left=2)
    report(till)
    report(till)
    assert len(till.letters.about("has ended with 2 places")) == 1


def test_without_a_report_the_end_is_seen_by_the_clock(world: NewWorld) -> None:
    till = offering(world)
    end(till, left=2)
    till.go_on(minutes=3)
    assert opened(till) == [3, 1, 2]


def test_an_offer_that_was_prolonged_is_looked_at_when_it_ends(world: NewWorld) -> None:
    till = offering(world)
    till.vendor.offers["H1"] = Listing(till.here.clock.now() + 2 * DAY, 2)
    till.go_on(hours=25)
    early = opened(till)
    till.go_on(hours=24)
    assert (early, opened(till)) == ([3, 1], [3, 1, 2])


def test_a_report_that_comes_late_finds_a_prolonged_offer_open(world: NewWorld) -> None:
    till = offering(world)
    till.vendor.offers["H1"] = Listing(till.here.clock.now() + 2 * DAY, 2)
    report(till)
    assert opened(till) == [3, 1]


def test_no_more_places_open_than_there_are_free_seats(world: NewWorld) -> None:
    till = offering(world)
    till.here.app.run(recruitment.open_places_by_operator, 8, ignore_free_seats=True, caller=OPERATOR_CALLER)
    till.work()
    end(till, left=12)
    report(till)
    assert opened(till) == [3, 1, 8, 10]


def test_places_that_are_not_expected_are_not_replaced(world: NewWorld) -> None:
    till = offering(world)
    end(till, left=9)
    report(till)
    assert opened(till) == [3, 1, 4]


def test_no_more_places_open_than_the_hard_cap_allows(world: NewWorld) -> None:
    till = offering(world, base_payment=1.0, hard_cap=5.0)
    till.finish()
    till.here.app.config._config["hard_cap"] = 2.5  # type: ignore[index]  # a run that goes on with another cap
    end(till, left=3)
    report(till)
    assert opened(till) == [3, 1, 1]


def test_with_auto_recruit_off_nothing_opens_and_the_operator_gets_the_fix(world: NewWorld) -> None:
    till = offering(world, auto_recruit=False)
    end(till, left=1)
    report(till)
    assert (opened(till), len(till.letters.about("more participants, run: petri recruit"))) == ([1], 1)


def test_after_closing_the_end_of_a_hit_is_not_news(world: NewWorld) -> None:
    till = offering(world)
    till.here.app.run(recruitment.close_places)
    till.work()
    end(till, left=2)
    report(till)
    assert (opened(till), till.letters.sent) == ([3, 1], [])


def test_a_hit_that_closing_has_ended_takes_nothing_from_later_places(world: NewWorld) -> None:
    till = offering(world)
    till.here.app.run(recruitment.close_places)
    till.work()
    end(till, left=4)
    till.here.app.run(recruitment.open_places_by_operator, 5, caller=OPERATOR_CALLER)
    report(till)
    assert till.here.app.run(lambda ctx: ctx.uow.state["opened"]) == 5


def test_a_hit_that_was_ended_by_hand_is_reported_and_not_replaced(world: NewWorld) -> None:
    till = offering(world)
    end(till, left=2, early=timedelta(hours=5))
    report(till)
    assert (opened(till), len(till.letters.about("was ended early"))) == ([3, 1], 1)


def test_a_missing_hit_is_reported_once(world: NewWorld) -> None:
    till = offering(world)
    del till.vendor.offers["H1"]
    report(till)
    till.go_on(hours=25)
    assert len(till.letters.about("no longer exists at vendor")) == 1


def test_a_report_of_an_unknown_hit_is_kept_and_changes_nothing(world: NewWorld) -> None:
    till = offering(world)
    report(till, hit_id="H9")
    (kept,) = till.here.items("notification")
    assert (kept["event_type"], kept["details"], opened(till)) == ("HITExpired", {"hit_id": "H9"}, [3, 1])


def test_a_participant_who_returns_a_place_of_a_hit_that_has_ended_is_replaced_by_a_new_place(
    world: NewWorld,
) -> None:
    till = offering(world)
    person = till.arrive(hitId="H1")
    end(till, left=0)
    report(till)
    till.report("AssignmentReturned", person)
    till.work()
    assert opened(till) == [3, 1, 1]


# -- reviewable: no worker is active there any more ---------------------------------------------------


@pytest.mark.parametrize(
    ("assignment_status", "status"),
    [("submitted", "approved"), ("abandoned", "abandoned"), ("working", "working"), (None, "working")],
)
def test_a_participant_who_is_unaccounted_for_on_a_reviewable_hit_is_asked_about(
    world: NewWorld, assignment_status: str | None, status: str
) -> None:
    till = offering(world)
    person = till.arrive(hitId="H1")
    till.vendor.fates = {person.assignment_id: assignment_status} if assignment_status else {}
    report(till, "HITReviewable")
    till.go_on(minutes=3)
    assert till.statuses(person) == [status]


def test_a_hit_of_any_size_is_asked_about_in_commits_that_the_cloud_takes(
    world: NewWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = offering(world)
    for number in range(110):
        entry = Participant("vendor", f"worker {number}", f"assignment {number}", "H1", "debug")
        till.here.app.run(lambda ctx, one=entry: (ctx.uow.save(one), ctx.uow.update_status_index(one)))
    asked: list[str] = []
    sizes: list[int] = []
    commit = till.here.engine.commit
    monkeypatch.setattr(
        till.here.engine, "commit", lambda writes: (sizes.append(len(writes)), commit(writes))[1]
    )
    monkeypatch.setattr(
        till.vendor,
        "assignment_status",
        lambda assignment_id, recruiter_state: asked.append(assignment_id) or "working",
    )
    report(till, "HITReviewable")
    till.go_on(minutes=3)
    assert sorted(asked) == sorted(f"assignment {number}" for number in range(110))
    assert max(sizes) <= MAX_WRITES


def test_no_other_participant_is_asked_about(world: NewWorld) -> None:
    till = offering(world)
    person = till.arrive(hitId="H2")
    till.vendor.fates = {person.assignment_id: "abandoned"}
    report(till, "HITReviewable")
    till.go_on(minutes=3)
    assert till.statuses(person) == ["working"]


# -- by hand ----------------------------------------------------------------------------------------


def test_the_operator_can_report_the_end_of_a_hit(world: NewWorld) -> None:
    till = offering(world)
    end(till, left=2)
    given = {"Event.1.EventType": "HITExpired", "Event.1.HITId": "H1"}
    assert till.here.post("/notifications", given, token=OPERATOR_TOKEN).status == 200
    till.work()
    assert opened(till) == [3, 1, 2]


def test_a_report_of_a_hit_without_its_id_is_refused(world: NewWorld) -> None:
    till = offering(world)
    said = till.here.post("/notifications", {"Event.1.EventType": "HITExpired"}, token=OPERATOR_TOKEN)
    assert (said.status, json.loads(said.raw)["error_text"]) == (400, "Event.1.HITId is missing.")
