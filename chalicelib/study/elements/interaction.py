"""Defines the elements of interaction: Group, Cohort, Wait and Join."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .element import Element, Only, When, check_name

#: How many members a group has at least and at most.
#: Forming and releasing a group changes one item for each member in one commit, and DynamoDB takes 100.
MIN_SIZE, MAX_SIZE = 2, 90
STRANGERS, PARTNERS = "strangers", "partners"
COHORT_MATCHES = ("arrival", "condition")
MATCHES = (*COHORT_MATCHES, STRANGERS, PARTNERS)
#: What happens when a member of a group disconnects.
AUTOPLAY, WAIT, GO_ON, BOT, END = "autoplay", "wait", "go_on", "bot", "end"
DROPOUT_POLICIES = (AUTOPLAY, WAIT, GO_ON, BOT, END)


@dataclass(frozen=True)
class Gathering(Element):
    """An element at which participants wait until enough have come: a Group or a Cohort.

    Its fields are described by Group and Cohort.
    """

    size: int
    wait_minutes: float = 10
    match: str | Callable[..., Any] = "arrival"
    show_if: When = None
    only: Only = None
    name: str = "group"

    def problems(self) -> list[str]:
        what = f"{type(self).__name__} {self.name!r}"
        problems = check_name(self.name, what)
        if not MIN_SIZE <= self.size <= MAX_SIZE:
            problems.append(f"{what} has {self.size} members; give a number from 2 to 90.")
        if self.wait_minutes <= 0:
            problems.append(f"{what} has wait_minutes={self.wait_minutes}; give a number above 0.")
        return problems


@dataclass(frozen=True)
class Group(Gathering):
    """Put participants who reach this element together into groups.

    Args:
        size: The number of members.
        wait_minutes: For how long a participant waits for a group; then they are released, with pay.
        match: `arrival`; `condition` (members share the condition); `strangers` (never twice with the same
            person; it needs a Cohort before it); `partners` (the same group again); or a function that gets
            the study and the waiting players and returns groups of them.
        show_if: Join a group if this holds.
        only: Join a group in these conditions only.
        name: The name in paths.
        minimum: The smallest group that starts when `wait_minutes` are over; 0: only full groups start.
        roles: The roles of the members, in the order of their places.
        rotate: Whether the roles move on by one place each time the same people are grouped again.
        shuffle: Whether roles are drawn at random instead of following the order of arrival.
        then: A method of the study, called with each new group.
        dropout_policy: What happens when a member disconnects: `autoplay` (their defaults are used), `wait`
            (they may come back), `go_on` (the others go on without them), `bot` (a bot plays for a member who
            has agreed to it, the others of any other member go on), or `end` (the group ends: all go on
            behind the last element that they share). The study's `dropout_policy` by default.
        patience_seconds: With `wait`: for how long the group's time limits stand still for a member who has
            disconnected; then the others go on without them. None: time limits run, and the member can come
            back at any time.

    """

    minimum: int = 0
    roles: Sequence[str] = ()
    rotate: bool = False
    shuffle: bool = False
    then: str | None = None
    dropout_policy: str = ""
    patience_seconds: float | None = None

    @property
    def repeats_members(self) -> bool:
        """Whether it is settled beforehand who is grouped with whom: by a schedule or by an earlier group."""
        return self.match in (STRANGERS, PARTNERS)

    def problems(self) -> list[str]:
        what = f"Group {self.name!r}"
        problems = super().problems()
        if self.minimum and not MIN_SIZE <= self.minimum <= self.size:
            problems.append(f"{what} has minimum={self.minimum}; give a number from 2 to {self.size}.")
        if isinstance(self.roles, str):
            problems.append(
                f"{what} has roles={self.roles!r}; give a list, such as roles=[{self.roles!r}, ...]."
            )
        elif self.roles and len(self.roles) != self.size:
            problems.append(_wrong_roles(what, self.size, self.roles))
        if isinstance(self.match, str) and self.match not in MATCHES:
            problems.append(
                f"{what} has match={self.match!r}; use one of {', '.join(MATCHES)}, or a function."
            )
        return problems + self._dropout_problems(what)

    def _dropout_problems(self, what: str) -> list[str]:
        problems = []
        if self.dropout_policy and self.dropout_policy not in DROPOUT_POLICIES:
            policies = ", ".join(DROPOUT_POLICIES)
            problems.append(f"{what} has dropout_policy={self.dropout_policy!r}; use one of {policies}.")
        if self.patience_seconds is not None and self.patience_seconds < 0:
            problems.append(f"{what} has patience_seconds={self.patience_seconds}; give 0 or more.")
        return problems


def _wrong_roles(what: str, size: int, roles: Sequence[str]) -> str:
    """Return the problem of a group whose roles don't fit its size, with both ways to solve it."""
    listed = f"{what} has {size} members, but {len(roles)} roles ({', '.join(roles)})"
    if len(roles) > size:
        return f"{listed}; give it the size {len(roles)}, or remove {len(roles) - size} of the roles."
    example = [*roles, *[roles[-1]] * (size - len(roles))]
    return (
        f"{listed}; list a role for each member, where several members can have the same one: "
        f"roles=[{', '.join(map(repr, example))}]."
    )


@dataclass(frozen=True)
class Cohort(Gathering):
    """Put participants together whose groups are formed among themselves from here on.

    When the cohort is complete, the schedule of all its groups with `match="strangers"` is drawn, so that no
    two members are ever grouped twice. `Rounds(..., chance=...)` are drawn once for the whole cohort.

    Args:
        size: The number of members; a multiple of the size of the groups that follow.
        wait_minutes: For how long a participant waits for the cohort; then they are released, with pay.
        match: `arrival`, or `condition` (members share the condition).
        show_if: Join a cohort if this holds.
        only: Join a cohort in these conditions only.
        name: The name in paths.

    """

    name: str = "cohort"

    def problems(self) -> list[str]:
        problems = super().problems()
        if self.match not in COHORT_MATCHES:
            problems.append(
                f"Cohort {self.name!r} has match={self.match!r}; use one of {', '.join(COHORT_MATCHES)}."
            )
        return problems


@dataclass(frozen=True)
class Wait(Element):
    """Wait until all living members of the group have arrived.

    With `on` and `script`, those who wait go on exchanging messages with the study and with the members who
    haven't arrived yet, as on the page of a Live.

    Args:
        then: A method of the study, called once with the group, in the commit that lets the members go on.
        name: The name in paths.
        text: What the page says meanwhile.
        page: A file of `pages/` that is shown above the text; nothing is asked on it.
        on: The method of the study that handles a message of the page's script, as of a Live.
        snapshot: The method that returns what the page begins with, as of a Live.
        script: A script in `static/` for this page.

    """

    then: str | None = None
    name: str = "wait"
    text: str = ""
    page: str | None = None
    on: str | None = None
    snapshot: str | None = None
    script: str | None = None

    def problems(self) -> list[str]:
        problems = check_name(self.name, "Wait")
        given = next((field for field in ("on", "snapshot") if getattr(self, field) is not None), None)
        if given is not None and self.script is None:
            problems.append(
                f"Wait({self.name!r}) has {given}={getattr(self, given)!r}, but no script that uses it; give "
                f'script="{self.name}.js".'
            )
        return problems


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
