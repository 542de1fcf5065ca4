"""The pulse of a run: what changes when anything happens that a page shows, and costs little to read."""

from __future__ import annotations

from dataclasses import dataclass, field

from chalicelib.model import keys
from chalicelib.operations.recruitment.recruitment import is_closed
from chalicelib.operations.shared.context import Context


@dataclass(frozen=True, slots=True)
class RunPulse:
    """Counts that change as the run goes on."""

    participants: int = field(metadata={"help": "The highest number that a participant has."})
    finished: int
    active: dict[str, int] = field(metadata={"help": "Participants who haven't finished, by status."})
    is_open: bool
    has_dead_letters: bool


def pulse(ctx: Context) -> RunPulse:
    """Return the pulse: one counter, one count and the small list of active participants."""
    counter = ctx.uow.item(keys.counter("participant"))
    finished = ctx.uow.count_finished()
    active: dict[str, int] = {}
    for one in ctx.uow.active_participants():
        active[one["status"]] = active.get(one["status"], 0) + 1
    return RunPulse(
        participants=0 if counter is None else int(counter["v"]),
        finished=finished,
        active=dict(sorted(active.items())),
        is_open=bool(ctx.uow.state.get("launched")) and not is_closed(ctx),
        has_dead_letters=bool(ctx.uow.page(keys.DEAD_LETTERS, limit=1).items),
    )
