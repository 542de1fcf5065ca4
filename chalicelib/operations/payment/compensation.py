"""Records compensations, which the operator orders: one for each participant."""

from __future__ import annotations

from decimal import Decimal

from chalicelib.access.rights import Right
from chalicelib.errors import BadRequest, NotFound
from chalicelib.model import keys
from chalicelib.model.participant import Participant
from chalicelib.model.run_records import COMPENSATION, Payment
from chalicelib.operations.shared.access import require_right
from chalicelib.operations.shared.context import Context

from .ledger import CENT, OPERATOR, record_debt

REASON = "Compensation for your time"
AMOUNT_TOO_SMALL = "A compensation must be at least 0.01; give the amount as a number, such as 1.50."


def find_participant(ctx: Context, worker_id: str) -> Participant | None:
    """Return a worker's participant in this run, the latest of several; None when there is none."""
    stored = ctx.uow.item(keys.worker(worker_id))
    return None if stored is None else ctx.uow.participant(stored["participant_ids"][-1])


def check_compensation(ctx: Context, worker_id: str, amount: Decimal) -> Participant:
    """Return the participant to compensate; NotFound if unknown, BadRequest if compensated already."""
    require_right(ctx, Right.PAY)
    if amount < CENT:
        raise BadRequest(AMOUNT_TOO_SMALL)
    participant = find_participant(ctx, worker_id)
    if participant is None:
        raise NotFound(
            f"Worker {worker_id} didn't take part in this run; check the id, or name the run with --app.",
            code="participant_not_found",
        )
    existing = ctx.uow.payment(participant.id, COMPENSATION)
    if existing is not None:
        raise BadRequest(
            f"Participant {participant.id} has a compensation of {ctx.money(existing.amount)} already, "
            f"which is {existing.status}; each participant can have one. "
            f"See petri payments list --participant {participant.id}."
        )
    return participant


def compensate(ctx: Context, worker_id: str, amount: Decimal) -> Payment | None:
    """Record a compensation, regardless of the caps, and send it after the commit."""
    participant = check_compensation(ctx, worker_id, amount)
    return record_debt(ctx, participant, COMPENSATION, amount, REASON, OPERATOR)
