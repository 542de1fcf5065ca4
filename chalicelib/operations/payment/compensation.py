"""The operator compensates somebody: a sum of its own in the ledger, once for each participant."""

from __future__ import annotations

from decimal import Decimal

from chalicelib.errors import BadRequest, NotFound
from chalicelib.model import keys
from chalicelib.model.participant import Participant
from chalicelib.model.run_records import Payment
from chalicelib.operations.shared.context import Context

from .ledger import CENT, COMPENSATION, OPERATOR, record_debt

REASON = "Compensation for your time"
AMOUNT_TOO_SMALL = "A compensation must be at least 0.01; give the amount as a number, such as 1.50."


def find_participant(ctx: Context, worker_id: str) -> Participant | None:
    """Return the participant that a worker is in this run, the latest if there are several; or None."""
    seen = ctx.uow.item(keys.worker(worker_id))
    return None if seen is None else ctx.uow.participant(seen["participant_ids"][-1])


def check_compensation(ctx: Context, worker_id: str, amount: Decimal) -> Participant:
    """Return who would be compensated; NotFound for a stranger, BadRequest for who was compensated before."""
    if amount < CENT:
        raise BadRequest(AMOUNT_TOO_SMALL)
    participant = find_participant(ctx, worker_id)
    if participant is None:
        raise NotFound(
            f"Worker {worker_id} took no part in this run; check the id, or name the run with --app.",
            code="participant_not_found",
        )
    before = ctx.uow.payment(participant.id, COMPENSATION)
    if before is not None:
        raise BadRequest(
            f"Participant {participant.id} has a compensation of {ctx.money(before.amount)} already, "
            f"which is {before.status}; there is one for each. "
            f"See petri payments list --participant {participant.id}."
        )
    return participant


def compensate(ctx: Context, worker_id: str, amount: Decimal) -> Payment | None:
    """Owe a worker a compensation, whatever the caps say, and have it paid after the commit."""
    participant = check_compensation(ctx, worker_id, amount)
    return record_debt(ctx, participant, COMPENSATION, amount, REASON, OPERATOR)
