"""Base pay, bonuses, compensations: each paid once, whatever goes wrong on the way."""

from __future__ import annotations

import random
import traceback
from decimal import Decimal

import pytest

from chalicelib.errors import VendorRefused, VendorUnreachable
from chalicelib.recruiters.mturk import MTurkRecruiter
from chalicelib.recruiters.mturk.mturk_errors import TurkRefused
from infra.emulator.mturk import Fault, MTurkStandIn
from infra.emulator.mturk.things import AssignmentState

from .conftest import transfer

AFTER_THE_EFFECT = [Fault.LOST_ANSWER, Fault.LATE_TROUBLE]
CALLS = {"base": "ApproveAssignment", "bonus": "SendBonus", "screen-out": "SendBonus"}


def test_base_pay_is_the_approval(turk: MTurkStandIn, recruiter: MTurkRecruiter, assignment: str):
    recruiter.pay(transfer(assignment))
    assert turk.books().total(kind="reward", assignment=assignment) == Decimal("1.50")


def test_a_bonus_is_sent_to_the_worker(turk: MTurkStandIn, recruiter: MTurkRecruiter, assignment: str):
    recruiter.pay(transfer(assignment, "bonus", "0.37"))
    assert turk.books().total(kind="bonus", worker="A1") == Decimal("0.37")


def test_the_worker_reads_the_reason(turk: MTurkStandIn, recruiter: MTurkRecruiter, assignment: str):
    recruiter.pay(transfer(assignment, "bonus", "0.37"))
    assert turk.books().entries[0].reason.startswith("Well done [")


@pytest.mark.parametrize("kind", sorted(CALLS))
def test_a_repeat_pays_nothing_more(
    turk: MTurkStandIn, recruiter: MTurkRecruiter, assignment: str, kind: str
):
    for _ in range(3):
        recruiter.pay(transfer(assignment, kind, "0.40"))
    assert len(turk.books().entries) == 1


@pytest.mark.parametrize("kind", sorted(CALLS))
def test_a_repeat_returns_the_same_reference(recruiter: MTurkRecruiter, assignment: str, kind: str):
    first = recruiter.pay(transfer(assignment, kind, "0.40"))
    assert recruiter.pay(transfer(assignment, kind, "0.40")) == first


@pytest.mark.parametrize("fault", AFTER_THE_EFFECT)
@pytest.mark.parametrize("kind", sorted(CALLS))
def test_a_payment_whose_answer_is_lost_is_found(
    turk: MTurkStandIn, recruiter: MTurkRecruiter, assignment: str, kind: str, fault: Fault
):
    turk.faults.plan(CALLS[kind], fault)
    with pytest.raises(VendorUnreachable):
        recruiter.pay(transfer(assignment, kind, "0.40"))
    assert recruiter.find_payment(transfer(assignment, kind, "0.40")) is not None


@pytest.mark.parametrize("fault", [Fault.LOST_REQUEST, Fault.TROUBLE, Fault.THROTTLED])
@pytest.mark.parametrize("kind", sorted(CALLS))
def test_a_payment_that_never_arrived_isnt_found(
    turk: MTurkStandIn, recruiter: MTurkRecruiter, assignment: str, kind: str, fault: Fault
):
    turk.faults.plan(CALLS[kind], fault)
    with pytest.raises(VendorUnreachable):
        recruiter.pay(transfer(assignment, kind, "0.40"))
    assert recruiter.find_payment(transfer(assignment, kind, "0.40")) is None


def test_a_bonus_is_found_after_its_token_has_ended(
    turk: MTurkStandIn, recruiter: MTurkRecruiter, assignment: str
):
    reference = recruiter.pay(transfer(assignment, "bonus", "0.37"))
    turk.market.pass_time(hours=25)
    assert recruiter.find_payment(transfer(assignment, "bonus", "0.37")) == reference


def test_a_bonus_isnt_taken_for_another_of_the_same_sum(recruiter: MTurkRecruiter, assignment: str):
    recruiter.pay(transfer(assignment, "bonus", "0.37"))
    assert recruiter.find_payment(transfer(assignment, "screen-out", "0.37")) is None


def test_a_bonus_on_a_later_page_is_found(turk: MTurkStandIn, recruiter: MTurkRecruiter, assignment: str):
    for number in range(3):
        recruiter.pay(transfer(assignment, "bonus", "0.10", token=f"t{number}"))
    turk.operations.page = 1
    assert recruiter.find_payment(transfer(assignment, "bonus", "0.10", token="t2")) is not None


def test_a_repeated_token_counts_as_paid_however_it_is_worded(
    turk: MTurkStandIn, recruiter: MTurkRecruiter, assignment: str
):
    first = recruiter.pay(transfer(assignment, "bonus", "0.37"))
    turk.market.repeated = "is known under another number"
    assert recruiter.pay(transfer(assignment, "bonus", "0.37")) == first


def test_the_same_token_in_two_runs_pays_both(turk: MTurkStandIn, build, assignment: str):
    for run in ("run-1", "run-2"):
        build(run).pay(transfer(assignment, "bonus", "0.37", token="42-1-bonus"))
    assert turk.books().total(kind="bonus") == Decimal("0.74")


def test_an_assignment_that_turk_approved_automatically_counts_as_paid(
    turk: MTurkStandIn, recruiter: MTurkRecruiter, assignment: str
):
    turk.market.pass_time(days=4)
    recruiter.pay(transfer(assignment))
    assert len(turk.books().matching(kind="reward")) == 1


def test_base_pay_before_the_submission_is_tried_again(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    hit_id = recruiter.recruit(1, "first", {}).recruiter_state["hits"][0]["id"]
    accepted = turk.market.accept("A1", hit_id)
    with pytest.raises(VendorUnreachable, match="hasn't submitted"):
        recruiter.pay(transfer(accepted))


def test_base_pay_of_a_rejected_assignment_is_refused(
    turk: MTurkStandIn, recruiter: MTurkRecruiter, assignment: str
):
    turk.market.assignments[assignment].state = AssignmentState.REJECTED
    with pytest.raises(VendorRefused, match="overturn the rejection"):
        recruiter.pay(transfer(assignment))


def test_base_pay_of_an_unknown_assignment_is_refused(recruiter: MTurkRecruiter):
    with pytest.raises(TurkRefused, match="knows no such assignment"):
        recruiter.pay(transfer("3UNKNOWN"))


@pytest.mark.parametrize("kind", ["base", "bonus", "compensation", "screen-out"])
def test_nothing_is_found_for_an_unknown_assignment(recruiter: MTurkRecruiter, kind: str):
    assert recruiter.find_payment(transfer("3UNKNOWN", kind)) is None


@pytest.mark.parametrize("kind", ["base", "bonus", "compensation"])
def test_an_empty_account_is_reported_with_the_fix(
    turk: MTurkStandIn, recruiter: MTurkRecruiter, assignment: str, kind: str
):
    turk.market.balance = Decimal("0.02")
    with pytest.raises(TurkRefused, match="add money there, then release the payment"):
        recruiter.pay(transfer(assignment, kind))


def test_a_bonus_for_another_worker_is_refused(recruiter: MTurkRecruiter, assignment: str):
    with pytest.raises(TurkRefused, match="didn't work on this assignment"):
        recruiter.pay(transfer(assignment, "bonus", "0.37", worker="A2"))


def test_the_log_of_a_refusal_contains_no_worker_id(recruiter: MTurkRecruiter, assignment: str):
    worker = "AWORKER2"
    with pytest.raises(TurkRefused) as refusal:
        recruiter.pay(transfer(assignment, "bonus", "0.37", worker=worker))
    assert worker not in "".join(traceback.format_exception(refusal.value))


@pytest.mark.parametrize("amount", ["0.00", "-1.00", "10000.01"])
def test_a_bonus_of_an_impossible_sum_is_refused(
    turk: MTurkStandIn, recruiter: MTurkRecruiter, assignment: str, amount: str
):
    with pytest.raises(TurkRefused):
        recruiter.pay(transfer(assignment, "bonus", amount))
    assert turk.books().entries == ()


# Compensation


def compensated(turk: MTurkStandIn, worker: str) -> list[str]:
    return [hit_id for hit_id in turk.market.visible_to(worker) if turk.market.hits[hit_id].places == 1]


def test_a_compensation_is_a_hit_that_only_this_worker_sees(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    reference = recruiter.pay(transfer("", "compensation", "2.25"))
    assert (turk.market.visible_to("A1"), turk.market.visible_to("A2")) == ([reference], [])


def test_a_compensation_is_paid_as_soon_as_it_is_submitted(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    hit_id = recruiter.pay(transfer("", "compensation", "2.25"))
    turk.market.submit(turk.market.accept("A1", hit_id))
    assert turk.books().total(worker="A1") == Decimal("2.25")


def test_a_compensation_is_offered_once(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    first = recruiter.pay(transfer("", "compensation", "2.25"))
    assert recruiter.pay(transfer("", "compensation", "2.25")) == first
    assert compensated(turk, "A1") == [first]


@pytest.mark.parametrize(
    "operation",
    [
        "CreateQualificationType",
        "AssociateQualificationWithWorker",
        "CreateHITType",
        "CreateHITWithHITType",
    ],
)
@pytest.mark.parametrize("hours", [0, 25])
def test_a_compensation_is_offered_once_when_an_answer_is_lost(
    turk: MTurkStandIn, recruiter: MTurkRecruiter, operation: str, hours: int
):
    turk.faults.plan(operation, Fault.LOST_ANSWER)
    with pytest.raises(VendorUnreachable):
        recruiter.pay(transfer("", "compensation", "2.25"))
    turk.market.pass_time(hours=hours)
    reference = recruiter.pay(transfer("", "compensation", "2.25"))
    assert compensated(turk, "A1") == [reference]


def test_a_compensation_is_found_again(recruiter: MTurkRecruiter):
    reference = recruiter.pay(transfer("", "compensation", "2.25"))
    assert recruiter.find_payment(transfer("", "compensation", "2.25")) == reference


def test_closing_recruitment_leaves_compensations_open(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    reference = recruiter.pay(transfer("", "compensation", "2.25"))
    recruiter.close_recruitment({})
    assert turk.market.visible_to("A1") == [reference]


def test_a_worker_screened_out_before_submitting_is_offered_a_hit(
    turk: MTurkStandIn, recruiter: MTurkRecruiter
):
    hit_id = recruiter.recruit(2, "first", {}).recruiter_state["hits"][0]["id"]
    returned = turk.market.accept("A1", hit_id)
    turk.market.give_back(returned)
    reference = recruiter.pay(transfer(returned, "screen-out", "0.20"))
    assert turk.market.hits[reference].reward == Decimal("0.20")


def test_a_screen_out_isnt_paid_twice_when_the_submission_comes_between(
    turk: MTurkStandIn, recruiter: MTurkRecruiter
):
    hit_id = recruiter.recruit(2, "first", {}).recruiter_state["hits"][0]["id"]
    accepted = turk.market.accept("A1", hit_id)
    reference = recruiter.pay(transfer(accepted, "screen-out", "0.20"))
    turk.market.submit(accepted)
    assert recruiter.find_payment(transfer(accepted, "screen-out", "0.20")) == reference


# Every way of going wrong


@pytest.mark.parametrize("seed", range(30))
def test_every_amount_owed_is_paid_once_under_any_faults(
    turk: MTurkStandIn, recruiter: MTurkRecruiter, assignment: str, seed: int
):
    chance = random.Random(seed)
    turk.faults.draw = lambda _: chance.choice([None, None, None, *Fault])
    for owed in (transfer(assignment), transfer(assignment, "bonus", "0.40")):
        is_paid, tries = False, 0
        while not is_paid and tries < 100:
            tries += 1
            turk.market.pass_time(minutes=chance.choice([1, 60]))
            try:
                is_paid = (recruiter.find_payment(owed) or recruiter.pay(owed)) is not None
            except VendorUnreachable:
                continue
    turk.faults.draw = lambda _: None
    assert [(one.kind, one.amount) for one in turk.books().matching(worker="A1")] == [
        ("reward", Decimal("1.50")),
        ("bonus", Decimal("0.40")),
    ]
