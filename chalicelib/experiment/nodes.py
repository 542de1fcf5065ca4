"""The stock kinds of node: agents with fitness, sources that make information."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any, ClassVar

from chalicelib.errors import RuleBroken
from chalicelib.model.info import Info
from chalicelib.model.network import Network
from chalicelib.model.node import Node

from . import prop
from .infos import State

InfoClass = type[Info]


class Agent(Node):
    """A node with a fitness, a number kept in property1."""

    type = "agent"
    fitness = prop.number(1)


class ReplicatorAgent(Agent):
    """An agent that copies whatever it receives."""

    type = "replicator_agent"

    def update(self, infos: list[Info]) -> None:
        """Replicate each info received."""
        for info in infos:
            self.replicate(info)


class Source(Node):
    """A node that makes information and receives none."""

    type = "generic_source"
    is_source: ClassVar[bool] = True

    def __init__(self, network: Network, participant: None = None) -> None:
        """Make a source in a network; `network.add_node(source)` connects it where that is needed."""
        del participant
        super().__init__(network=network)

    def _what(self) -> Any:
        """Send a new info, made for the occasion."""
        return self.create_information()

    def create_information(self) -> Info:
        """Make an info of `_info_type()` with `_contents()`, and return it."""
        return self._info_type()(origin=self, contents=self._contents())

    def _info_type(self) -> InfoClass:
        """The class of what it makes."""
        return Info

    def _contents(self) -> str:
        """Override: the contents of what it makes."""
        raise RuleBroken(f"{type(self).__name__} makes no information: give the class a _contents().")


class RandomBinaryStringSource(Source):
    """Makes random texts of 0 and 1, two characters long."""

    type = "random_binary_string_source"
    length: ClassVar[int] = 2

    def _contents(self) -> str:
        return "".join(random.choice("01") for _ in range(self.length))


class Environment(Source):
    """A source whose infos are states of the world."""

    type = "environment"

    def _info_type(self) -> InfoClass:
        return State

    def state(self, time: datetime | None = None) -> State | None:
        """Return the newest State, or the newest made before a moment; None if there is none."""
        states = [s for s in self.infos(type=State) if time is None or s.creation_time < time]
        return states[-1] if states else None  # type: ignore[return-value]  # filtered by class

    def update(self, contents: Any) -> None:
        """Make a new State with these contents."""
        State(origin=self, contents=contents)

    def _what(self) -> Any:
        """Send the newest state."""
        newest = self.state()
        return newest if newest is not None else self.create_information()


__all__ = ["Agent", "Environment", "Node", "RandomBinaryStringSource", "ReplicatorAgent", "Source"]
