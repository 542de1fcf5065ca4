"""Reconciles the ledger with the recruiter's records, and fixes what is certain."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.errors import VendorUnreachable
from chalicelib.operations.payment.operator_actions import PaymentFilter
from chalicelib.ports import Transfer
from infra.operator.payments import Comparison, reconcile
from tests.web.conftest import NewWorld
from tests.web.paying_runs import Till, paying
from tests.web.world import Person


def hanging(world: NewWorld, fault: Any = "unreachable") -> tuple[Till, Person]:
    """Return a run in which a payment has hung for half an hour."""
    till = Till(world, paying())
    till.vendor.faults += [fault] + ["unreachable"] * 99
    till.vendor.find_payment, find = lambda _: None, till.vendor.find_payment  # type: ignore[method-assign]
    person = till.finish()
    till.go_on(minutes=30)
    till.vendor.find_payment = find  # type: ignore[method-assign]
    till.vendor.faults.clear()
    assert till.ledger(person) == {"base": "sending"}
    return till, person


def compared(till: Till, *, dry_run: bool = False, **wanted: Any) -> Comparison:
    found = reconcile(till.here.app, PaymentFilter(**wanted), dry_run=dry_run)
    till.work()
    return found


def test_books_that_agree_show_no_difference(world: NewWorld) -> None:
    till = Till(world, paying(0.5))
    till.finish()
    assert compared(till) == Comparison(2, 0, [])


def test_a_payment_without_a_response_is_recorded_with_its_reference(world: NewWorld) -> None:
    till, person = hanging(world, "answer lost")
    (difference,) = compared(till).differences
    (item,) = till.here.items("payment")
    assert (difference.found, difference.repair) == ("paid", "recorded as paid")
    assert (item["status"], item["recruiter_reference"]) == ("paid", f"paid-test-{person.id}-base")


def test_the_ledger_attributes_a_reconciliation_to_the_operator(world: NewWorld) -> None:
    till, person = hanging(world, "answer lost")
    compared(till)
    last = till.moves(person, "base")[-1]
    assert (last["to"], last["by"]) == ("paid", "operator")


def test_a_payment_without_a_response_is_not_sent_again(world: NewWorld) -> None:
    till, _ = hanging(world, "answer lost")
    compared(till)
    till.go_on(hours=1)
    assert len(till.vendor.books) == 1


def test_a_payment_that_never_arrived_is_sent_again(world: NewWorld) -> None:
    till, person = hanging(world)
    (difference,) = compared(till).differences
    assert (difference.repair, till.ledger(person)) == ("sent again", {"base": "paid"})


def test_a_refused_payment_that_the_recruiter_made_is_recorded(world: NewWorld) -> None:
    till = Till(world, paying())
    till.vendor.faults.append("refused")
    person = till.finish()
    till.vendor.tokens.append(f"test-{person.id}-base")
    compared(till)
    assert till.ledger(person) == {"base": "paid"}


def test_a_payment_that_the_books_lack_is_left_to_the_operator(world: NewWorld) -> None:
    till = Till(world, paying())
    person = till.finish()
    till.vendor.tokens.clear()
    till.vendor.fates = {person.assignment_id: "submitted"}
    (difference,) = compared(till).differences
    assert difference.found == "not paid; the assignment is submitted"
    assert till.ledger(person) == {"base": "paid"}


def test_a_payment_on_its_ordinary_way_is_not_a_difference(world: NewWorld) -> None:
    till = Till(world, paying())
    till.vendor.faults.append("unreachable")
    till.finish()
    assert reconcile(till.here.app, PaymentFilter(), dry_run=True).differences == []


def test_a_recruiter_that_cannot_be_asked_stops_no_other_question(world: NewWorld) -> None:
    till = Till(world, paying())
    till.finish()
    till.finish()
    till.vendor.tokens.clear()
    find = till.vendor.find_payment

    def find_one(transfer: Transfer) -> str | None:
        if transfer.participant_id == 1:
            raise VendorUnreachable("No answer.")
        return find(transfer)

    till.vendor.find_payment = find_one  # type: ignore[method-assign]
    found = [each.found for each in compared(till).differences]
    assert found == ["couldn't be queried: No answer.", "not paid; the assignment is unknown"]


@pytest.mark.parametrize("fault", ["unreachable", "answer lost"])
def test_a_dry_run_tells_and_fixes_nothing(world: NewWorld, fault: str) -> None:
    till, _ = hanging(world, fault)
    with till.here.unchanged():
        (difference,) = compared(till, dry_run=True).differences
    assert difference.repair in ("record it as paid", "send it again")


def test_only_what_is_meant_is_compared(world: NewWorld) -> None:
    till = Till(world, paying(0.5))
    till.finish()
    assert compared(till, kind="bonus").compared == 1
