"""How a run stands at this moment: how many have arrived, wait, take part, and have finished."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.operations import rooms
from chalicelib.operations.unit import Unit

#: Statuses of participants whose answers have arrived.
FINISHED = frozenset({"submitted", "approved", "rejected", "bad_data", "did_not_attend"})


@dataclass(frozen=True)
class Standing:
    """Counts over a run."""

    arrived: int = 0
    waiting: int = 0
    playing: int = 0
    finished: int = 0
    #: returned, abandoned, screened out, one too many ...
    left: int = 0
    networks: int = 0
    networks_full: int = 0

    def __str__(self) -> str:
        left = f", {self.left} left" if self.left else ""
        return (
            f"{self.arrived} arrived, {self.waiting} waiting, {self.playing} playing, "
            f"{self.finished} finished{left}"
        )


def read_standing(unit: Unit) -> Standing:
    """Count a run's participants and networks."""
    statuses = unit.work.statuses()
    arrived = sum(statuses.values())
    working = statuses.get("working", 0)
    finished = sum(count for status, count in statuses.items() if status in FINISHED)
    waiting = len(rooms.unseated(rooms.lobby(unit), rooms.rooms(unit))) if rooms.has_waiting_room(unit) else 0
    networks = [network for network in unit.work.networks() if not network.failed]
    return Standing(
        arrived=arrived,
        waiting=min(waiting, working),
        playing=max(0, working - waiting),
        finished=finished,
        left=arrived - working - finished,
        networks=len(networks),
        networks_full=sum(bool(network.full) for network in networks),
    )


def entries_left(unit: Unit, assignment_ids: list[str]) -> list[str]:
    """Return those of some assignments with which nobody has begun."""
    return [one for one in assignment_ids if unit.work.item((f"assignment#{one}", "#")) is None]
