"""Defines the elements of interaction: Group, Wait and Join."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .element import Element, Only, When, check_name

#: How many members a group has at least and at most.
#: Forming and releasing a group changes one item for each member in one commit, and DynamoDB takes 100.
MIN_SIZE, MAX_SIZE = 2, 90
MATCHES = ("arrival", "condition", "strangers", "partners")


@dataclass(frozen=True)
class Group(Element):
    """Put participants who reach this element together into groups.

    Args:
        size: The number of members.
        minimum: The smallest group that starts when `wait_minutes` are over; 0: only full groups start.
        wait_minutes: For how long a participant waits for a group; then they are released, with pay.
        roles: The roles of the members, in the order of their places.
        rotate: Whether the roles move on by one place each time the same people are grouped again.
        shuffle: Whether roles are drawn at random instead of following the order of arrival.
        match: `arrival`; `condition` (members share the condition); `strangers` (never with a former member
            again); `partners` (the same people again); or a function that gets the study and the waiting
            players and returns groups of them.
        then: A method of the study, called with each new group.
        show_if: Join a group if this holds.
        only: Join a group in these conditions only.
        name: The name in paths.

    """

    size: int
    minimum: int = 0
    wait_minutes: float = 10
    roles: Sequence[str] = ()
    rotate: bool = False
    shuffle: bool = False
    match: str | Callable[..., Any] = "arrival"
    then: str | None = None
    show_if: When = None
    only: Only = None
    name: str = "group"

    def problems(self) -> list[str]:
        what = f"Group {self.name!r}"
        problems = check_name(self.name, what)
        if not MIN_SIZE <= self.size <= MAX_SIZE:
            problems.append(f"{what} has {self.size} members; give a number from 2 to 90.")
        if self.minimum and not MIN_SIZE <= self.minimum <= self.size:
            problems.append(f"{what} has minimum={self.minimum}; give a number from 2 to {self.size}.")
        if self.roles and len(self.roles) != self.size:
            problems.append(
                f"{what} has {self.size} members and {len(self.roles)} roles; list one for each member."
            )
        if self.wait_minutes <= 0:
            problems.append(f"{what} has wait_minutes={self.wait_minutes}; give a number above 0.")
        if isinstance(self.match, str) and self.match not in MATCHES:
            problems.append(
                f"{what} has match={self.match!r}; use one of {', '.join(MATCHES)}, or a function."
            )
        return problems


@dataclass(frozen=True)
class Wait(Element):
    """Wait until all living members of the group have arrived.

    Args:
        then: A method of the study, called once with the group, in the commit that lets the members go on.
        name: The name in paths.
        text: What the page says meanwhile.

    """

    then: str | None = None
    name: str = "wait"
    text: str = ""

    def problems(self) -> list[str]:
        return check_name(self.name, "Wait")


@dataclass(frozen=True)
class Join(Element):
    """Take a place in one of the study's networks; what the node receives is then `received`.

    Args:
        name: The name in paths.
        show_if: Take a place if this holds.
        only: Take a place in these conditions only.
        text: What the page says while every network waits for another participant's answer.

    """

    name: str = "join"
    show_if: When = None
    only: Only = None
    text: str = ""

    def problems(self) -> list[str]:
        return check_name(self.name, "Join")
