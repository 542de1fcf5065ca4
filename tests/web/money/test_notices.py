"""The operator's notices say what happened, to whom, and what to do."""

from __future__ import annotations

from datetime import timedelta

from chalicelib.operations.participant.notifications import record_notification
from chalicelib.operations.recruitment import recruitment
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.ports import Listing
from tests.web.conftest import NewWorld
from tests.web.experiments import with_hooks
from tests.web.paying_runs import Till, paying

DAY = timedelta(hours=24)


def notice(till: Till) -> str:
    (text,) = till.letters.told
    return text


def report(
    till: Till, event_type: str, assignment_id: str = "", hit_id: str = "", by: str = "vendor"
) -> None:
    given = (event_type, assignment_id, None, by)
    till.here.app.run(record_notification, *given, hit_id=hit_id, caller=OPERATOR_CALLER)
    till.work()


def offering(world: NewWorld, **settings: object) -> Till:
    """Return a run of three places in one HIT, H1, that ends in a day."""
    till = Till(world, with_hooks(paying(), initial_recruitment_size=2), **settings)
    till.vendor.offers["H1"] = Listing(till.here.clock.now() + DAY, 3)
    till.here.app.run(recruitment.open_places_by_operator, 1, caller=OPERATOR_CALLER)
    till.work()
    return till


def end(till: Till, left: int, early: timedelta = timedelta(0)) -> None:
    till.here.clock.turn(seconds=(DAY - early).total_seconds())
    till.vendor.offers["H1"] = Listing(till.here.clock.now(), left)
    report(till, "HITExpired", hit_id="H1")


def test_the_notice_of_a_missing_participant(world: NewWorld) -> None:
    till = Till(world, paying())
    person = till.arrive()
    till.go_on(hours=1, minutes=3)
    assert notice(till) == f"Participant {person.id} ran out of time and the recruiter reports nothing."


def test_the_notice_of_a_hit_that_is_gone(world: NewWorld) -> None:
    till = offering(world)
    del till.vendor.offers["H1"]
    report(till, "HITExpired", hit_id="H1")
    assert notice(till) == (
        "HIT H1 no longer exists at vendor, so it brings no more participants. If you still need some, run: "
        "petri recruit"
    )


def test_the_notice_of_a_hit_that_ended_and_was_opened_again(world: NewWorld) -> None:
    till = offering(world)
    end(till, left=2)
    assert notice(till) == (
        "HIT H1 at vendor has ended with 2 places that no worker took. 2 places were opened again."
    )


def test_the_notice_of_one_place_uses_the_singular(world: NewWorld) -> None:
    till = offering(world)
    end(till, left=1)
    assert notice(till) == (
        "HIT H1 at vendor has ended with 1 place that no worker took. 1 place was opened again."
    )


def test_the_notice_of_a_hit_that_ended_without_auto_recruit(world: NewWorld) -> None:
    till = offering(world, auto_recruit=False)
    end(till, left=1)
    assert notice(till) == (
        "HIT H1 at vendor has ended with 1 place that no worker took. auto_recruit is off; to recruit more "
        "participants, run: petri recruit"
    )


def test_the_notice_of_a_hit_that_was_ended_early(world: NewWorld) -> None:
    till = offering(world)
    end(till, left=2, early=timedelta(minutes=1, seconds=1))
    assert notice(till) == (
        "HIT H1 at vendor has ended with 2 places that no worker took: it was ended early at the recruiter. "
        "It is not replaced; to recruit more participants, run: petri recruit"
    )


def test_an_end_within_a_minute_of_the_expected_one_is_not_early(world: NewWorld) -> None:
    till = offering(world)
    end(till, left=2, early=timedelta(minutes=1))
    assert "opened again" in notice(till)


def test_a_hit_whose_places_were_all_taken_ends_without_a_notice(world: NewWorld) -> None:
    till = offering(world)
    end(till, left=0)
    assert till.letters.sent == []


def test_the_notice_of_a_submission_without_a_participant(world: NewWorld) -> None:
    till = offering(world)
    report(till, "AssignmentSubmitted", "unknown", "H1")
    assert notice(till) == (
        "Assignment unknown of HIT H1 was submitted by a worker who took no part here. Petri pays nothing "
        "for it; review it on the recruiter's own pages."
    )


def test_the_notice_of_another_recruiters_report(world: NewWorld) -> None:
    till = Till(world, paying())
    person = till.arrive()
    report(till, "AssignmentReturned", person.assignment_id, by="other")
    assert notice(till) == (
        f"other reported AssignmentReturned for participant {person.id}, who came from vendor. Nothing was "
        "changed; check whether two studies share assignment ids."
    )


def test_the_notice_of_a_held_bonus(world: NewWorld) -> None:
    till = Till(world, paying(5), hard_cap=4, auto_recruit=False)
    person = till.finish()
    assert notice(till) == (
        f"A bonus of $5.00 for participant {person.id} is held, because hard_cap is reached. To pay it, run: "
        f"petri payments release --participant {person.id}"
    )


def test_the_notice_of_a_refused_payment(world: NewWorld) -> None:
    till = Till(world, paying())
    till.vendor.faults += ["refused"]
    person = till.finish()
    assert notice(till) == (
        f"The base payment of participant {person.id} was refused: The account is empty; fill it. When you "
        f"have fixed the cause, run: petri payments release --participant {person.id}"
    )


def test_the_notice_of_the_soft_cap(world: NewWorld) -> None:
    till = Till(world, paying(), soft_cap=3)
    till.finish()
    till.finish()
    assert notice(till) == "The amounts owed and reserved total $3.30 and exceed soft_cap, $3.00."


def test_the_notice_of_the_hard_cap(world: NewWorld) -> None:
    till = Till(world, with_hooks(paying(), initial_recruitment_size=3), hard_cap=2)
    assert notice(till) == (
        "2 places were not opened with vendor: hard_cap ($2.00) is reached. To continue, raise hard_cap and "
        "run: petri recruit"
    )
