"""Places: never more open than free seats, and none lost."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.operations.recruitment import recruitment
from chalicelib.operations.shared.context import OPERATOR_CALLER
from tests.web.conftest import NewWorld
from tests.web.experiments import with_hooks
from tests.web.paying_runs import Till, paying
from tests.web.world import Person


def few_seats(seats: int, **members: Any) -> Any:
    return with_hooks(paying(), seats=seats, **members)


def opened(till: Till) -> int:
    return sum(n for _, event, n in till.here.recruited() if event == "recruit")


def recruit(till: Till, n: int, *, ignore_free_seats: bool = False) -> recruitment.RecruitmentPlan:
    found = till.here.app.run(
        recruitment.open_places_by_operator, n, ignore_free_seats=ignore_free_seats, caller=OPERATOR_CALLER
    )
    till.work()
    return found


@pytest.mark.parametrize(("extra", "places"), [(0, 3), (2, 5)])
def test_no_more_places_open_than_seats_are_free(world: NewWorld, extra: int, places: int) -> None:
    till = Till(world, few_seats(3, initial_recruitment_size=9, over_recruitment=extra))
    assert till.vendor.places == places


def test_places_that_no_participant_has_come_for_yet_count_as_taken(world: NewWorld) -> None:
    till = Till(world, few_seats(4))
    recruit(till, 2)
    assert recruit(till, 9).opened == 1


def test_a_participant_who_came_without_being_asked_for_takes_no_other_participants_place(
    world: NewWorld,
) -> None:
    till = Till(world, few_seats(5), auto_recruit=False)
    for _ in range(3):
        person = till.arrive()
        person.join()
    recruit(till, 2)
    assert recruit(till, 9).opened == 0


def test_a_place_that_changed_hands_is_one_place(world: NewWorld) -> None:
    till = Till(world, few_seats(3))
    till.arrive(assignmentId="shared")
    till.arrive(assignmentId="shared")
    till.work()
    assert recruit(till, 9).opened == 2


def test_an_assignment_that_is_reassigned_waits_for_who_has_it_now(world: NewWorld) -> None:
    till = Till(world, few_seats(3))
    person = till.arrive()
    till.report("AssignmentReassigned", person)
    till.work()
    assert (till.statuses(person), opened(till), recruit(till, 9).opened) == (["replaced"], 1, 2)


@pytest.mark.parametrize("event", ["AssignmentReturned", "AssignmentAbandoned"])
def test_a_place_that_the_recruiter_offers_again_is_not_reopened(world: NewWorld, event: str) -> None:
    till = Till(world, few_seats(1))
    person = till.arrive()
    person.join()
    till.report(event, person)
    till.work()
    assert (opened(till), recruit(till, 1).opened) == (1, 0)


def test_a_returned_place_that_no_recruiter_reopens_is_opened_again(world: NewWorld) -> None:
    till = Till(world, few_seats(1))
    till.vendor.change(auto_submits=True)
    person = till.arrive()
    person.join()
    till.report("AssignmentReturned", person)
    till.work()
    assert opened(till) == 2


def closed_with_one_at_work(world: NewWorld) -> tuple[Till, Person]:
    """Return a run that closed recruitment while a participant was still working."""
    till = Till(world, few_seats(2))
    late = till.arrive()
    late.join()
    till.finish()
    return till, late


def test_recruitment_closes_while_the_last_are_at_work(world: NewWorld) -> None:
    till, _ = closed_with_one_at_work(world)
    assert till.vendor.is_closed


def test_a_place_given_back_after_closing_is_opened_again(world: NewWorld) -> None:
    till, late = closed_with_one_at_work(world)
    till.report("AssignmentReturned", late)
    till.work()
    assert not till.vendor.is_closed


@pytest.mark.parametrize("check", ["data_check", "attention_check"])
def test_a_participant_who_fails_a_check_is_replaced_after_closing_too(world: NewWorld, check: str) -> None:
    till = Till(world, few_seats(1, **{check: lambda *_: False}))
    till.finish()
    assert opened(till) == 2


def test_a_participant_who_failed_is_replaced_until_the_network_is_full(world: NewWorld) -> None:
    answers = [False, False, True]

    def data_check(self: Any, participant: Any) -> bool:
        return answers.pop(0)

    till = Till(world, few_seats(1, data_check=data_check))
    for _ in range(3):
        till.finish()
    assert (opened(till), till.vendor.is_closed) == (3, True)


def test_places_opened_after_closing_have_tokens_of_their_own(world: NewWorld) -> None:
    till = Till(world, few_seats(5))
    recruit(till, 2)
    till.here.app.run(recruitment.close_places_by_operator, caller=OPERATOR_CALLER)
    till.work()
    recruit(till, 3)
    assert sorted(till.vendor.opened.values()) == [1, 2, 3]


# -- the operator's word ----------------------------------------------------------------------------


def test_the_operator_opens_places_though_auto_recruit_is_off(world: NewWorld) -> None:
    till = Till(world, few_seats(5), auto_recruit=False)
    recruit(till, 2)
    assert till.vendor.places == 2


def test_the_operator_may_open_places_beyond_the_seats(world: NewWorld) -> None:
    till = Till(world, few_seats(1))
    assert recruit(till, 3, ignore_free_seats=True).opened == 3


def test_recruitment_that_the_operator_closed_stays_closed(world: NewWorld) -> None:
    till = Till(world, few_seats(5))
    person = till.arrive()
    till.here.app.run(recruitment.close_places_by_operator, caller=OPERATOR_CALLER)
    till.finish(person)
    assert (opened(till), till.vendor.is_closed) == (1, True)


def test_a_participant_who_failed_is_not_replaced_after_the_operator_closed(world: NewWorld) -> None:
    till = Till(world, few_seats(5, data_check=lambda *_: False))
    person = till.arrive()
    till.here.app.run(recruitment.close_places_by_operator, caller=OPERATOR_CALLER)
    till.finish(person)
    assert opened(till) == 1


def test_the_operator_opens_again_what_was_closed(world: NewWorld) -> None:
    till = Till(world, few_seats(5))
    till.here.app.run(recruitment.close_places_by_operator, caller=OPERATOR_CALLER)
    till.work()
    recruit(till, 1)
    till.finish()
    assert (opened(till), till.vendor.is_closed) == (3, False)


def test_closing_again_sends_no_notice_again(world: NewWorld) -> None:
    till = Till(world, few_seats(5))
    for _ in range(3):
        till.here.app.run(recruitment.close_places_by_operator, caller=OPERATOR_CALLER)
    assert till.here.recruited().count(("vendor", "close", 0)) == 1


def test_planning_changes_nothing(world: NewWorld) -> None:
    till = Till(world, few_seats(5))
    with till.here.unchanged():
        assert till.here.app.run(recruitment.plan_recruitment, 3).places == {"vendor": 3}
