"""The caps: what stops at them, what never does, and what is reserved."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from chalicelib.operations.management.run_state.state_of_run import overview
from chalicelib.operations.payment import operator_actions
from chalicelib.operations.recruitment import budget, recruitment
from chalicelib.operations.shared.context import OPERATOR_CALLER
from tests.web.conftest import NewWorld
from tests.web.experiments import with_hooks
from tests.web.paying_runs import Till, paying

#: What one place may cost in these runs: base 1.50, a bonus of up to 0.50, and the vendor's tenth.
PLACE = Decimal("2.20")


def capped(world: NewWorld, places: float, bonus: Any = 0.5, **settings: Any) -> Till:
    """Return a run whose hard cap is enough for so many places."""
    cap = float(PLACE * Decimal(str(places)))
    return Till(world, paying(bonus), **{"max_bonus": 0.5, "hard_cap": cap, **settings})


def opened(till: Till) -> int:
    return sum(n for _, event, n in till.here.recruited() if event == "recruit")


@pytest.mark.parametrize(("places", "may_open"), [(0.9, 0), (1, 1), (2.9, 2), (3, 3), (99, 5)])
def test_no_more_places_open_than_the_hard_cap_can_pay(world: NewWorld, places: float, may_open: int) -> None:
    experiment = with_hooks(paying(0.5), initial_recruitment_size=5)
    till = Till(world, experiment, max_bonus=0.5, hard_cap=float(PLACE * Decimal(str(places))))
    assert (opened(till), till.vendor.places) == (may_open, may_open)


def charge_more_for_many(till: Till) -> None:
    """Let the vendor take half of what places cost that open ten at a time, as Mechanical Turk takes more."""
    till.vendor.fee = lambda amount, places: amount / (2 if places >= 10 else 10)  # type: ignore[method-assign]


@pytest.mark.parametrize(("cap", "may_open"), [(16.50, 9), (30, 10)])
def test_places_that_open_together_are_reckoned_with_the_fee_for_many(
    world: NewWorld, cap: float, may_open: int
) -> None:
    till = Till(world, paying(), hard_cap=cap, auto_recruit=False)
    charge_more_for_many(till)
    till.here.app.run(recruitment.open_places_by_operator, 10, caller=OPERATOR_CALLER)
    assert opened(till) == may_open


def test_places_that_opened_together_have_the_fee_for_many(world: NewWorld) -> None:
    till = Till(world, paying(), hard_cap=30, auto_recruit=False)
    charge_more_for_many(till)
    till.here.app.run(recruitment.open_places_by_operator, 10, caller=OPERATOR_CALLER)
    till.finish()
    assert till.here.app.run(budget.owed) == Decimal("2.25")


@pytest.mark.parametrize("cap", [None, 30])
def test_what_a_run_has_spent_is_the_same_with_and_without_a_cap(world: NewWorld, cap: float | None) -> None:
    till = Till(world, paying(0.5), max_bonus=0.5, **({} if cap is None else {"hard_cap": cap}))
    seen = [till.here.app.run(overview, caller=OPERATOR_CALLER).spent]
    for _ in range(2):
        till.finish()
        seen.append(till.here.app.run(overview, caller=OPERATOR_CALLER).spent)
    assert seen == [0, PLACE, 2 * PLACE]


def test_a_cap_that_fits_exactly_pays_all_participants_in_full(world: NewWorld) -> None:
    till = capped(world, 3)
    people = [till.finish() for _ in range(3)]
    assert [till.ledger(person) for person in people] == [{"base": "paid", "bonus": "paid"}] * 3


def test_recruiting_stops_when_the_next_person_could_not_be_paid(world: NewWorld) -> None:
    till = capped(world, 3)
    for _ in range(3):
        till.finish()
    assert opened(till) == 3


@pytest.mark.parametrize(("bonus", "people"), [(0, 3), (0.5, 2)])
def test_the_rest_of_a_bonus_reserve_pays_for_others(world: NewWorld, bonus: float, people: int) -> None:
    till = capped(world, 2.5, bonus)
    for _ in range(2):
        till.finish()
    assert opened(till) == people


def test_the_operator_is_notified_once_that_places_stay_closed(world: NewWorld) -> None:
    till = capped(world, 1)
    for _ in range(3):
        till.finish()
    assert len(till.letters.about("not opened")) == 1


def test_a_bonus_above_the_hard_cap_is_held(world: NewWorld) -> None:
    till = Till(world, paying(5), hard_cap=4)
    assert till.ledger(till.finish()) == {"base": "paid", "bonus": "held"}


def test_a_held_bonus_is_reported_with_the_command_that_pays_it(world: NewWorld) -> None:
    till = Till(world, paying(5), hard_cap=4)
    till.finish()
    assert len(till.letters.about("petri payments release --participant 1")) == 1


def test_a_held_bonus_is_paid_at_the_operators_word(world: NewWorld) -> None:
    till = Till(world, paying(5), hard_cap=4)
    person = till.finish()
    till.here.app.run(operator_actions.release_payment, person.id, "bonus", caller=OPERATOR_CALLER)
    till.work()
    assert (person.id, "bonus", Decimal("5.00")) in till.vendor.books


def test_a_bonus_takes_nothing_that_is_reserved_for_a_participant_at_work(world: NewWorld) -> None:
    till = Till(world, paying(2), hard_cap=5)
    till.arrive()
    assert till.ledger(till.finish()) == {"base": "paid", "bonus": "held"}


@pytest.mark.parametrize("cap", [0, 1, 1.65])
def test_base_pay_is_never_withheld(world: NewWorld, cap: float) -> None:
    till = Till(world, paying(), hard_cap=cap)
    people = [till.finish(), till.finish()]
    assert [till.ledger(person) for person in people] == [{"base": "paid"}] * 2


def test_the_soft_cap_notice_is_sent_once(world: NewWorld) -> None:
    till = Till(world, paying(), soft_cap=3)
    for _ in range(4):
        till.finish()
    assert len(till.letters.about("soft_cap")) == 1


def test_below_the_soft_cap_no_notice_is_sent(world: NewWorld) -> None:
    till = Till(world, with_hooks(paying(), seats=2), soft_cap=3.3)
    for _ in range(2):
        till.finish()
    assert till.letters.sent == []


@pytest.mark.parametrize(("cap", "bonus", "told"), [(3.9, 0, 1), (4.45, 0, 0), (4.45, 0.5, 0)])
def test_the_soft_cap_counts_a_bonus_from_the_base_pay_on_and_once(
    world: NewWorld, cap: float, bonus: float, told: int
) -> None:
    till = Till(world, paying(bonus), max_bonus=0.5, soft_cap=cap, auto_recruit=False)
    first = till.arrive()
    till.arrive()
    till.finish(first)
    assert len(till.letters.about("soft_cap")) == told


def test_the_soft_cap_stops_nothing(world: NewWorld) -> None:
    till = Till(world, paying(5), soft_cap=1)
    assert till.ledger(till.finish()) == {"base": "paid", "bonus": "paid"}


# -- what is reserved -------------------------------------------------------------------------------


def reserved(till: Till) -> Decimal:
    return till.here.app.run(budget.reserved)


def test_an_open_place_reserves_base_the_largest_bonus_and_the_fee(world: NewWorld) -> None:
    assert reserved(capped(world, 9)) == PLACE


def test_a_participant_who_comes_takes_the_reserve_over(world: NewWorld) -> None:
    till = capped(world, 9)
    till.arrive()
    assert reserved(till) == PLACE


@pytest.mark.parametrize("event", ["AssignmentReturned", "AssignmentAbandoned"])
@pytest.mark.parametrize("times", [1, 3])
def test_a_place_that_is_given_back_reserves_once_for_who_gets_it_next(
    world: NewWorld, event: str, times: int
) -> None:
    till = capped(world, 9)
    person = till.arrive()
    for _ in range(times):
        till.report(event, person)
        till.work()
    assert reserved(till) == PLACE


@pytest.mark.parametrize("times", [1, 3])
def test_a_participant_who_is_paid_reserves_nothing_more(world: NewWorld, times: int) -> None:
    till = capped(world, 1)
    person = till.finish()
    for _ in range(times):
        till.report("AssignmentSubmitted", person)
        till.work()
    assert (reserved(till), till.here.app.run(budget.owed)) == (0, PLACE)


def test_one_too_many_reserves_the_base_until_it_is_owed(world: NewWorld) -> None:
    till = capped(world, 9)
    till.here.app.experiment_class.quorum = 1
    till.arrive()
    late = till.arrive()
    before = reserved(till)
    late.finish()
    till.report("AssignmentSubmitted", late)
    till.work()
    assert (before, reserved(till)) == (PLACE + Decimal("1.65"), PLACE)


def test_the_most_expensive_recruiter_counts(world: NewWorld) -> None:
    till = capped(world, 9, recruiter="multi", recruiters="hotair: 1, vendor: 1")
    assert till.here.app.run(budget.cost_per_place) == PLACE


def test_the_operators_word_opens_no_place_above_the_hard_cap(world: NewWorld) -> None:
    till = capped(world, 2)
    opening = till.here.app.run(
        recruitment.open_places_by_operator, 9, ignore_free_seats=True, caller=OPERATOR_CALLER
    )
    assert (opening.opened, opening.affordable) == (1, 1)
