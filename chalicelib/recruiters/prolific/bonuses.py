"""Sets up and pays bonuses in two calls, of which the second isn't idempotent.

Sources: docs.prolific.com, "Set up bonuses" (CSV of submission and amount in whole currency; returns an id),
"Pay bonuses" (paying one id twice pays twice; the money moves some minutes later), "Retrieve a submission"
(bonus_payments lists the amounts that were paid, in cents, and nothing else about them).

So a payment that may have been sent is searched among the submission's bonuses, and nothing is decided while
it could still be in flight.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from chalicelib.errors import NotSettled, VendorRefused
from chalicelib.ports import Clock, Transfer

from .client import ProlificClient
from .submissions import Submissions

#: Prolific pays "in the following minutes"; a bonus that doesn't appear in this time was never accepted.
SETTLE_TIME = timedelta(minutes=15)
CENTS = 100


@dataclass(frozen=True, slots=True)
class PreparedBonus:
    """A bonus that was set up; the ledger stores it as text."""

    bonus_id: str
    #: How many bonuses of this amount the submission already had.
    before: int
    at: datetime

    def __str__(self) -> str:
        return f"{self.bonus_id} before={self.before} at={self.at.isoformat()}"

    @classmethod
    def read(cls, text: str) -> PreparedBonus:
        """Parse the text that `str` returns."""
        bonus_id, before, at = text.split()
        moment = datetime.fromisoformat(at.removeprefix("at="))
        return cls(bonus_id, int(before.removeprefix("before=")), moment)


@dataclass(frozen=True)
class Bonuses:
    """Sets up, pays and finds the bonuses of submissions."""

    client: ProlificClient
    submissions: Submissions
    clock: Clock

    def set_up(self, transfer: Transfer) -> str:
        """Set up a bonus, which pays nothing yet; return the text that `pay` needs."""
        before = self._count(transfer)
        csv = f"{transfer.assignment_id},{transfer.amount:.2f}"
        response = self.client.post(
            "/submissions/bonus-payments/", {"study_id": transfer.hit_id, "csv_bonuses": csv}
        )
        # If Prolific parsed the amount differently, it would pay that amount: 30 is 30.00.
        if response.get("amount") is not None and Decimal(str(response["amount"])) != _cents(transfer):
            raise VendorRefused(
                f"Prolific understood {response['amount']} cents where {_cents(transfer)} were meant; "
                "nothing was paid. Pay this bonus by hand and report it."
            )
        return str(PreparedBonus(str(response["id"]), before, self.clock.now()))

    def pay(self, transfer: Transfer) -> str:
        """Pay a bonus that was set up, unless it has already been paid."""
        bonus = self._set_up_of(transfer)
        if self._is_shown(transfer, bonus):
            return bonus.bonus_id
        if not transfer.is_retry:
            # The operator has retried it without a look-up of the earlier attempt.
            self._refuse_while_on_its_way(bonus, transfer.tried_at)
        self.client.post(f"/bulk-bonus-payments/{bonus.bonus_id}/pay/")
        return bonus.bonus_id

    def find(self, transfer: Transfer) -> str | None:
        """Return the reference of a bonus that was paid; None when it wasn't.

        NotSettled while an earlier attempt may still take effect.
        """
        if transfer.reference is None:
            return None
        bonus = PreparedBonus.read(transfer.reference)
        if self._is_shown(transfer, bonus):
            return bonus.bonus_id
        # The attempt that set it up began before that.
        self._refuse_while_on_its_way(bonus, max(bonus.at, transfer.tried_at or bonus.at))
        return None

    def _refuse_while_on_its_way(self, bonus: PreparedBonus, sent: datetime | None) -> None:
        if sent is not None and self.clock.now() < sent + SETTLE_TIME:
            again = sent + SETTLE_TIME
            raise NotSettled(
                f"Prolific doesn't show the bonus {bonus.bonus_id} yet, and it may be on its way; "
                f"it is looked for again after {again.isoformat()}.",
                again=again,
            )

    @staticmethod
    def _set_up_of(transfer: Transfer) -> PreparedBonus:
        if transfer.reference is None:
            raise VendorRefused("A bonus at Prolific has to be set up before it is paid; release it again.")
        return PreparedBonus.read(transfer.reference)

    def _is_shown(self, transfer: Transfer, bonus: PreparedBonus) -> bool:
        """Whether the submission has one more bonus of this amount than before, and than was sent since.

        A bonus that stopped before it was paid doesn't block another one of the same amount.
        """
        alike = transfer.indistinguishable_sent_at
        return self._count(transfer) > bonus.before + (alike is not None and alike >= bonus.at)

    def _count(self, transfer: Transfer) -> int:
        paid = self.submissions.get(transfer.assignment_id).get("bonus_payments") or ()
        return sum(Decimal(str(amount)) == _cents(transfer) for amount in paid)


def _cents(transfer: Transfer) -> Decimal:
    return transfer.amount * CENTS
