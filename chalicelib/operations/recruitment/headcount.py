"""Who came, who is at work, who is still expected: what recruiting and the caps count with.

All of it follows from the list of participants and the number of places opened so far, so nothing is
given back twice by a report that comes twice. Those for whom it is over are only counted, so that this
takes as long for the thousandth completion as for the first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.model.participant import WORKING
from chalicelib.operations.shared.context import Context

#: Somebody else has this participant's place: the assignment was theirs, and no place was used up.
REPLACED = "replaced"
DISMISSED_WITH_PAY = ("overrecruited", "screened_out")


@dataclass(frozen=True, slots=True)
class Headcount:
    """Counts over one run."""

    #: How many came, each assignment counted once.
    arrived: int
    #: Places that were opened and nobody has come for yet.
    pending: int
    #: People at work who have no seat yet.
    unassigned: int
    working: int
    #: Handed in, and not judged yet.
    submitted: int
    #: Sent away early with pay: one too many, or screened out.
    dismissed_with_pay: int


def headcount(ctx: Context, changed: Mapping[int, str] | None = None) -> Headcount:
    """Count; `changed`: what this unit makes of somebody's status, which the list doesn't tell yet."""
    opened = int(ctx.uow.state.get("opened", 0))
    changes = changed or {}
    # Counted before the others are listed: who comes to the end in between is missed, never counted twice.
    over = ctx.uow.count_finished()
    listed = [
        (changes.get(one["id"], one["status"]), one.get("seated")) for one in ctx.uow.active_participants()
    ]
    statuses = Counter(status for status, _ in listed)
    arrived = len(listed) + over - statuses[REPLACED]
    return Headcount(
        arrived=arrived,
        pending=max(0, opened - arrived),
        unassigned=sum(1 for status, seated in listed if status == WORKING and not seated),
        working=statuses[WORKING],
        submitted=statuses["submitted"],
        dismissed_with_pay=sum(statuses[status] for status in DISMISSED_WITH_PAY),
    )
