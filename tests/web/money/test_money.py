"""The ledger: what is owed is paid once, whatever the recruiter, the hooks and the messages do."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.errors import NotSettled
from chalicelib.model.record import iso
from chalicelib.operations.payment import ledger, operator_actions
from chalicelib.operations.schedule import dead_letters
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.ports import Transfer
from chalicelib.workers import scheduler
from tests.tools.engines import Crash
from tests.tools.vendor import Fault
from tests.web.conftest import NewWorld
from tests.web.experiments import with_hooks
from tests.web.paying_runs import Till, paying
from tests.web.world import Person

BASE = Decimal("1.50")


# -- the ledger -------------------------------------------------------------------------------------


def test_each_move_says_to_what_who_when_how_much_why_and_by_which_reference(world: NewWorld) -> None:
    till = Till(world, paying())
    moves = till.moves(till.finish(), "base")
    at = "2026-03-01T12:00:00.000000Z"
    expected = {"at": at, "by": "petri", "amount": "1.50", "reference": None}
    assert moves == [
        {**expected, "to": "due", "why": "base pay"},
        {**expected, "to": "sending", "why": "sent"},
        {**expected, "to": "paid", "why": "the recruiter has paid", "reference": "paid-test-1-base"},
    ]


def test_a_recruiter_gets_worker_amount_and_reason(world: NewWorld) -> None:
    till = Till(world, with_hooks(paying(0.5), bonus_reason=lambda experiment: "well done"))
    told: list[Transfer] = []
    pay = till.vendor.pay

    def note(transfer: Transfer) -> str:
        told.append(transfer)
        return pay(transfer)

    till.vendor.pay = note  # type: ignore[method-assign]
    till.vendor.faults += ["unreachable"]
    sent = till.here.clock.now()
    till.finish()
    till.go_on(minutes=1)
    whose = {"recruiter": "vendor", "participant_id": 1}
    ids = {"assignment_id": "a1", "worker_id": "w1", "hit_id": "h1"}
    base = {"kind": "base", "amount": BASE, "reason": "base pay", "token": "test-1-base"}
    bonus = {"kind": "bonus", "amount": Decimal("0.50"), "reason": "well done", "token": "test-1-bonus"}
    assert told == [
        Transfer(**whose, **ids, **base),
        Transfer(**whose, **ids, **bonus),
        Transfer(**whose, **ids, **base, is_retry=True, tried_at=sent),
    ]


def test_a_bonus_without_a_reason_is_sent_without_one(world: NewWorld) -> None:
    till = Till(world, with_hooks(paying(0.5), bonus_reason=lambda experiment: ""))
    told: list[Transfer] = []
    till.vendor.prepare = told.append  # type: ignore[method-assign]
    till.finish()
    assert [(transfer.kind, transfer.reason) for transfer in told] == [("base", "base pay"), ("bonus", "")]


def test_runs_with_one_seed_have_tokens_of_their_own(world: NewWorld) -> None:
    tokens = set()
    for name in ("one", "other"):
        till = Till(world, paying(), run_seed="the same")
        till.here.app.app_id = name
        till.finish()
        tokens.update(till.vendor.tokens)
    assert tokens == {"one-1-base", "other-1-base"}


@pytest.mark.parametrize("dust", [-5.551115123125783e-17, -0.004, 0.004])
def test_rounding_errors_of_floats_are_zero(dust: float) -> None:
    assert ledger.to_cents(dust, "bonus()") == 0


@pytest.mark.parametrize(
    "nonsense", [float("nan"), float("inf"), -1, -0.01, 10_001, "a lot", True, object(), "1e999999"]
)
def test_a_bonus_that_is_not_a_sum_leaves_base_paid_and_its_message_kept(
    world: NewWorld, nonsense: Any
) -> None:
    till = Till(world, paying(nonsense))
    till.finish()
    till.go_on(minutes=30)
    assert till.vendor.books == [(1, "base", BASE)]
    assert [letter["kind"] for letter in till.dead_letters()] == ["review_submission"]


def test_a_bonus_above_max_bonus_is_reported_with_the_fix(world: NewWorld) -> None:
    till = Till(world, paying(3), max_bonus=2)
    till.finish()
    till.go_on(minutes=30)
    (told,) = till.letters.about("above max_bonus")
    assert "petri dead-letters replay" in told


def test_a_replayed_judgement_pays_the_bonus_that_was_fixed(world: NewWorld) -> None:
    answers = [float("nan")]
    till = Till(world, paying(lambda: answers[0]))
    till.finish()
    till.go_on(minutes=30)
    answers[0] = 0.5
    (letter,) = till.dead_letters()
    till.here.app.run(dead_letters.replay_dead_letter, letter["id"], caller=OPERATOR_CALLER)
    till.work()
    assert till.vendor.books == [(1, "base", BASE), (1, "bonus", Decimal("0.50"))]


def test_a_hook_that_raises_withholds_no_base_pay(world: NewWorld) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    till = Till(world, paying(fail))
    till.finish()
    assert till.vendor.books == [(1, "base", BASE)]


# -- a recruiter that fails -------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["unreachable", "answer lost", RuntimeError("a fault of the adapter")])
def test_a_payment_is_made_once_whatever_became_of_the_first_try(world: NewWorld, fault: Any) -> None:
    till = Till(world, paying())
    till.vendor.faults.append(fault)
    till.finish()
    till.go_on(minutes=1)
    assert till.vendor.books == [(1, "base", BASE)]


def test_a_later_try_looks_first_and_the_first_does_not(world: NewWorld) -> None:
    till = Till(world, paying())
    till.vendor.faults += ["unreachable"]
    till.finish()
    looked_at_first = list(till.vendor.looks)
    till.go_on(minutes=1)
    assert (looked_at_first, till.vendor.looks) == ([], ["test-1-base"])


def test_a_retry_continues_from_the_result_of_the_first_call(world: NewWorld) -> None:
    till = Till(world, paying())
    prepared: list[str] = []
    paid_by: list[str | None] = []
    pay = till.vendor.pay

    def prepare(transfer: Transfer) -> str:
        prepared.append(transfer.token)
        return "made-ready"

    def note_and_pay(transfer: Transfer) -> str:
        paid_by.append(transfer.reference)
        return pay(transfer)

    till.vendor.prepare = prepare  # type: ignore[assignment, method-assign]
    till.vendor.pay = note_and_pay  # type: ignore[method-assign]
    till.vendor.faults += ["unreachable"]
    till.finish()
    till.go_on(minutes=1)
    assert (prepared, paid_by) == (["test-1-base"], ["made-ready", "made-ready"])


@pytest.mark.parametrize("recruiter", ["vendor", "hotair"])
def test_a_payment_is_kept_with_its_moment_and_reference(world: NewWorld, recruiter: str) -> None:
    till = Till(world, paying(), recruiter=recruiter)
    person = till.arrive(recruiter=recruiter)
    person.answer(person.join())
    till.here.clock.turn(seconds=7)
    person.finish()
    till.report("AssignmentSubmitted", person)
    till.work()
    (paid,) = till.here.items("payment")
    assert (paid["status"], paid["reason"]) == ("paid", "base pay")
    assert paid["sent_time"] == "2026-03-01T12:00:07.000000Z"
    assert (
        paid["recruiter_reference"]
        == {"vendor": "paid-test-1-base", "hotair": "hotair:test-1-base"}[recruiter]
    )


def test_the_story_of_a_payment_tells_the_first_try_from_the_later_ones(world: NewWorld) -> None:
    till = Till(world, paying())
    till.vendor.faults += ["unreachable"]
    person = till.finish()
    till.go_on(minutes=1)
    assert [move["why"] for move in till.moves(person, "base")] == [
        "base pay",
        "sent",
        "No answer came; it is tried again.",
        "retried",
        "the recruiter has paid",
    ]


def crashed(world: NewWorld) -> Till:
    """Return a run whose worker died while it sent a payment, and another that took over."""
    till = Till(world, paying())
    till.vendor.faults.append(Crash())
    with pytest.raises(Crash):
        till.finish()
    scheduler.resend_due_messages(min_age=0)
    return till


def test_a_payment_that_another_worker_may_still_be_sending_is_left_alone(world: NewWorld) -> None:
    till = crashed(world)
    till.go_on(seconds=100)
    assert till.vendor.books == []


def test_a_payment_whose_worker_died_is_sent_when_its_time_is_up_and_looked_for_first(
    world: NewWorld,
) -> None:
    till = crashed(world)
    till.go_on(minutes=30)
    assert (till.vendor.books, till.vendor.looks) == ([(1, "base", BASE)], ["test-1-base"])


def test_waiting_for_another_worker_leaves_no_dead_letter(world: NewWorld) -> None:
    till = crashed(world)
    till.go_on(minutes=30)
    assert till.dead_letters() == []


def test_a_refused_payment_is_reported_and_waits_for_the_operator(world: NewWorld) -> None:
    till = Till(world, paying())
    till.vendor.faults += ["refused"]
    person = till.finish()
    (told,) = till.letters.about("was refused")
    assert till.ledger(person) == {"base": "refused"}
    assert "petri payments release --participant 1" in told


def test_a_refused_payment_is_sent_after_all_at_the_operators_word(world: NewWorld) -> None:
    till = Till(world, paying())
    till.vendor.faults += ["refused"]
    person = till.finish()
    till.here.app.run(operator_actions.release_payment, person.id, "base", caller=OPERATOR_CALLER)
    till.work()
    assert (till.ledger(person), till.vendor.looks) == ({"base": "paid"}, ["test-1-base"])


def test_a_recruiter_that_stays_unreachable_leaves_a_dead_letter_and_the_payment_on_the_list(
    world: NewWorld,
) -> None:
    till = Till(world, paying())
    till.vendor.faults += ["unreachable"] * 20
    person = till.finish()
    till.go_on(hours=3)
    assert [letter["kind"] for letter in till.dead_letters()] == ["send_payment"]
    assert till.ledger(person) == {"base": "sending"}


def test_a_hanging_payment_is_tried_again_at_the_operators_word(world: NewWorld) -> None:
    till = Till(world, paying())
    till.vendor.faults += ["unreachable"] * 6
    person = till.finish()
    till.go_on(minutes=30)
    till.here.app.run(operator_actions.retry_payment, person.id, "base", caller=OPERATOR_CALLER)
    till.work()
    assert till.vendor.books == [(1, "base", BASE)]


# -- who is owed what -------------------------------------------------------------------------------


def test_no_participant_is_paid_before_the_recruiter_has_their_submission(world: NewWorld) -> None:
    till = Till(world, paying(quorum=1))
    till.arrive()
    late = till.arrive()
    late.finish()
    till.work()
    assert (till.statuses(late), till.vendor.books) == (["overrecruited"], [])


@pytest.mark.parametrize("times", [1, 3])
def test_an_overrecruited_participant_is_owed_base_pay_after_submitting(world: NewWorld, times: int) -> None:
    till = Till(world, paying(quorum=1))
    till.arrive()
    late = till.arrive()
    late.finish()
    for _ in range(times):
        till.report("AssignmentSubmitted", late)
        till.work()
    assert till.vendor.books == [(late.id, "base", BASE)]


def test_a_participant_who_withdraws_and_returns_the_assignment_is_reported_to_the_operator(
    world: NewWorld,
) -> None:
    till = Till(world, paying())
    person = till.arrive()
    person.post("/withdraw", {"participant_id": person.id})
    till.report("AssignmentReturned", person)
    till.work()
    assert len(till.letters.about("petri compensate")) == 1


def screening(**members: Any) -> Any:
    def out(self: Any, node: Any, info: Any) -> None:
        self.screen_out(node.participant)

    return paying(5, info_post_request=out, **members)


def test_a_participant_who_is_screened_out_is_owed_the_fee_alone(world: NewWorld) -> None:
    till = Till(world, screening(), screen_out_payment=0.25)
    person = till.finish()
    assert (till.statuses(person), till.vendor.books) == (
        ["screened_out"],
        [(person.id, "screen-out", Decimal("0.25"))],
    )


def test_a_participant_who_is_screened_out_leaves_the_place_to_another(world: NewWorld) -> None:
    till = Till(world, screening(), screen_out_payment=0.25)
    person = till.arrive()
    person.answer(person.join())
    till.work()
    assert till.here.recruited() == [("vendor", "recruit", 1), ("vendor", "recruit", 1)]


def test_a_participant_who_is_screened_out_is_paid_without_reports(world: NewWorld) -> None:
    till = Till(world, screening(), screen_out_payment=0.25)
    till.vendor.change(auto_submits=True)
    person = till.arrive()
    person.answer(person.join())
    till.work()
    assert till.vendor.books == [(person.id, "screen-out", Decimal("0.25"))]


# -- where the recruiter shows payments late --------------------------------------------------------


def late_books(world: NewWorld, *faults: Fault) -> tuple[Till, Person]:
    """A participant owed base pay by a vendor that lists its payments after a quarter of an hour."""
    till = Till(world, paying())
    till.vendor.faults += faults
    find = till.vendor.find_payment

    def look(transfer: Transfer) -> str | None:
        assert transfer.tried_at is not None
        shown = transfer.tried_at + timedelta(minutes=15)
        if till.here.clock.now() < shown:
            raise NotSettled("It may be on its way.", again=shown)
        return find(transfer)

    till.vendor.find_payment = look  # type: ignore[method-assign]
    return till, till.finish()


@pytest.mark.parametrize("fault", ["answer lost", "unreachable"])
def test_a_late_payment_is_settled_as_soon_as_it_appears(world: NewWorld, fault: Fault) -> None:
    till, person = late_books(world, fault)
    till.go_on(minutes=16)
    assert (till.ledger(person), till.vendor.books) == (
        {"base": "paid"},
        [(person.id, "base", Decimal("1.50"))],
    )


def test_a_payment_in_flight_shows_the_recruiters_message(world: NewWorld) -> None:
    till, _ = late_books(world, "answer lost")
    till.go_on(minutes=1)
    (entry,) = till.here.app.run(
        operator_actions.list_payments, operator_actions.PaymentFilter(), caller=OPERATOR_CALLER
    )
    assert entry.reason == "It may be on its way."


def test_a_payment_is_looked_for_again_at_the_moment_that_the_recruiter_named(world: NewWorld) -> None:
    till = Till(world, paying())
    till.vendor.faults += ["unreachable"] * 5
    person = till.finish()
    till.here.clock.turn(hours=1)
    again = till.here.clock.now() + timedelta(minutes=15)
    before = till.here.items("message")
    error = NotSettled("It may be on its way.", again=again)
    till.here.app.run(ledger.reschedule_payment, person.id, "base", error)
    (posted,) = [item for item in till.here.items("message") if item not in before]
    assert posted["sk"].startswith(str(iso(again)))


@pytest.mark.parametrize("fault", ["answer lost", "unreachable"])
def test_a_late_payment_causes_no_alarm(world: NewWorld, fault: Fault) -> None:
    till, _ = late_books(world, *[fault] if fault == "answer lost" else [fault] * 5)
    till.go_on(hours=3)
    assert (till.dead_letters(), till.letters.sent) == ([], [])


def test_while_it_may_be_on_its_way_a_payment_does_not_hang(world: NewWorld) -> None:
    till, _ = late_books(world, "answer lost")
    till.go_on(minutes=14)
    (entry,) = till.here.app.run(
        operator_actions.list_payments, operator_actions.PaymentFilter(), caller=OPERATOR_CALLER
    )
    assert (entry.status, entry.is_stuck) == ("sending", False)


def test_the_operator_is_notified_of_a_payment_that_never_succeeds(world: NewWorld) -> None:
    till, _ = late_books(world, *["unreachable"] * 99)
    till.go_on(hours=6)
    assert ([letter["kind"] for letter in till.dead_letters()], len(till.letters.sent)) == (
        ["send_payment"],
        1,
    )


# -- recruiters that pay any submission -------------------------------------------------------------


def screened_at_turk(world: NewWorld, **settings: Any) -> tuple[Till, Person]:
    """A screened-out participant of a vendor that pays the reward for any submission."""
    till = Till(world, screening(), **{"base_payment": 1.5, "screen_out_payment": 0.25, **settings})
    till.vendor.change(pays_any_submission=True)
    person = till.arrive()
    person.answer(person.join())
    till.work()
    return till, person


def test_a_participant_who_is_screened_out_and_returns_the_assignment_is_paid_the_fee(
    world: NewWorld,
) -> None:
    till, person = screened_at_turk(world)
    for event in ("AssignmentReturned", "AssignmentReturned", "AssignmentAbandoned"):
        till.report(event, person)
        till.work()
    assert till.vendor.books == [(person.id, "screen-out", Decimal("0.25"))]


def test_a_participant_who_is_screened_out_and_submits_anyway_is_paid_the_reward_alone(
    world: NewWorld,
) -> None:
    till, person = screened_at_turk(world)
    for _ in range(2):
        till.report("AssignmentSubmitted", person)
        till.work()
    assert till.vendor.books == [(person.id, "base", Decimal("1.50"))]


def test_a_fee_above_the_reward_is_made_up_for(world: NewWorld) -> None:
    till, person = screened_at_turk(world, screen_out_payment=2.0)
    till.report("AssignmentSubmitted", person)
    till.work()
    assert sorted(till.vendor.books) == [
        (person.id, "base", Decimal("1.50")),
        (person.id, "screen-out", Decimal("0.50")),
    ]


@pytest.mark.parametrize(
    ("assignment_status", "paid"),
    [("submitted", "base"), ("approved", "base"), ("abandoned", "screen-out"), ("returned", "screen-out")],
)
def test_without_a_report_who_is_screened_out_is_paid_by_what_the_recruiter_knows(
    world: NewWorld, assignment_status: str, paid: str
) -> None:
    till, person = screened_at_turk(world)
    till.vendor.fates = {person.assignment_id: assignment_status}
    till.go_on(hours=1, minutes=3)
    assert till.ledger(person) == {paid: "paid"}


def test_an_assignment_of_another_participant_was_returned(world: NewWorld) -> None:
    till, person = screened_at_turk(world)
    till.arrive(assignmentId=person.assignment_id)
    till.work()
    assert till.ledger(person) == {"screen-out": "paid"}


@pytest.mark.parametrize("event", ["AssignmentReturned", "AssignmentSubmitted"])
def test_one_place_is_open_for_a_participant_screened_out_however_they_leave(
    world: NewWorld, event: str
) -> None:
    till, person = screened_at_turk(world)
    till.report(event, person)
    till.work()
    state = till.here.app.run(lambda ctx: dict(ctx.uow.state))
    assert (state["opened"], till.vendor.places) == (2, 1 if event == "AssignmentReturned" else 2)


def test_a_participant_who_has_finished_cannot_be_screened_out(world: NewWorld) -> None:
    till = Till(world, screening())
    person = till.arrive()
    node = person.join()
    person.finish()
    assert person.post(f"/info/{node}", {"contents": "x"}).code == "participant_not_working"
