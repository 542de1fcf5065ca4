from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from chalicelib.errors import VendorRefused, VendorUnreachable
from chalicelib.recruiters.prolific.bonuses import SETTLE_TIME
from chalicelib.recruiters.registry import RecruiterRegistry

from .conftest import a_participant, transfer

LOST = ["500", "429", "garbled", "dropped before", "dropped after"]


def test_approving_pays_base_pay(recruiter, vendor, submitted):
    recruiter.pay(transfer(vendor, submitted, "base", "2.00"))
    assert vendor.books() == {("base", submitted, Decimal(2)): 1}


def test_approving_twice_pays_once(recruiter, vendor, submitted):
    base = transfer(vendor, submitted, "base", "2.00")
    assert recruiter.pay(base) == recruiter.pay(base)
    assert vendor.books().total() == 1


@pytest.mark.parametrize("fault", LOST)
def test_base_pay_whose_answer_was_lost_is_paid_once(make, vendor, submitted, fault):
    base = transfer(vendor, submitted, "base", "2.00")
    vendor.faults.add(fault, "POST", "transition")
    with pytest.raises(VendorUnreachable):
        make().pay(base)
    if make().find_payment(base) is None:
        make().pay(base)
    assert vendor.books() == {("base", submitted, Decimal(2)): 1}


def test_a_participant_who_never_came_back_is_paid_anyway(recruiter, vendor, at_work):
    recruiter.pay(transfer(vendor, at_work, "base", "2.00"))
    assert vendor.books() == {("base", at_work, Decimal(2)): 1}


def test_a_participant_who_has_finished_can_be_submitted_for(recruiter):
    assert RecruiterRegistry({"prolific": recruiter}).capabilities("prolific").can_submit_on_behalf


@pytest.mark.parametrize("fault", LOST)
def test_submitting_on_behalf_survives_a_lost_response(make, vendor, at_work, fault):
    base = transfer(vendor, at_work, "base", "2.00")
    vendor.faults.add(fault, "POST", "transition")
    with pytest.raises(VendorUnreachable):
        make().pay(base)
    make().pay(base)
    assert vendor.books() == {("base", at_work, Decimal(2)): 1}


@pytest.mark.parametrize("leave", ["give_back", "reject"])
def test_base_pay_for_a_submission_that_is_gone_is_refused_with_a_way_out(recruiter, vendor, at_work, leave):
    getattr(vendor, leave)(at_work)
    with pytest.raises(VendorRefused, match="compensation"):
        recruiter.pay(transfer(vendor, at_work, "base", "2.00"))


def test_an_unpaid_base_is_not_found(recruiter, vendor, submitted):
    assert recruiter.find_payment(transfer(vendor, submitted, "base", "2.00")) is None


def test_an_empty_account_is_refused_in_prolifics_words(recruiter, vendor, submitted):
    vendor.world.balance = 10
    with pytest.raises(VendorRefused, match="balance is not enough"):
        recruiter.pay(transfer(vendor, submitted, "base", "2.00"))


def prepared(recruiter, vendor, submission, kind="bonus", amount="0.37"):
    bonus = transfer(vendor, submission, kind, amount)
    return replace(bonus, reference=recruiter.prepare(bonus))


def test_base_pay_needs_nothing_before(recruiter, vendor, submitted):
    assert recruiter.prepare(transfer(vendor, submitted, "base", "2.00")) is None


def test_setting_a_bonus_up_pays_nothing(recruiter, vendor, submitted):
    prepared(recruiter, vendor, submitted)
    assert not vendor.books()


def test_a_bonus_is_paid_to_the_cent(recruiter, vendor, submitted):
    recruiter.pay(prepared(recruiter, vendor, submitted))
    assert vendor.books() == {("bonus", submitted, Decimal("0.37")): 1}


@pytest.mark.parametrize("amount", ["0.01", "30.00", "1.10", "9999.99"])
def test_amounts_are_parsed_exactly(recruiter, vendor, submitted, amount):
    vendor.world.balance = 10**8
    recruiter.pay(prepared(recruiter, vendor, submitted, amount=amount))
    assert vendor.books() == {("bonus", submitted, Decimal(amount)): 1}


def test_paying_a_bonus_again_pays_nothing_more(recruiter, vendor, submitted):
    bonus = prepared(recruiter, vendor, submitted)
    assert recruiter.pay(bonus) == recruiter.pay(bonus)
    assert vendor.books().total() == 1


@pytest.mark.parametrize("fault", LOST)
def test_a_bonus_whose_answer_was_lost_is_paid_once(make, vendor, clock, submitted, fault):
    bonus = prepared(make(), vendor, submitted)
    vendor.faults.add(fault, "POST", "/pay/")
    with pytest.raises(VendorUnreachable):
        make().pay(bonus)
    clock.turn(minutes=16)
    again = replace(bonus, is_retry=True)
    if make().find_payment(again) is None:
        make().pay(again)
    assert vendor.books() == {("bonus", submitted, Decimal("0.37")): 1}


def test_a_bonus_that_may_be_on_its_way_is_not_sent_again(make, vendor, clock, submitted):
    vendor.settle_after(minutes=10)
    bonus = prepared(make(), vendor, submitted)
    vendor.faults.add("dropped after", "POST", "/pay/")
    with pytest.raises(VendorUnreachable):
        make().pay(bonus)
    clock.turn(minutes=5)
    with pytest.raises(VendorUnreachable, match="on its way"):
        make().find_payment(replace(bonus, is_retry=True))


def test_a_bonus_that_was_on_its_way_is_found_when_it_shows(make, vendor, clock, submitted):
    vendor.settle_after(minutes=10)
    bonus = prepared(make(), vendor, submitted)
    vendor.faults.add("dropped after", "POST", "/pay/")
    with pytest.raises(VendorUnreachable):
        make().pay(bonus)
    clock.turn(minutes=11)
    assert make().find_payment(replace(bonus, is_retry=True)) is not None


def test_a_second_try_has_the_same_time_to_show(make, vendor, clock, submitted):
    vendor.settle_after(minutes=10)
    bonus = prepared(make(), vendor, submitted)
    clock.turn(minutes=20)
    second_try = replace(bonus, is_retry=True, tried_at=clock.now())
    vendor.faults.add("dropped after", "POST", "/pay/")
    with pytest.raises(VendorUnreachable):
        make().pay(second_try)
    clock.turn(minutes=1)
    with pytest.raises(VendorUnreachable, match="on its way"):
        make().find_payment(second_try)


def test_a_payment_released_right_after_a_lost_answer_waits_too(make, vendor, clock, submitted):
    vendor.settle_after(minutes=10)
    bonus = replace(prepared(make(), vendor, submitted), tried_at=clock.now())
    vendor.faults.add("dropped after", "POST", "/pay/")
    with pytest.raises(VendorUnreachable):
        make().pay(replace(bonus, tried_at=None))
    with pytest.raises(VendorUnreachable, match="on its way"):
        make().pay(bonus)


def refused_then_another(make, vendor, clock, submission):
    """A bonus that stopped for want of money, and one of the same amount that was paid after it."""
    bonus = prepared(make(), vendor, submission)
    balance, vendor.world.balance = vendor.world.balance, 0
    with pytest.raises(VendorRefused):
        make().pay(bonus)
    vendor.world.balance = balance
    clock.turn(minutes=1)
    make().pay(prepared(make(), vendor, submission))
    sent = clock.now()
    clock.turn(minutes=30)
    return replace(bonus, is_retry=True, indistinguishable_sent_at=sent)


def test_a_bonus_that_stopped_is_not_taken_for_one_of_the_same_amount_paid_since(
    make, vendor, clock, submitted
):
    bonus = refused_then_another(make, vendor, clock, submitted)
    assert make().find_payment(bonus) is None
    make().pay(bonus)
    assert vendor.books().total() == 2


def test_and_is_found_when_it_was_paid_itself(make, vendor, clock, submitted):
    bonus = refused_then_another(make, vendor, clock, submitted)
    make().pay(bonus)
    assert make().find_payment(bonus) == make().pay(bonus)
    assert vendor.books().total() == 2


def test_one_of_the_same_amount_that_was_sent_before_is_not_counted_twice(make, vendor, clock, submitted):
    make().pay(prepared(make(), vendor, submitted))
    earlier = clock.now()
    clock.turn(minutes=30)
    bonus = replace(prepared(make(), vendor, submitted), indistinguishable_sent_at=earlier)
    make().pay(bonus)
    assert make().find_payment(replace(bonus, is_retry=True)) is not None


def test_a_bonus_that_was_never_set_up_was_never_paid(recruiter, vendor, submitted):
    bonus = transfer(vendor, submitted, "bonus", "0.37", is_retry=True)
    assert recruiter.find_payment(bonus) is None


@pytest.mark.parametrize("fault", LOST)
def test_setting_up_twice_pays_once(make, vendor, clock, submitted, fault):
    bonus = transfer(vendor, submitted, "bonus", "0.37")
    vendor.faults.add(fault, "POST", "bonus-payments")
    with pytest.raises(VendorUnreachable):
        make().prepare(bonus)
    again = replace(bonus, is_retry=True)
    make().pay(replace(again, reference=make().prepare(again)))
    assert vendor.books().total() == 1


def test_a_compensation_of_the_same_amount_is_another_payment(recruiter, vendor, submitted):
    recruiter.pay(prepared(recruiter, vendor, submitted))
    recruiter.pay(prepared(recruiter, vendor, submitted, kind="compensation"))
    assert vendor.books() == {("bonus", submitted, Decimal("0.37")): 2}


def test_a_compensation_reaches_a_participant_who_returned_the_study(recruiter, vendor, at_work):
    vendor.give_back(at_work)
    recruiter.pay(prepared(recruiter, vendor, at_work, kind="compensation", amount="1.00"))
    assert vendor.books() == {("bonus", at_work, Decimal(1)): 1}


def test_a_bonus_that_prolific_understands_otherwise_is_not_paid(recruiter, vendor, submitted, monkeypatch):
    bonus = transfer(vendor, submitted, "bonus", "0.37")
    understood = vendor.world.set_up_bonus
    monkeypatch.setattr(vendor.world, "set_up_bonus", lambda body: {**understood(body), "amount": 3700})
    with pytest.raises(VendorRefused, match="3700 cents"):
        recruiter.prepare(bonus)


def test_a_bonus_for_a_stranger_is_refused(recruiter, vendor, submitted):
    bonus = replace(transfer(vendor, submitted, "bonus", "0.37"), hit_id="another-study")
    with pytest.raises(VendorRefused, match="not taken part"):
        recruiter.prepare(bonus)


def test_being_screened_out_is_paid_once(make, vendor):
    recruiter = make(screen_out_payment=0.25)
    recruiter.recruit(1, "open-1", {})
    submission = vendor.begin("worker-1")
    fee = transfer(vendor, submission, "screen-out", "0.25")
    recruiter.pay(fee)
    recruiter.pay(fee)
    assert vendor.books() == {("screen-out", submission, Decimal("0.25")): 1}


@pytest.mark.parametrize("fault", LOST)
def test_a_screen_out_whose_answer_was_lost_is_paid_once(make, vendor, fault):
    recruiter = make(screen_out_payment=0.25)
    recruiter.recruit(1, "open-1", {})
    fee = transfer(vendor, vendor.begin("worker-1"), "screen-out", "0.25")
    vendor.faults.add(fault, "POST", "transition")
    with pytest.raises(VendorUnreachable):
        recruiter.pay(fee)
    if recruiter.find_payment(fee) is None:
        recruiter.pay(fee)
    assert vendor.books().total() == 1


def test_a_screen_out_fee_that_the_study_does_not_pay_is_refused(make, vendor, at_work):
    with pytest.raises(VendorRefused, match="difference"):
        make(screen_out_payment=0.25).pay(transfer(vendor, at_work, "screen-out", "0.30"))


def test_the_fee_is_rounded_up_to_the_cent(recruiter):
    assert recruiter.fee(Decimal("2.00"), 1) == Decimal("0.67")


def test_tax_is_due_on_the_fee_alone(make):
    taxed = make(prolific_fee_percent=40, prolific_vat_percent=20)
    assert taxed.fee(Decimal("10.00"), 1) == Decimal("4.80")


def test_each_ending_has_its_own_code(recruiter):
    endings = [
        a_participant("submitted"),
        a_participant("overrecruited"),
        a_participant("submitted", "withdrawn"),
    ]
    assert len({recruiter.submit_address(one) for one in endings}) == 3


def test_exit_addresses_are_those_of_a_code_that_the_study_knows(recruiter, vendor, submitted):
    found = vendor.world.submissions[submitted]
    (study,) = vendor.world.studies.values()
    assert found["entered_code"] in [
        c["code"] for c in study["completion_codes"] if c["actor"] == "participant"
    ]


def test_codes_of_two_runs_differ(make):
    ways_out = {make(secret=name).submit_address(a_participant("submitted")) for name in ("one", "two")}
    assert len(ways_out) == 2


@pytest.mark.parametrize("status", ["returned", "abandoned", "replaced"])
def test_a_participant_who_left_is_not_sent_back(recruiter, status):
    assert recruiter.submit_address(a_participant(status)) == ""


def test_a_screened_out_participant_needs_no_code(recruiter):
    assert "cc=" not in recruiter.submit_address(a_participant("screened_out"))


def test_bonuses_have_time_to_show():
    assert SETTLE_TIME.total_seconds() >= 600
