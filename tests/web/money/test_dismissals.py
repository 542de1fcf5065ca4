"""Participants who are dismissed early: when they end, what they are owed, and who takes their place."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.operations.recruitment.recruitment import close_places_by_operator
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.storage.engine import Item
from tests.web.conftest import NewWorld
from tests.web.paying_runs import Till, paying
from tests.web.world import Person

#: After a participant's deadline.
LATE = {"hours": 1, "minutes": 3}


def screening(**members: Any) -> Any:
    def out(self: Any, node: Any, info: Any) -> None:
        self.screen_out(node.participant)

    return paying(5, info_post_request=out, **members)


def screened(world: NewWorld, **settings: Any) -> tuple[Till, Person]:
    """Return a run and a participant who was screened out and hasn't returned to the recruiter."""
    capabilities = settings.pop("capabilities", {})
    members = settings.pop("members", {})
    till = Till(world, screening(**members), **{"screen_out_payment": 0.25, **settings})
    till.vendor.change(**capabilities)
    person = till.arrive()
    person.answer(person.join())
    till.work()
    return till, person


def too_many(world: NewWorld, **settings: Any) -> tuple[Till, Person]:
    """Return a run and a participant who is one too many for its waiting room."""
    till = Till(world, paying(quorum=1), **settings)
    till.arrive()
    return till, till.arrive()


def stored(till: Till, person: Person) -> Item:
    (found,) = [item for item in till.here.items("participant") if item["id"] == person.id]
    return found


def reasons(till: Till, person: Person) -> dict[str, str]:
    mine = [item for item in till.here.items("payment") if item["participant_id"] == person.id]
    return {item["payment_kind"]: item["reason"] for item in mine}


def state(till: Till) -> dict[str, Any]:
    found: dict[str, Any] = till.here.app.run(lambda ctx: dict(ctx.uow.state))
    return found


def recruits(till: Till) -> int:
    return len([event for _, event, _ in till.here.recruited() if event == "recruit"])


@pytest.mark.parametrize("event", ["AssignmentSubmitted", "AssignmentReturned"])
def test_a_dismissed_participant_has_ended_when_the_recruiter_reports(world: NewWorld, event: str) -> None:
    till, person = screened(world)
    till.here.clock.turn(minutes=5)
    till.report(event, person)
    till.work()
    assert stored(till, person)["end_time"] == "2026-03-01T12:05:00.000000Z"


@pytest.mark.parametrize("event", ["AssignmentSubmitted", "AssignmentReturned"])
def test_a_dismissed_participant_who_finished_keeps_the_time_of_the_end(world: NewWorld, event: str) -> None:
    till, late = too_many(world)
    late.finish()
    till.here.clock.turn(minutes=5)
    till.report(event, late)
    till.work()
    assert stored(till, late)["end_time"] == "2026-03-01T12:00:00.000000Z"


@pytest.mark.parametrize("event", ["AssignmentSubmitted", "AssignmentReturned"])
def test_the_screen_out_fee_says_what_it_is_for(world: NewWorld, event: str) -> None:
    till, person = screened(world)
    till.report(event, person)
    till.work()
    assert reasons(till, person) == {"screen-out": "screened out"}


def test_the_difference_to_the_fee_says_what_it_is_for(world: NewWorld) -> None:
    till, person = screened(world, screen_out_payment=2, capabilities={"pays_any_submission": True})
    till.report("AssignmentSubmitted", person)
    till.work()
    assert reasons(till, person) == {
        "base": "base pay",
        "screen-out": "screened out: the fee beyond base pay",
    }


@pytest.mark.parametrize("base_payment", [0, 1.5])
@pytest.mark.parametrize("pays_any_submission", [True, False])
def test_a_dismissed_participant_who_is_paid_reserves_nothing_more(
    world: NewWorld, base_payment: float, pays_any_submission: bool
) -> None:
    till, person = screened(
        world,
        base_payment=base_payment,
        hard_cap=50,
        capabilities={"pays_any_submission": pays_any_submission},
    )
    assert "sent_off" not in state(till).get("budget", {})
    for _ in range(2):
        till.report("AssignmentSubmitted", person)
        till.work()
    assert state(till)["budget"]["sent_off"] == 1


@pytest.mark.parametrize(("fee", "paid"), [(0.25, 1), (0, None)])
def test_a_returned_assignment_reserves_nothing_more_once_the_fee_is_owed(
    world: NewWorld, fee: float, paid: int | None
) -> None:
    till, person = screened(world, screen_out_payment=fee, hard_cap=50)
    till.report("AssignmentReturned", person)
    till.work()
    assert state(till).get("budget", {}).get("sent_off") == paid


@pytest.mark.parametrize("own_recruit", [False, True])
@pytest.mark.parametrize("event", ["AssignmentSubmitted", "working"])
def test_a_screened_out_participant_is_replaced_where_any_submission_is_paid(
    world: NewWorld, own_recruit: bool, event: str
) -> None:
    """The recruiter reopens no place that was submitted, and none that is still taken at the deadline."""
    called: list[str] = []
    members = {"recruit": lambda self: called.append("recruit")} if own_recruit else {}
    till, person = screened(world, capabilities={"pays_any_submission": True}, members=members)
    before = recruits(till)
    if event == "AssignmentSubmitted":
        till.report(event, person)
        till.work()
    else:
        till.go_on(**LATE)
    assert (len(called), recruits(till) - before) == ((1, 0) if own_recruit else (0, 1))


def test_a_returned_assignment_of_a_dismissed_participant_is_marked_and_settled_once(world: NewWorld) -> None:
    till, late = too_many(world)
    for _ in range(2):
        till.report("AssignmentReturned", late)
        till.work()
    assert stored(till, late)["details"] == {"gave_assignment_back": True}
    assert till.letters.told == [
        (
            f"Participant {late.id} is overrecruited and is owed pay, but never submitted the assignment. "
            "Pay them with: petri compensate"
        )
    ]


def test_the_place_of_a_dismissed_participant_who_returned_the_assignment_is_open_again(
    world: NewWorld,
) -> None:
    till, late = too_many(world)
    opened = state(till)["opened"]
    till.report("AssignmentReturned", late)
    till.work()
    assert (opened, state(till)["opened"]) == (1, 3)


@pytest.mark.parametrize(("status", "opened"), [(None, 2), ("returned", 3)])
def test_at_the_deadline_a_dismissed_participants_place_is_open_where_the_recruiter_knows_of_the_return(
    world: NewWorld, status: str | None, opened: int
) -> None:
    till, person = screened(world)
    till.vendor.fates = {person.assignment_id: status} if status else {}
    till.go_on(**LATE)
    assert stored(till, person)["details"] == {"gave_assignment_back": True}
    assert state(till)["opened"] == opened


def test_a_late_submission_is_reported_with_the_fix(world: NewWorld) -> None:
    till = Till(world, paying())
    person = till.arrive()
    till.report("AssignmentReturned", person)
    till.work()
    till.report("AssignmentSubmitted", person)
    till.work()
    assert till.letters.told == [
        (
            f"Participant {person.id} has finished, but the assignment is returned; nothing is paid for that "
            "automatically. If you owe them pay, run: petri compensate"
        )
    ]
    assert stored(till, person)["details"] == {"finished_late": True}


def test_a_released_participant_who_lost_the_assignment_is_reported_with_the_fix(world: NewWorld) -> None:
    till = Till(world, paying())
    person = till.arrive()
    person.post("/withdraw", {"participant_id": person.id})
    till.report("AssignmentReturned", person)
    till.work()
    assert till.letters.told == [
        (
            f"Participant {person.id} was to be paid (withdrawn), but the assignment is returned: base pay "
            "can't be sent with it. Pay them with: petri compensate"
        )
    ]


# -- participants who never returned to the recruiter -----------------------------------------------


@pytest.mark.parametrize("times", [1, 2])
def test_a_participant_who_finished_and_was_abandoned_there_leaves_one_place_open(
    world: NewWorld, times: int
) -> None:
    till = Till(world, paying(), auto_recruit=False)
    till.vendor.change(can_submit_on_behalf=True)
    person = till.arrive()
    person.finish()
    for _ in range(times):
        till.report("AssignmentAbandoned", person)
        till.work()
    assert (till.statuses(person), state(till)["opened"]) == (["approved"], 2)


@pytest.mark.parametrize("times", [1, 2])
def test_a_dismissed_participant_who_was_abandoned_there_leaves_one_place_open(
    world: NewWorld, times: int
) -> None:
    till, late = too_many(world, auto_recruit=False)
    till.vendor.change(can_submit_on_behalf=True)
    for _ in range(times):
        till.report("AssignmentAbandoned", late)
        till.work()
    assert (till.ledger(late), state(till)["opened"]) == ({"base": "paid"}, 3)


def test_no_place_is_open_after_an_abandoned_one_once_recruitment_is_closed(world: NewWorld) -> None:
    till = Till(world, paying())
    till.vendor.change(can_submit_on_behalf=True)
    person = till.arrive()
    person.finish()
    till.here.app.run(close_places_by_operator, caller=OPERATOR_CALLER)
    till.work()
    till.report("AssignmentAbandoned", person)
    till.work()
    assert (till.statuses(person), state(till)["opened"]) == (["approved"], 1)


@pytest.mark.parametrize(("finish", "minute"), [(True, "00"), (False, "05")])
def test_a_participant_who_lost_the_assignment_has_ended_then_at_the_latest(
    world: NewWorld, finish: bool, minute: str
) -> None:
    till = Till(world, paying())
    person = till.arrive()
    if finish:
        person.finish()
    till.here.clock.turn(minutes=5)
    till.report("AssignmentReturned", person)
    till.work()
    assert stored(till, person)["end_time"] == f"2026-03-01T12:{minute}:00.000000Z"


# -- the review -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "kinds"),
    [
        ({}, []),
        ({"data_check": lambda *_: False}, ["follow_up"]),
        ({"attention_check": lambda *_: False}, ["follow_up"]),
        ({"submission_successful": lambda *_: None}, ["follow_up"]),
        ({"recruit": lambda _: None}, ["follow_up"]),
    ],
)
def test_each_hook_after_a_review_that_can_fail_has_its_own_message(
    world: NewWorld, members: dict[str, Any], kinds: list[str]
) -> None:
    here = world(paying(**members))
    person = here.arrive()
    person.answer(person.join())
    person.finish()
    assert [body["kind"] for body in here.work() if body["kind"] == "follow_up"] == kinds


def test_a_bonus_that_is_not_an_amount_is_named_in_the_dead_letter(world: NewWorld) -> None:
    till = Till(world, paying("much"))
    till.finish()
    till.go_on(minutes=30)
    (letter,) = till.dead_letters()
    assert letter["why"] == "ExperimentError: bonus() must be a number of dollars, not 'much'."


def test_without_group_name_a_participant_is_marked_with_the_run_alone(world: NewWorld) -> None:
    till = Till(world, paying(), assign_qualifications=True)
    person = till.finish()
    assert till.vendor.marks == [(person.worker_id, "test", 1)]
