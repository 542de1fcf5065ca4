"""Defines PeerInstruction: vote, discuss with people of another opinion, vote again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.study.items.markup import marked

from .element import Element, Only, When, as_elements, check_name
from .flow import Container
from .interaction import Group
from .live import Chat
from .page_elements import Form

MINUTE = 60


@dataclass(frozen=True)
class Peers(Group):
    """Put participants into small groups so that no one is left over; `size` is the smallest group.

    A participant for whom no one comes goes on alone. With `item`, members have different answers to it where
    possible.
    """

    item: str = ""


@dataclass(frozen=True)
class Discussion(Chat):
    """A chat about an item, below each member's answer to it; a participant without a group skips it."""

    item: str = ""


@dataclass(frozen=True)
class PeerInstruction(Container):
    """Ask an item, let participants with different answers discuss it in pairs, and ask it again.

    Both answers are stored, as two attempts. With an odd number of participants, one group has three members;
    those who all have the same answer discuss it too; a participant for whom no one comes goes on alone. The
    pair is the participant's group from then on.

    Args:
        item: The item.
        seconds: How long the discussion takes.
        wait_seconds: For how long a participant waits for others to discuss with.
        vote_seconds: The time limit of each vote.
        on_timeout: The answer that is stored when the time of a vote is up, by item, as on a Page.
        can_leave: Whether a participant may end the discussion before its time is up.
        name: The name in paths; by default the item.
        show_if: Take it if this holds.
        only: Take it in these conditions only.
        do: The elements that it consists of; it makes them itself.

    """

    item: str
    seconds: float = 120
    wait_seconds: float = 60
    vote_seconds: float | None = None
    on_timeout: Mapping[str, Any] = field(default_factory=dict)
    can_leave: bool = False
    name: str = ""
    show_if: When = None
    only: Only = None
    do: Sequence[Element] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "do", as_elements(self.do or self._elements(), "PeerInstruction"))

    def _elements(self) -> list[Element]:
        item = str(self.item)
        vote = Form(f"{item}_vote", ask=item, seconds=self.vote_seconds, on_timeout=self.on_timeout)
        return [
            vote,
            Peers(2, name="peers", item=item, wait_minutes=self.wait_seconds / MINUTE),
            Discussion(name=f"{item}_discussion", item=item, seconds=self.seconds, can_leave=self.can_leave),
            replace(vote, name=f"{item}_revote", text=marked("Please answer once more.")),
        ]

    @property
    def label(self) -> str:
        return self.name or self.item

    def sequences(self) -> Mapping[str, tuple[Element, ...]]:
        return {"": tuple(self.do)}

    def problems(self) -> list[str]:
        problems = check_name(self.label, "A PeerInstruction")
        if self.wait_seconds <= 0:
            what = f"PeerInstruction({self.item!r})"
            problems.append(f"{what} has wait_seconds={self.wait_seconds!r}; give a number above 0.")
        return problems
