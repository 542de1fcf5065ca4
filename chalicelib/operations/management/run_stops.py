"""Stops parts of a run at once: recruiting, entry, payments; and says whom and how much each touches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from chalicelib.access.rights import Right
from chalicelib.errors import BadRequest, InvalidState
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.model.run_records import transitions_of
from chalicelib.model.statuses import PaymentStatus
from chalicelib.operations.payment.ledger_sums import LedgerLine, ledger_lines
from chalicelib.operations.recruitment.headcount import headcount
from chalicelib.operations.recruitment.recruitment import close_places_by_operator, is_closed
from chalicelib.operations.recruitment.stops import (
    ALL_HELD,
    ENTRY_CLOSED,
    PAYMENTS_HELD,
    are_payments_held,
    is_entry_closed,
)
from chalicelib.operations.shared.access import require_right
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.study_check import as_study

from .run_progress import waiting_ids

#: How many of the payments that are held are read one by one, to see why.
MOST_HELD: Final = 2_000


class StopAction(StrEnum):
    """What can be stopped for the whole run."""

    RECRUITING = "recruiting"
    ENTRY = "entry"
    PAYMENTS = "payments"
    #: Recruiting and entry together, and live sessions end. The clock of a deployed app stops when all have
    #: finished.
    RUN = "run"


#: The rights that each action requires.
_RIGHTS: Final = {
    StopAction.RECRUITING: (Right.RECRUIT,),
    StopAction.ENTRY: (Right.EDIT_PARTICIPANTS,),
    StopAction.PAYMENTS: (Right.PAY,),
    StopAction.RUN: (Right.RECRUIT, Right.EDIT_PARTICIPANTS),
}


@dataclass(frozen=True, slots=True)
class StopState:
    """What is stopped, and whom and how much each action would touch."""

    recruiting_is_closed: bool
    entry_is_closed: bool
    payments_are_held: bool
    is_at_rest: bool = field(
        metadata={"help": "Whether recruiting and entry are closed and no participant takes part."}
    )
    open_places: int
    working: int
    waiting: list[int] = field(metadata={"help": "Participants who wait for others."})
    due_payments: int = field(metadata={"help": "Payments that would be held."})
    held_by_stop: list[str] = field(metadata={"help": "Payments that are held because all are: `12-base`."})
    held_are_partial: bool = field(
        metadata={"help": "Whether so many are held that only the latest were looked at."}
    )


def read_stops(ctx: Context) -> StopState:
    """Return what is stopped, and whom each action would touch."""
    counts = headcount(ctx)
    lines = ledger_lines(ctx)
    held = [line for line in lines if line.status == PaymentStatus.HELD]
    return StopState(
        recruiting_is_closed=is_closed(ctx),
        entry_is_closed=is_entry_closed(ctx),
        payments_are_held=are_payments_held(ctx),
        is_at_rest=is_closed(ctx) and is_entry_closed(ctx) and not counts.working,
        open_places=counts.pending,
        working=counts.working,
        waiting=waiting_ids(ctx),
        due_payments=sum(1 for line in lines if line.status == PaymentStatus.DUE),
        held_by_stop=_held_by_stop(ctx, held[-MOST_HELD:]),
        held_are_partial=len(held) > MOST_HELD,
    )


def change_stop(ctx: Context, action: str, *, is_stopped: bool) -> StopState:
    """Stop a part of the run, or allow it again; recruiting opens again with new places only."""
    try:
        chosen = StopAction(action)
    except ValueError as error:
        raise BadRequest(f"{action[:40]!r} can't be stopped; only {', '.join(StopAction)} can be.") from error
    for right in _RIGHTS[chosen]:
        require_right(ctx, right)
    if chosen is StopAction.RUN and is_stopped:
        close_places_by_operator(ctx)
        _end_live_sessions(ctx)
    if chosen is StopAction.RECRUITING:
        if not is_stopped:
            raise InvalidState("Recruiting opens again when places are opened: petri recruit")
        close_places_by_operator(ctx)
        return read_stops(ctx)
    name = PAYMENTS_HELD if chosen is StopAction.PAYMENTS else ENTRY_CLOSED
    if is_stopped:
        ctx.uow.state[name] = iso(ctx.now)
    else:
        ctx.uow.state.pop(name, None)
    return read_stops(ctx)


def _end_live_sessions(ctx: Context) -> None:
    """End the live sessions of a study, whose players would otherwise wait for a host."""
    if as_study(ctx.experiment) is None:
        return
    # Lazy import: other experiments have no live sessions.
    from chalicelib.operations.live_sessions.host_actions import finish_all

    finish_all(ctx)


def _held_by_stop(ctx: Context, held: Sequence[LedgerLine]) -> list[str]:
    """Return which of these payments are held because all are, by the reason of their last transition."""
    ctx.uow.prefetch(more=[keys.payment(line.participant_id, line.kind) for line in held])
    payments = [ctx.uow.payment(line.participant_id, line.kind) for line in held]
    return [
        f"{payment.participant_id}-{payment.kind}"
        for payment in payments
        if payment is not None
        and (moves := transitions_of(payment))
        and payment.status == PaymentStatus.HELD
        and moves[-1]["why"] == ALL_HELD
    ]
