"""Payments that a vendor shows as an amount and no more: two of one amount are sent one after the other."""

from __future__ import annotations

from decimal import Decimal

import pytest

from chalicelib.model.statuses import PaymentStatus
from chalicelib.operations.payment import ledger
from chalicelib.operations.payment.compensation import compensate
from chalicelib.operations.shared.context import OPERATOR_CALLER, Context
from chalicelib.ports import Transfer
from tests.web.conftest import NewWorld
from tests.web.paying_runs import Till, paying
from tests.web.world import Person

HALF = Decimal("0.50")


@pytest.fixture
def till(world: NewWorld) -> Till:
    """A run whose base pay and bonus are half a dollar."""
    return Till(world, paying(0.5), base_payment=0.5)


def compensated(till: Till, person: Person, amount: str = "0.50") -> None:
    """Owe a compensation, and let the workers do what is due at once."""
    till.here.app.run(compensate, person.worker_id, Decimal(amount), caller=OPERATOR_CALLER)
    till.work()


def put(till: Till, person: Person, status: str, *, told: bool = True) -> None:
    """Move the bonus to a status, with or without the story of how it came there."""

    def set_status(ctx: Context) -> None:
        payment = ctx.uow.payment(person.id, "bonus")
        assert payment is not None
        # Set directly: the table of transitions leads from paid to no other status.
        payment.status = status
        ledger.record_transition(ctx, payment, PaymentStatus(status), "for the test")
        if not told:
            payment.details = {}

    till.here.app.run(set_status)


def paid(till: Till) -> list[str]:
    return [kind for _, kind, _ in till.vendor.books]


def test_base_pay_and_a_bonus_of_one_amount_are_paid_at_once(till: Till) -> None:
    till.finish()
    assert paid(till) == ["base", "bonus"]


def test_a_compensation_of_another_amount_than_the_bonus_is_paid_at_once(till: Till) -> None:
    person = till.finish()
    compensated(till, person, "0.51")
    assert till.ledger(person)["compensation"] == "paid"


def test_a_compensation_of_the_bonuss_amount_is_sent_when_the_bonus_is_surely_shown(till: Till) -> None:
    person = till.finish()
    till.go_on(minutes=5)
    compensated(till, person)
    till.go_on(minutes=14.99)
    before = till.ledger(person)["compensation"]
    till.go_on(seconds=1)
    assert (before, till.ledger(person)["compensation"]) == ("due", "paid")


def test_a_compensation_waits_for_a_bonus_of_its_amount_that_is_being_sent(till: Till) -> None:
    person = till.finish()
    put(till, person, PaymentStatus.SENDING)
    compensated(till, person)
    posted = till.here.items("message")
    (message,) = [item for item in posted if item["body"].get("payment") == "compensation"]
    assert (till.ledger(person)["compensation"], message["sk"][:27]) == ("due", "2026-03-01T12:20:00.000000Z")


@pytest.mark.parametrize("status", [PaymentStatus.DUE, PaymentStatus.HELD, PaymentStatus.REFUSED])
def test_a_compensation_waits_for_no_bonus_that_is_not_being_sent(till: Till, status: str) -> None:
    person = till.finish()
    put(till, person, status)
    compensated(till, person)
    assert till.ledger(person)["compensation"] == "paid"


def test_a_compensation_waits_for_no_bonus_that_was_loaded_without_its_story(till: Till) -> None:
    person = till.finish()
    put(till, person, "paid", told=False)
    compensated(till, person)
    assert till.ledger(person)["compensation"] == "paid"


def test_a_compensation_does_not_wait_without_a_bonus(world: NewWorld) -> None:
    till = Till(world, paying(), base_payment=0.5)
    person = till.finish()
    compensated(till, person)
    assert till.ledger(person)["compensation"] == "paid"


def test_a_compensation_that_was_begun_is_tried_again_whatever_became_of_the_bonus(till: Till) -> None:
    person = till.finish()
    till.vendor.faults += ["unreachable"]
    compensated(till, person, "0.51")
    put(till, person, PaymentStatus.SENDING)

    def make_alike(ctx: Context) -> Transfer | None:
        compensation, bonus = (ctx.uow.payment(person.id, kind) for kind in ("compensation", "bonus"))
        assert compensation is not None
        assert bonus is not None
        bonus.amount = compensation.amount
        return ledger.begin_payment(ctx, person.id, "compensation")

    assert till.here.app.run(make_alike) is not None


def test_the_recruiter_gets_the_time_of_an_equal_payment(till: Till) -> None:
    told: list[tuple[str, object]] = []
    pay = till.vendor.pay

    def note(transfer: Transfer) -> str:
        told.append((transfer.kind, transfer.indistinguishable_sent_at))
        return pay(transfer)

    till.vendor.pay = note  # type: ignore[method-assign]
    sent = till.here.clock.now()
    person = till.finish()
    compensated(till, person)
    till.go_on(minutes=20)
    assert told == [("base", None), ("bonus", None), ("compensation", sent)]


@pytest.mark.parametrize("status", [PaymentStatus.SENDING, PaymentStatus.HELD, PaymentStatus.REFUSED])
def test_an_equal_payment_that_was_not_made_is_not_passed_on(till: Till, status: str) -> None:
    person = till.finish()
    compensated(till, person)
    put(till, person, status)

    def transfer(ctx: Context) -> Transfer:
        payment = ctx.uow.payment(person.id, "compensation")
        assert payment is not None
        return ledger.transfer_of(ctx, payment)

    assert till.here.app.run(transfer).indistinguishable_sent_at is None


def test_of_two_payments_of_one_amount_that_begin_at_one_moment_one_is_begun(till: Till) -> None:
    person = till.finish()
    put(till, person, "paid", told=False)
    till.here.app.run(compensate, person.worker_id, HALF, caller=OPERATOR_CALLER)
    put(till, person, PaymentStatus.DUE)
    begun: list[bool] = []

    def begin_while_the_bonus_begins(ctx: Context) -> None:
        begun.append(ledger.begin_payment(ctx, person.id, "compensation") is not None)
        if len(begun) == 1:
            till.here.app.run(ledger.begin_payment, person.id, "bonus")

    till.here.app.run(begin_while_the_bonus_begins)
    assert (begun, till.ledger(person)) == (
        [True, False],
        {"base": "paid", "bonus": "sending", "compensation": "due"},
    )
