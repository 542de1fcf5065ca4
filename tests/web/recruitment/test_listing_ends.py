"""Reports of recruiters about listings and submissions: what each changes, and what is reported of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.errors import BadRequest
from chalicelib.model.statuses import ParticipantStatus
from chalicelib.operations.participant.eligibility import check_eligibility
from chalicelib.operations.participant.ended_listings import handle_listing_end
from chalicelib.operations.participant.notifications import record_notification, take_submission
from chalicelib.operations.participant.questions import record_questionnaire
from chalicelib.operations.recruitment import listings
from chalicelib.operations.shared.context import OPERATOR_CALLER, Context
from chalicelib.ports import Listing
from tests.web.conftest import NewWorld
from tests.web.paying_runs import Till, paying

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def till(world: NewWorld) -> Till:
    """A run with one known listing, H1, which ends in an hour."""
    till = Till(world, paying())
    till.here.app.run(listings.record_end_time, "vendor", "H1", NOON + HOUR)
    return till


def end_of(till: Till, hit_id: str, listing: Listing | None) -> None:
    till.here.app.run(handle_listing_end, "vendor", hit_id, None, listing)
    till.work()


def test_a_listing_that_is_gone_is_reported_once(till: Till) -> None:
    for _ in range(2):
        end_of(till, "H1", None)
    assert till.letters.told == [
        (
            "HIT H1 no longer exists at vendor, so it brings no more participants. If you still need some, "
            "run: petri recruit"
        )
    ]
    assert till.here.app.run(listings.has_ended, "H1")


@pytest.mark.parametrize(("left", "places"), [(1, "1 place"), (2, "2 places")])
def test_the_places_of_a_listing_that_was_ended_early_are_counted(till: Till, left: int, places: str) -> None:
    till.here.app.run(lambda ctx: ctx.uow.state.update(opened=5))
    end_of(till, "H1", Listing(ends=NOON - HOUR, left=left))
    (told,) = till.letters.told
    assert told.startswith(
        f"HIT H1 at vendor has ended with {places} that no worker took: it was ended early"
    )


def test_a_listing_of_another_run_changes_nothing(till: Till) -> None:
    with till.here.unchanged():
        till.here.app.run(handle_listing_end, "vendor", "H2", None, None)
    assert till.letters.told == []


@pytest.mark.parametrize(
    ("event", "hit_id", "count"),
    [
        ("AssignmentSubmitted", "H1", 1),
        ("AssignmentSubmitted", "H2", 0),
        ("AssignmentSubmitted", "", 0),
        ("AssignmentReturned", "H1", 0),
    ],
)
def test_a_submission_of_a_participant_who_is_not_known_is_reported_if_its_listing_is(
    till: Till, event: str, hit_id: str, count: int
) -> None:
    till.here.app.run(record_notification, event, "a9", None, "vendor", hit_id=hit_id, caller=OPERATOR_CALLER)
    till.work()
    text = (
        f"Assignment a9 of HIT {hit_id} was submitted by a worker who took no part here. Petri pays nothing "
        "for it; review it on the recruiter's own pages."
    )
    assert till.letters.told == [text] * count


@pytest.mark.parametrize(("seconds", "counts"), [(-1, False), (0, True), (None, True)])
def test_a_submission_of_before_the_participant_began_is_not_theirs(
    till: Till, seconds: int | None, counts: bool
) -> None:
    person = till.arrive()
    at = (
        None if seconds is None else till.here.clock.now().replace(microsecond=0) + timedelta(seconds=seconds)
    )
    taken: list[str] = []

    def take(ctx: Context) -> None:
        take_submission(ctx, "AssignmentSubmitted", person.assignment_id, None, at=at)
        taken.append(ctx.uow.participant(person.id).status)

    till.here.app.run(take, caller=OPERATOR_CALLER)
    assert (taken != ["working"]) == counts


def test_a_dismissed_participant_who_may_still_answer_has_not_ended(till: Till) -> None:
    person = till.arrive()
    ids = (person.worker_id, person.assignment_id, "h1", "Chrome")

    def dismiss(ctx: Context) -> None:
        ctx.uow.participant(person.id).status = ParticipantStatus.OVERRECRUITED

    till.here.app.run(dismiss)
    assert till.here.app.run(check_eligibility, *ids) == {"may": False, "reason": "repeat_worker"}
    person.finish()
    assert till.here.app.run(check_eligibility, *ids)["ended"] is True


def test_a_questionnaire_with_a_long_name_is_refused_by_what_is_too_long(till: Till) -> None:
    person = till.arrive()
    said = person.post(f"/question/{person.id}", {"question": "q" * 2000, "response": "x", "number": 1})
    assert (said.status, said.code) == (400, "question_too_long")
    assert said["error_text"] == "question has 2000 characters; the limit is 1000 (question_max_length)."


def test_a_form_with_a_long_name_is_refused_by_what_is_too_long(till: Till) -> None:
    person = till.arrive()
    with pytest.raises(BadRequest, match=r"^question has 2000 characters; the limit is 1000 "):
        till.here.app.run(record_questionnaire, person.id, "q" * 2000, {"a": "b"}, caller=OPERATOR_CALLER)


def test_an_event_that_no_recruiter_sends_is_refused(till: Till) -> None:
    with pytest.raises(BadRequest, match="'Eaten' is not a valid event type"):
        till.here.app.run(record_notification, "Eaten", "a1", None, caller=OPERATOR_CALLER)
