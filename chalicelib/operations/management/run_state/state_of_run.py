"""The overview of a run: its state, its participants, its places, its money, and what needs a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from chalicelib.currency import currency_of
from chalicelib.model import keys
from chalicelib.model.record import moment
from chalicelib.operations.recruitment import budget
from chalicelib.operations.recruitment.headcount import headcount
from chalicelib.operations.recruitment.recruitment import is_closed
from chalicelib.operations.run.hibernation_note import is_hibernating
from chalicelib.operations.shared.context import Context

from .money_of_run import spent


class RunState(StrEnum):
    """What a run is doing."""

    NOT_LAUNCHED = "not launched"
    RECRUITING = "recruiting"
    CLOSED = "closed"
    FINISHED = "finished"
    HIBERNATING = "hibernating"


@dataclass(frozen=True, slots=True)
class RunOverview:
    """A run at one moment."""

    state: RunState
    launched: datetime | None
    participants: dict[str, int] = field(metadata={"help": "Participants by status."})
    arrived: int
    open_places: int = field(metadata={"help": "Places that were opened and are still free."})
    dead_letters: int
    currency: str
    owed: Decimal = field(metadata={"any_decimal": True, "help": "Owed or paid so far, if a cap is set."})
    spent: Decimal = field(
        metadata={"any_decimal": True, "help": "Owed or paid so far, fees included, with or without a cap."}
    )
    reserved: Decimal = field(
        metadata={"any_decimal": True, "help": "What open places and participants may still cost."}
    )
    hard_cap: Decimal | None = field(metadata={"any_decimal": True})


def overview(ctx: Context) -> RunOverview:
    """Return the overview."""
    counts = headcount(ctx)
    hard_cap = ctx.settings.hard_cap
    return RunOverview(
        state=_state(ctx, counts.pending, counts.working),
        launched=moment(ctx.uow.state.get("launched")),
        participants=dict(sorted(ctx.uow.statuses().items())),
        arrived=counts.arrived,
        open_places=counts.pending,
        dead_letters=len(ctx.uow.items(keys.DEAD_LETTERS)),
        currency=currency_of(ctx.config),
        owed=budget.owed(ctx),
        spent=spent(ctx),
        reserved=budget.reserved(ctx) if budget.has_cap(ctx) else Decimal(0),
        hard_cap=None if hard_cap is None else Decimal(str(hard_cap)),
    )


def _state(ctx: Context, pending: int, working: int) -> RunState:
    if is_hibernating(ctx):
        return RunState.HIBERNATING
    if not ctx.uow.state.get("launched"):
        return RunState.NOT_LAUNCHED
    if not is_closed(ctx):
        return RunState.RECRUITING
    return RunState.CLOSED if pending or working else RunState.FINISHED
