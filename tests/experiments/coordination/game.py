"""The minimum-effort game: what a round pays, and the state of a group between rounds.

After Van Huyck, J. B., Battalio, R. C., & Beil, R. O. (1990). Tacit coordination games, strategic
uncertainty, and coordination failure. American Economic Review, 80(1), 234-248.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EFFORTS = range(1, 8)
#: Points for the lowest effort in the group, for each unit of it; points that one's own effort costs; a base.
GAIN, COST, BASE = 20, 10, 60

State = dict[str, Any]


def points(effort: int, lowest: int) -> int:
    """Return the points for choosing `effort` in a group whose lowest effort was `lowest`."""
    return GAIN * lowest - COST * effort + BASE


def new_state(people: list[int]) -> State:
    """A group before its first round; people are participants' ids."""
    return {"people": people, "away": [], "round": 0, "turn": 0, "efforts": {}, "history": [], "over": False}


def missing(state: Mapping[str, Any]) -> set[int]:
    """Players who still have to choose in this round, connected or not."""
    return set(state["people"]) - {int(one) for one in state["efforts"]}


def closed_round(state: Mapping[str, Any]) -> State:
    """Return the state after a round; players who have not chosen get the lowest effort."""
    silent = sorted(missing(state))
    efforts = {**state["efforts"], **{str(one): EFFORTS[0] for one in silent}}
    lowest = min(efforts.values())
    result = {"round": state["round"], "efforts": efforts, "lowest": lowest, "silent": silent}
    return {**state, "efforts": {}, "history": [*state["history"], result]}


def earned(history: list[Mapping[str, Any]], person: int) -> int:
    """All points of one person."""
    return sum(earned_in(result, person) for result in history)


def earned_in(result: Mapping[str, Any], person: int) -> int:
    """The points of one person in one round; one in which they were silent, or not there, pays nothing."""
    effort = result["efforts"].get(str(person))
    return 0 if effort is None or person in result["silent"] else points(effort, result["lowest"])
