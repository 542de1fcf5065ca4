"""Releases participants who wait for others, with pay, some in each commit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from chalicelib.operations.management.participant_actions import release_now
from chalicelib.operations.management.run_progress import is_waiting, waiting_ids
from chalicelib.operations.shared.context import Context

#: How many participants one commit releases: each takes up to six writes of a hundred.
MAX_RELEASED: Final = 12


@dataclass(frozen=True, slots=True)
class ReleasedWaiting:
    """The participants that a call has released, and how many still wait."""

    released: list[int]
    still_waiting: int = field(metadata={"help": "Call again until it is 0."})


def release_waiting(ctx: Context) -> ReleasedWaiting:
    """Release the first participants who wait, with pay; call again while some still wait."""
    waiting = waiting_ids(ctx)
    released = []
    for number in waiting[:MAX_RELEASED]:
        participant = ctx.uow.participant(number)
        ctx.uow.declare_scope(*participant.node_ids)
        if participant.is_working and is_waiting(ctx, participant):
            release_now(ctx, participant)
            released.append(number)
    return ReleasedWaiting(released, len(waiting) - len(waiting[:MAX_RELEASED]))
