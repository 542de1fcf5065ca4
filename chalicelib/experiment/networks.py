"""Defines the stock networks: how each connects a new node, and when its next place opens.

Except for FullyConnected, which connects a new node with all others, none of them lists its nodes when a
participant joins: what a network needs for that is stored in `structure`, on the network's own record.
"""

from __future__ import annotations

import random

from chalicelib.errors import RuleBroken
from chalicelib.model.network import UNLIMITED, Network
from chalicelib.model.node import Node
from chalicelib.model.participant import Participant

from . import prop

#: How many participants of a DelayedChain start from the source.
DELAY = 10
NOT_ANSWERED = "the newest person hasn't answered yet"


class Empty(Network):
    """A network without connections, except from its sources to every other node."""

    type = "empty"

    def node_joined(self, node: Node) -> None:
        """Store the ids of sources."""
        super().node_joined(node)
        if node.is_source:
            self.remember(sources=[*self.structure.get("sources", []), node.id])

    def node_left(self, node: Node) -> None:
        """Remove a source that failed."""
        if node.is_source:
            self.remember(sources=[i for i in self.structure.get("sources", []) if i != node.id])
        super().node_left(node)

    def add_node(self, node: Node) -> None:
        """Connect the sources to a new node, or a new source to every node that isn't a source."""
        if node.is_source:
            self.add_source(node)
            return
        for source_id in self.structure.get("sources", []):
            self.work.node_with_things(source_id).connect(whom=node)

    def add_source(self, source: Node) -> None:
        """Connect a source to every node that isn't a source."""
        others = [other for other in self.nodes() if not other.is_source]
        if others:
            source.connect(whom=others)


class SplitSampleNetwork(Empty):
    """An Empty network that is drawn into the exploratory or the confirmatory half when it is made."""

    type = "split-sample"
    exploratory = prop.boolean(1)

    def __init__(self, max_size: int = UNLIMITED, role: str | None = None) -> None:
        """Make the network and draw its half at random."""
        super().__init__(max_size, role)
        self.exploratory = random.choice([True, False])


class _Recent(Network):
    """A network that stores its newest living nodes and which of them haven't answered."""

    #: How many nodes before the newest one a new node looks back to.
    @property
    def reach(self) -> int:
        return 1

    @property
    def recent(self) -> list[int]:
        """The ids of the newest living nodes, oldest first."""
        return list(self.recall("recent") or ())

    def node_joined(self, node: Node) -> None:
        """Store the ids of the newest nodes."""
        super().node_joined(node)
        self._remember_recent([*self.recent, node.id], fresh=node)

    def _remember_recent(self, recent: list[int], fresh: Node | None = None) -> None:
        kept = recent[-(self.reach + 1) :]
        waiting = [i for i in self.waiting_for if i in kept]
        if fresh is not None and not fresh.has_answered:
            waiting.append(fresh.id)
        self.remember(recent=kept, waiting=[i for i in waiting if i in kept[-self.reach :]] or None)

    def node_left(self, node: Node) -> None:
        """Go back to the nodes before the failed one."""
        super().node_left(node)
        if node.id in self.recent:
            living = [other for other in self.work.nodes_in(self) if not other.failed]
            recent = [other.id for other in living][-(self.reach + 1) :]
            silent = [other.id for other in living if other.id in recent and not other.has_answered]
            self.remember(recent=recent, waiting=[i for i in silent if i in recent[-self.reach :]] or None)

    def open_for(self, participant: Participant | None) -> bool | str:
        """Wait for the nodes that the next one would be connected from."""
        del participant
        return NOT_ANSWERED if self.waiting_for else True

    @property
    def open_places(self) -> int:
        """One place at a time: the next opens when the newest node has answered."""
        return 1 if self.has_room and self.open_for(None) is True else 0

    def _before(self, node: Node) -> list[Node]:
        """The nodes that are connected to a new one, newest last."""
        older = [i for i in self.recent if i < node.id][-self.reach :]
        return [self.work.node_with_things(i) for i in older]


class Chain(_Recent):
    """A network whose nodes are each connected from the newest living one; a source can only be the first."""

    type = "chain"

    def add_node(self, node: Node) -> None:
        """Connect the newest living node to a new one."""
        before = self._before(node)
        if node.is_source and before:
            raise RuleBroken(f"{self!r} is a chain: a source can only be its first node.")
        for parent in before:
            parent.connect(whom=node)


class DelayedChain(_Recent):
    """A chain after ten participants who all receive from the source, if there is one."""

    type = "delayed_chain"

    def node_joined(self, node: Node) -> None:
        """Store the id of the source too."""
        super().node_joined(node)
        if node.is_source and "source" not in self.structure:
            self.remember(source=node.id)

    def open_for(self, participant: Participant | None) -> bool | str:
        """From the eleventh participant on, wait until the newest node has answered."""
        return True if self.n_participants < DELAY else super().open_for(participant)

    @property
    def open_places(self) -> int:
        """The first ten places at once, then one at a time."""
        if not self.has_room:
            return 0
        if self.n_participants < DELAY:
            return min(DELAY - self.n_participants, self.max_size - self.n_alive)
        return super().open_places

    def add_node(self, node: Node) -> None:
        """Connect the source to each of the first ten, and then the newest node to each later one."""
        if node.is_source:
            if self.n_alive > 1:
                raise RuleBroken(f"{self!r} is a chain: a source can only be its first node.")
        elif self.n_participants <= DELAY:
            if "source" in self.structure:
                self.work.node_with_things(self.structure["source"]).connect(whom=node)
        else:
            for parent in self._before(node):
                parent.connect(whom=node)


class SequentialMicrosociety(_Recent):
    """A network in which each node is connected from the n - 1 newest ones."""

    type = "microsociety"
    n = prop.integer(1)

    def __init__(self, n: int = 2, max_size: int = UNLIMITED, role: str | None = None) -> None:
        """Make a microsociety of n members at a time."""
        super().__init__(max_size, role)
        self.n = int(n)

    @property
    def reach(self) -> int:
        return max(1, (self.n or 2) - 1)

    def add_node(self, node: Node) -> None:
        """Connect the n - 1 newest nodes to a new one."""
        for parent in self._before(node):
            parent.connect(whom=node)


class _Centred(Network):
    """A network that stores its first living node."""

    def node_joined(self, node: Node) -> None:
        """Store the id of the first node."""
        super().node_joined(node)
        if "first" not in self.structure:
            self.remember(first=node.id)

    def node_left(self, node: Node) -> None:
        """If the first node failed, make the oldest living node the first one."""
        super().node_left(node)
        if self.structure.get("first") == node.id:
            living = [other.id for other in self.work.nodes_in(self) if not other.failed]
            self.remember(first=living[0] if living else None)

    def _centre(self, node: Node) -> Node | None:
        first = self.structure.get("first")
        return None if first in (None, node.id) else self.work.node_with_things(first)


class Star(_Centred):
    """A network in which each node is connected both ways with the first, which can't be a source."""

    type = "star"

    def add_node(self, node: Node) -> None:
        """Connect a node both ways with the first one."""
        centre = self._centre(node)
        if centre is None:
            if node.is_source:
                raise RuleBroken(f"{self!r} is a star: its first node can't be a source.")
        else:
            centre.connect(direction="both", whom=node)


class Burst(_Centred):
    """A network in which each node is connected from the first."""

    type = "burst"

    def add_node(self, node: Node) -> None:
        """Connect the first node to a new one."""
        centre = self._centre(node)
        if centre is not None:
            centre.connect(whom=node)


class FullyConnected(Network):
    """A network in which all nodes are connected both ways; sources are connected one way."""

    type = "fully-connected"

    def add_node(self, node: Node) -> None:
        """Connect a new node with all others."""
        for other in self.nodes():
            if other.id == node.id:
                continue
            if other.is_source:
                if not node.is_source:
                    other.connect(whom=node)
            else:
                node.connect(direction="to" if node.is_source else "both", whom=other)


class DiscreteGenerational(Network):
    """A network of generations of a fixed size; parents are drawn from the generation before, by fitness."""

    type = "discrete-generational"
    generations = prop.integer(1)
    generation_size = prop.integer(2)
    initial_source = prop.boolean(3)

    def __init__(
        self, generations: int, generation_size: int, initial_source: bool = False, role: str | None = None
    ) -> None:
        """Make the network; `max_size` follows from the number and size of generations."""
        size = int(generations) * int(generation_size) + (1 if initial_source else 0)
        super().__init__(size, role)
        self.generations = int(generations)
        self.generation_size = int(generation_size)
        self.initial_source = bool(initial_source)

    @property
    def _members(self) -> list[list[int]]:
        """The living nodes of each generation."""
        return [list(ids) for ids in self.structure.get("members", [])]

    def _next_generation(self) -> int:
        """The first generation with a free place, so that a failed node is replaced in its own generation."""
        members = self._members
        return next((g for g, ids in enumerate(members) if len(ids) < self._size), len(members))

    @property
    def _size(self) -> int:
        return self.generation_size or 1

    def node_joined(self, node: Node) -> None:
        """Add a new node to its generation."""
        super().node_joined(node)
        if node.is_source:
            self.remember(sources=[*self.structure.get("sources", []), node.id])
            return
        generation = self._next_generation()
        members = self._members
        if generation == len(members):
            members.append([])
        members[generation].append(node.id)
        waiting = self.waiting_for if node.has_answered else [*self.waiting_for, node.id]
        self.remember(members=members, waiting=waiting or None)

    def node_left(self, node: Node) -> None:
        """Free the node's place in its generation."""
        super().node_left(node)
        if node.is_source:
            self.remember(sources=[i for i in self.structure.get("sources", []) if i != node.id])
        else:
            self.remember(members=[[i for i in ids if i != node.id] for ids in self._members])

    def open_for(self, participant: Participant | None) -> bool | str:
        """Wait until every node of the generation before has answered."""
        del participant
        generation = self._next_generation()
        if generation == 0:
            return True
        silent = set(self.waiting_for) & set(self._members[generation - 1])
        return "the generation before hasn't finished yet" if silent else True

    @property
    def open_places(self) -> int:
        """The free places of the generation that can join now."""
        if not self.has_room or self.open_for(None) is not True:
            return 0
        generation, members = self._next_generation(), self._members
        return self._size - (len(members[generation]) if generation < len(members) else 0)

    @property
    def waiting_for(self) -> list[int]:
        """The ids of the nodes that have to answer before the next generation opens."""
        return list(self.structure.get("waiting", []))

    def add_node(self, node: Node) -> None:
        """Connect a parent to the new node; the parent transmits at once."""
        if node.is_source:
            return
        members = self._members
        generation = next(g for g, ids in enumerate(members) if node.id in ids)
        node.generation = generation  # authors declare it as a typed property
        if generation > 0:
            parent = self._draw(members[generation - 1])
        elif self.initial_source and self.structure.get("sources"):
            parent = self.structure["sources"][0]
        else:
            return
        origin = self.work.node_with_things(parent)
        origin.connect(whom=node)
        origin.transmit(to_whom=node)

    def _draw(self, candidates: list[int]) -> int:
        nodes = self.work.nodes(candidates)
        fitness = [max(0.0, float(getattr(node, "fitness", 0) or 0)) for node in nodes]
        if sum(fitness) == 0:
            return random.choice(candidates)
        return random.choices(candidates, weights=fitness)[0]


class ScaleFree(Network):
    """A network that grows by preferential attachment: m0 founders, then m connections for each new node.

    A new node is connected with m different nodes, drawn in proportion to their degree. See Barabasi and
    Albert (1999), Emergence of scaling in random networks, Science 286.
    """

    type = "scale-free"
    m0 = prop.integer(1)
    m = prop.integer(2)

    def __init__(self, m0: int, m: int, max_size: int = UNLIMITED, role: str | None = None) -> None:
        """Make the network: m0 founders, m connections for each later node."""
        super().__init__(max_size, role)
        self.m0 = int(m0)
        self.m = int(m)

    @property
    def _degrees(self) -> dict[int, int]:
        return {int(node_id): degree for node_id, degree in self.structure.get("degrees", {}).items()}

    def _remember_degrees(self, degrees: dict[int, int]) -> None:
        self.remember(degrees={str(node_id): degree for node_id, degree in degrees.items()})

    def node_left(self, node: Node) -> None:
        """Lower the degree of the failed node's neighbors."""
        super().node_left(node)
        degrees = self._degrees
        degrees.pop(node.id, None)
        for vector in self.work.vectors_at(node):
            if vector.origin_id == node.id and vector.destination_id in degrees:
                degrees[vector.destination_id] -= 1
        self._remember_degrees(degrees)

    def add_node(self, node: Node) -> None:
        """Connect a node both ways with the founders, or with m nodes drawn by degree."""
        degrees = self._degrees
        chosen = list(degrees) if len(degrees) < (self.m0 or 1) else draw_distinct(degrees, self.m or 1)
        node.connect(direction="both", whom=list(self.work.nodes(chosen)))
        for other_id in chosen:
            degrees[other_id] += 1
        degrees[node.id] = len(chosen)
        self._remember_degrees(degrees)


def draw_distinct(weights: dict[int, int], count: int) -> list[int]:
    """Draw `count` different keys, each in proportion to the remaining weights."""
    left = dict(weights)
    drawn: list[int] = []
    while left and len(drawn) < count:
        candidates = list(left)
        total = sum(left.values())
        key = (
            random.choices(candidates, weights=list(left.values()))[0] if total else random.choice(candidates)
        )
        drawn.append(key)
        del left[key]
    return drawn


#: The stock networks by the name that `petri verify` and the documents use.
STOCK: dict[str, type[Network]] = {
    cls.__name__: cls
    for cls in (
        Empty,
        Chain,
        DelayedChain,
        Star,
        Burst,
        FullyConnected,
        DiscreteGenerational,
        ScaleFree,
        SequentialMicrosociety,
        SplitSampleNetwork,
    )
}
