"""/api/v1/payments: the ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import LIMIT, NUMBER_CURSOR, One
from chalicelib.model.statuses import PaymentStatus
from chalicelib.operations.listings.listing import Listing
from chalicelib.operations.management import managed_payments as payments
from chalicelib.operations.management.managed_payments import PaymentDetail, PaymentRow
from chalicelib.operations.shared.context import Context


@dataclass(frozen=True, slots=True)
class PaymentQueryParameters:
    """Which payments to list."""

    status: PaymentStatus | None = None
    participant_id: int | None = field(default=None, metadata={"min": 1})
    after: str | None = field(default=None, metadata=NUMBER_CURSOR)
    limit: int = field(default=50, metadata=LIMIT)


def _list(ctx: Context, asked: PaymentQueryParameters) -> Listing[PaymentRow]:
    return payments.page_of_payments(
        ctx, asked.status, asked.participant_id, int(asked.after or 0), asked.limit
    )


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
)
