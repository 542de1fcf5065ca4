"""Counts who has arrived, is working or is still expected, for recruitment and the budget.

The counts follow from the list of participants and the number of places opened so far, so a repeated report
doesn't return a place twice. Finished participants are only counted, not read, so that the thousandth
completion takes as long as the first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from chalicelib.immutable import immutable
from chalicelib.model.statuses import DISMISSED_WITH_PAY, ParticipantStatus
from chalicelib.operations.shared.context import Context


@immutable()
class Headcount:
    """Counts over one run."""

    #: How many have arrived, each assignment counted once.
    arrived: int
    #: Places that were opened and are still free.
    pending: int
    #: Working participants who have no seat yet.
    unassigned: int
    working: int
    #: Submitted, and not reviewed yet.
    submitted: int
    #: Dismissed early with pay: overrecruited or screened out.
    dismissed_with_pay: int


def headcount(ctx: Context, changed: Mapping[int, str] | None = None) -> Headcount:
    """Count; `changed`: statuses that this unit of work sets, which the stored list lacks yet."""
    opened = int(ctx.uow.state.get("opened", 0))
    changes = changed or {}
    # Counted before the others are listed: a participant who ends in between is missed, never counted twice.
    finished = ctx.uow.count_finished()
    listed = [
        (changes.get(one["id"], one["status"]), one.get("seated")) for one in ctx.uow.active_participants()
    ]
    statuses = Counter(status for status, _ in listed)
    arrived = len(listed) + finished - statuses[ParticipantStatus.REPLACED]
    return Headcount(
        arrived=arrived,
        pending=max(0, opened - arrived),
        unassigned=sum(1 for status, seated in listed if status == ParticipantStatus.WORKING and not seated),
        working=statuses[ParticipantStatus.WORKING],
        submitted=statuses[ParticipantStatus.SUBMITTED],
        dismissed_with_pay=sum(statuses[status] for status in DISMISSED_WITH_PAY),
    )
