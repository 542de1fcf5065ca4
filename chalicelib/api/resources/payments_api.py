"""/api/v1/payments and /api/v1/money: the ledger, and what the run costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import ID_TEXT, LIMIT, NUMBER_CURSOR, NoParameters, One
from chalicelib.model.statuses import PaymentStatus
from chalicelib.operations.listings.listing import Listing, RecordFilter
from chalicelib.operations.listings.payment_lists import list_payments_page
from chalicelib.operations.listings.record_rows import PaymentRow
from chalicelib.operations.management import managed_payments as payments
from chalicelib.operations.management.managed_payments import PaymentDetail
from chalicelib.operations.management.run_state.money_of_run import RunMoney, money_of_run
from chalicelib.operations.shared.context import Context


@dataclass(frozen=True, slots=True)
class PaymentQueryParameters:
    """Which payments to list."""

    status: PaymentStatus | None = None
    participant_id: int | None = field(default=None, metadata={"min": 1})
    type: str | None = field(
        default=None, metadata={"min": 1, "max": 200, "help": "The kind, such as base or bonus."}
    )
    text: str | None = field(
        default=None, metadata={"min": 1, "max": 200, "help": "An id, or a part of one."}
    )
    after: str | None = field(default=None, metadata=NUMBER_CURSOR)
    limit: int = field(default=50, metadata=LIMIT)


@dataclass(frozen=True, slots=True)
class PaidElsewhere:
    """A payment, and what shows that it was made without Petri."""

    id: str = field(metadata=ID_TEXT)
    reference: str = field(
        metadata={"min": 1, "max": 200, "help": "Where it is found, such as the recruiter's number."}
    )
    reason: str = field(metadata={"min": 1, "max": 500, "help": "Stored with the transition."})


def _list(ctx: Context, asked: PaymentQueryParameters) -> Listing[PaymentRow]:
    chosen = RecordFilter(
        status=asked.status, participant_id=asked.participant_id, type=asked.type, text=asked.text
    )
    return list_payments_page(ctx, chosen, asked.after, asked.limit)


OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="payments.list",
        method="GET",
        resource="payments",
        shape=Shape.LIST,
        right=Right.VIEW,
        parameters=PaymentQueryParameters,
        answer=Listing[PaymentRow],
        run=_list,
        summary="Lists payments by participant.",
    ),
    ApiOperation(
        name="payments.read",
        method="GET",
        resource="payments",
        shape=Shape.ITEM,
        right=Right.VIEW,
        parameters=One,
        answer=PaymentDetail,
        run=lambda ctx, one: payments.read_payment(ctx, one.id),
        summary="Returns a payment with its transitions.",
    ),
    ApiOperation(
        name="payments.retry",
        method="POST",
        resource="payments",
        shape=Shape.VERB,
        verb="retry",
        right=Right.PAY,
        parameters=One,
        answer=PaymentDetail,
        run=lambda ctx, one: payments.retry_one_payment(ctx, one.id),
        summary="Sends a payment again that is due or being sent.",
    ),
    ApiOperation(
        name="payments.release",
        method="POST",
        resource="payments",
        shape=Shape.VERB,
        verb="release",
        right=Right.PAY,
        parameters=One,
        answer=PaymentDetail,
        run=lambda ctx, one: payments.release_one_payment(ctx, one.id),
        summary="Releases a held or refused payment to be sent.",
    ),
    ApiOperation(
        name="payments.resolve",
        method="POST",
        resource="payments",
        shape=Shape.VERB,
        verb="resolve",
        right=Right.PAY,
        parameters=PaidElsewhere,
        answer=PaymentDetail,
        run=lambda ctx, paid: payments.resolve_one_payment(ctx, paid.id, paid.reference, paid.reason),
        summary="Records that a payment was made without Petri, which then doesn't send it.",
    ),
    ApiOperation(
        name="money.read",
        method="GET",
        resource="money",
        shape=Shape.LIST,
        right=Right.VIEW,
        parameters=NoParameters,
        answer=RunMoney,
        run=lambda ctx, _: money_of_run(ctx),
        summary="Returns what the run costs: the ledger by status, caps, fees, and pay per hour.",
    ),
)
