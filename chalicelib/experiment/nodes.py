"""Defines the stock nodes: agents with a fitness, and sources that make infos."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from chalicelib.errors import RuleBroken
from chalicelib.model.info import Info
from chalicelib.model.network import Network
from chalicelib.model.node import Node
from chalicelib.model.transformation import Mutation

from . import prop
from .infos import Gene, State

InfoClass = type[Info]


class Agent(Node):
    """A node with a `fitness`, a number that is stored in property1."""

    type = "agent"
    fitness = prop.number(1)


class ReplicatorAgent(Agent):
    """An agent that replicates each info that it receives."""

    type = "replicator_agent"

    def update(self, infos: list[Info]) -> None:
        """Replicate each info received."""
        for info in infos:
            self.replicate(info)


class GeneticAgent(Agent):
    """An agent that inherits its parent's gene, and passes on that gene and nothing that it has learned."""

    type = "genetic_agent"

    @property
    def gene(self) -> Gene | None:
        """The agent's own gene; None before `inherit`."""
        genes = self.infos(type=Gene)
        return genes[0] if genes else None  # type: ignore[return-value]  # filtered by class

    def inherit(self, alleles: Sequence[str], mutation_rate: float = 0.0) -> str:
        """Receive what the parent has sent, and make the agent's gene: a copy of the parent's, or a mutant.

        Args:
            alleles: What a gene can be. A founder, whom no agent has sent a gene, has the first.
            mutation_rate: How likely the gene becomes another of the alleles.

        Returns:
            The contents of the gene.

        """
        self.receive()
        received = [sent.info for sent in self.transmissions(direction="incoming", status="received")]
        inherited = next((info for info in received if isinstance(info, Gene)), None)
        if inherited is None:
            return str(Gene(origin=self, contents=alleles[0]).contents)
        if random.random() >= mutation_rate:
            return str(self.replicate(inherited).contents)
        others = [allele for allele in alleles if allele != inherited.contents]
        mutant = inherited.copied_to(self, random.choice(others))
        Mutation(info_in=inherited, info_out=mutant)
        return str(mutant.contents)

    def _what(self) -> Any:
        """Return what the agent passes on: its gene."""
        return self.gene


class Source(Node):
    """A node that makes infos and receives none."""

    type = "generic_source"
    is_source: ClassVar[bool] = True

    def __init__(self, network: Network, participant: None = None) -> None:
        """Make a source in a network; call `network.add_node(source)` to connect it.

        Args:
            network: The network that the source belongs to.
            participant: Not used: a source has no participant.

        Raises:
            RuleBroken: The network has failed.

        """
        del participant
        super().__init__(network=network)

    def _what(self) -> Any:
        """Make a new info, which is what a source sends by default."""
        return self.create_information()

    def create_information(self) -> Info:
        """Make an info of `_info_type()` with `_contents()`.

        Returns:
            The new info.

        Raises:
            RuleBroken: The source has failed, or its class doesn't define `_contents()`.

        """
        return self._info_type()(origin=self, contents=self._contents())

    def _info_type(self) -> InfoClass:
        """Return the class of the infos that this source makes."""
        return Info

    def _contents(self) -> str:
        """Override to return the contents of the next info."""
        raise RuleBroken(f"{type(self).__name__} can't make infos: define _contents() in the class.")


class RandomBinaryStringSource(Source):
    """A source that makes texts of random zeros and ones, two characters long."""

    type = "random_binary_string_source"
    length: ClassVar[int] = 2

    def _contents(self) -> str:
        return "".join(random.choice("01") for _ in range(self.length))


class Environment(Source):
    """A source whose infos are the states of something that changes."""

    type = "environment"

    def _info_type(self) -> InfoClass:
        return State

    def state(self, time: datetime | None = None) -> State | None:
        """Return the newest state.

        Args:
            time: Only states that were made before this time count.

        Returns:
            The state, or None when there is none.

        """
        states = [s for s in self.infos(type=State) if time is None or s.creation_time < time]
        return states[-1] if states else None  # type: ignore[return-value]  # filtered by class

    def update(self, contents: Any) -> None:
        """Make a new state.

        Args:
            contents: The contents of the state.

        """
        State(origin=self, contents=contents)

    def _what(self) -> Any:
        """Return the newest state, which is what an environment sends by default."""
        newest = self.state()
        return newest if newest is not None else self.create_information()


__all__ = [
    "Agent",
    "Environment",
    "GeneticAgent",
    "Node",
    "RandomBinaryStringSource",
    "ReplicatorAgent",
    "Source",
]
