"""Random orders of faults, crashes and retries: the books show each payment once, to the cent."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

import pytest

from chalicelib.errors import VendorUnreachable

from .conftest import a_participant, transfer

FAULTS = ["500", "429", "garbled", "dropped before", "dropped after", None, None]


class Ledger:
    """Keeps what the ledger keeps of one payment, and sends it as the worker does."""

    def __init__(self, payment, clock, draw):
        self.payment, self.clock, self.draw = payment, clock, draw
        self.is_paid = False

    def send(self, recruiter):
        """One try, which may die after any step."""
        last = self.payment
        self.payment = replace(last, is_retry=True, tried_at=self.clock.now())
        if last.is_retry and recruiter.find_payment(last) is not None:
            self.is_paid = True
            return
        if last.reference is None:
            reference = recruiter.prepare(last)
            if self.draw.random() < 0.2:
                return
            self.payment = replace(self.payment, reference=reference)
            last = replace(last, reference=reference)
        recruiter.pay(last)
        self.is_paid = self.draw.random() < 0.7


@pytest.mark.parametrize("seed", range(40))
def test_everything_owed_is_paid_once(make, vendor, clock, seed):
    draw = random.Random(seed)
    vendor.settle_after(minutes=draw.choice([0, 1, 10]))
    recruiter = make()
    recruiter.recruit(3, "open-3", {})
    owed = {}
    for n in range(3):
        submission = vendor.begin(f"worker-{n}")
        if n:
            vendor.come_back(submission, recruiter.submit_address(a_participant("submitted")))
        owed[("base", submission)] = "2.00"
        owed[("bonus", submission)] = f"0.{n + 1}7"
    ledgers = [Ledger(transfer(vendor, s, kind, amount), clock, draw) for (kind, s), amount in owed.items()]
    for _ in range(400):
        waiting = [one for one in ledgers if not one.is_paid]
        if not waiting:
            break
        fault = draw.choice(FAULTS)
        if fault is not None:
            vendor.faults.add(fault, draw.choice(["GET", "POST"]))
        try:
            draw.choice(waiting).send(make())
        except VendorUnreachable:
            clock.turn(minutes=draw.choice([0, 1, 7, 20]))
    assert vendor.books() == {(kind, s, Decimal(amount)): 1 for (kind, s), amount in owed.items()}
