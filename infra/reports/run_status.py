"""Counts a run's participants: arrived, waiting, taking part and finished."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.model import keys
from chalicelib.model.statuses import SUBMISSION_RECEIVED, ParticipantStatus
from chalicelib.operations.realtime import waiting_rooms
from chalicelib.operations.shared.context import Context


@dataclass(frozen=True)
class RunStatus:
    """The current counts of a run."""

    arrived: int = 0
    waiting: int = 0
    playing: int = 0
    finished: int = 0
    #: returned, abandoned, screened out, overrecruited ...
    left: int = 0
    networks: int = 0
    networks_full: int = 0

    def __str__(self) -> str:
        left = f", {self.left} left" if self.left else ""
        return (
            f"{self.arrived} arrived, {self.waiting} waiting, {self.playing} playing, "
            f"{self.finished} finished{left}"
        )


def read_run_status(ctx: Context) -> RunStatus:
    """Count a run's participants and networks."""
    statuses = ctx.uow.statuses()
    arrived = sum(statuses.values())
    working = statuses.get(ParticipantStatus.WORKING, 0)
    finished = sum(count for status, count in statuses.items() if status in SUBMISSION_RECEIVED)
    waiting = (
        len(waiting_rooms.unseated(waiting_rooms.waiting_entries(ctx), waiting_rooms.opened_rooms(ctx)))
        if waiting_rooms.has_waiting_room(ctx)
        else 0
    )
    networks = [network for network in ctx.uow.networks() if not network.failed]
    return RunStatus(
        arrived=arrived,
        waiting=min(waiting, working),
        playing=max(0, working - waiting),
        finished=finished,
        left=arrived - working - finished,
        networks=len(networks),
        networks_full=sum(bool(network.full) for network in networks),
    )


def entries_left(ctx: Context, assignment_ids: list[str]) -> list[str]:
    """Return the assignments with which no participant has begun."""
    return [one for one in assignment_ids if ctx.uow.item(keys.assignment(one)) is None]
