"""The operator compensates somebody: a sum of its own in the ledger, once for each participant."""

from __future__ import annotations

from decimal import Decimal

from chalicelib.model.errors import BadRequest, NotFound
from chalicelib.model.participant import Participant
from chalicelib.model.reports import Payment

from .money import CENT, COMPENSATION, OPERATOR, owe
from .unit import Unit

REASON = "Compensation for your time"
TOO_LITTLE = "A compensation must be at least 0.01; give the amount as a number, such as 1.50."


def participant_of(unit: Unit, worker_id: str) -> Participant | None:
    """Return the participant that a worker is in this run, the latest if there are several; or None."""
    seen = unit.work.item((f"worker#{worker_id}", "#"))
    return None if seen is None else unit.work.participant(seen["participant_ids"][-1])


def may_be_compensated(unit: Unit, worker_id: str, amount: Decimal) -> Participant:
    """Return who would be compensated; NotFound for a stranger, BadRequest for who was compensated before."""
    if amount < CENT:
        raise BadRequest(TOO_LITTLE)
    participant = participant_of(unit, worker_id)
    if participant is None:
        raise NotFound(
            f"Worker {worker_id} took no part in this run; check the id, or name the run with --app.",
            code="participant_not_found",
        )
    before = unit.work.payment(participant.id, COMPENSATION)
    if before is not None:
        raise BadRequest(
            f"Participant {participant.id} has a compensation of {unit.money(before.amount)} already, "
            f"which is {before.status}; there is one for each. "
            f"See petri payments list --participant {participant.id}."
        )
    return participant


def compensate(unit: Unit, worker_id: str, amount: Decimal) -> Payment | None:
    """Owe a worker a compensation, whatever the caps say, and have it paid after the commit."""
    participant = may_be_compensated(unit, worker_id, amount)
    return owe(unit, participant, COMPENSATION, amount, REASON, OPERATOR)
