"""Collects the fees of members of classes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from chalicelib.immutable import immutable


@immutable()
class FeeRequest:
    """A fee that a member is asked to pay."""

    #: What the member reads: the name of the class.
    title: str
    amount: Decimal
    #: The currency's code, such as EUR.
    currency: str
    #: What identifies the member when the service reports the payment; not a name or an address.
    reference: str
    #: The idempotency key: the same while nothing of the request has changed.
    token: str
    #: The run that asks: what a service reports of other sales of its account is left out.
    run_id: str
    #: The addresses to which the member comes back, after the payment and without it.
    success_address: str
    cancel_address: str


@immutable()
class FeeReport:
    """A verified report of a service: a fee was paid, or paid back."""

    #: The id of the charge, the same in both reports.
    charge: str
    is_refund: bool
    #: The reference of the request; "" for a refund.
    reference: str
    amount: Decimal
    currency: str


class FeeService(Protocol):
    """Takes fees on a page of its own, and reports them by signed webhooks.

    Its errors are VendorErrors.
    """

    def begin(self, fee: FeeRequest) -> str:
        """Return the address at which the member pays."""

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> FeeReport | None:
        """Verify a webhook and return its report; None for one about something else.

        Raises Forbidden for a forged, changed or old webhook, BadRequest for one that can't be read.
        """
