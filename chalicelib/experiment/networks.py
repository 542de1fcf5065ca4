"""The stock networks: how each connects a new node, and when its next place opens.

None of them lists its nodes when somebody joins, FullyConnected apart, which connects to them all:
what they need is remembered in `structure`, on the network's own record.
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
    """Connects nobody to anybody, except sources to everybody."""

    type = "empty"

    def node_joined(self, node: Node) -> None:
        """Remember the sources."""
        super().node_joined(node)
        if node.is_source:
            self.remember(sources=[*self.structure.get("sources", []), node.id])

    def node_left(self, node: Node) -> None:
        """Forget a source that failed."""
        if node.is_source:
            self.remember(sources=[i for i in self.structure.get("sources", []) if i != node.id])
        super().node_left(node)

    def add_node(self, node: Node) -> None:
        """Connect a node from the sources; a source to every node that isn't one."""
        if node.is_source:
            self.add_source(node)
            return
        for source_id in self.structure.get("sources", []):
            self.work.node_with_things(source_id).connect(whom=node)

    def add_source(self, source: Node) -> None:
        """Connect a source to every node that isn't one."""
        others = [other for other in self.nodes() if not other.is_source]
        if others:
            source.connect(whom=others)


class SplitSampleNetwork(Empty):
    """Like Empty; a fair draw at its creation puts it into the exploratory or the other half."""

    type = "split-sample"
    exploratory = prop.boolean(1)

    def __init__(self, max_size: int = UNLIMITED, role: str | None = None) -> None:
        """Make the network and draw its half."""
        super().__init__(max_size, role)
        self.exploratory = random.choice([True, False])


class _Recent(Network):
    """Remembers its newest living nodes and which of them have not answered."""

    #: How many nodes before the newest one a new node looks back to.
    @property
    def reach(self) -> int:
        return 1

    @property
    def recent(self) -> list[int]:
        """Ids of the newest living nodes, oldest of them first."""
        return list(self.recall("recent") or ())

    def node_joined(self, node: Node) -> None:
        """Remember the newest nodes."""
        super().node_joined(node)
        self._remember_recent([*self.recent, node.id], fresh=node)

    def _remember_recent(self, recent: list[int], fresh: Node | None = None) -> None:
        kept = recent[-(self.reach + 1) :]
        waiting = [i for i in self.waiting_for if i in kept]
        if fresh is not None and not fresh.has_answered:
            waiting.append(fresh.id)
        self.remember(recent=kept, waiting=[i for i in waiting if i in kept[-self.reach :]] or None)

    def node_left(self, node: Node) -> None:
        """Step back to the last good nodes."""
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
        """One at a time: the next opens when this one has answered."""
        return 1 if self.has_room and self.open_for(None) is True else 0

    def _before(self, node: Node) -> list[Node]:
        """The nodes that a new one is connected from, newest last."""
        older = [i for i in self.recent if i < node.id][-self.reach :]
        return [self.work.node_with_things(i) for i in older]


class Chain(_Recent):
    """Each node is connected from the newest living one; a source may only be the first."""

    type = "chain"

    def add_node(self, node: Node) -> None:
        """Connect a node from the newest living one."""
        before = self._before(node)
        if node.is_source and before:
            raise RuleBroken(f"{self!r} is a chain: a source can only be its first node.")
        for parent in before:
            parent.connect(whom=node)


class DelayedChain(_Recent):
    """The first ten participants start from the source, if there is one; then a chain."""

    type = "delayed_chain"

    def node_joined(self, node: Node) -> None:
        """Remember the source too."""
        super().node_joined(node)
        if node.is_source and "source" not in self.structure:
            self.remember(source=node.id)

    def open_for(self, participant: Participant | None) -> bool | str:
        """Wait for the newest answer from the eleventh participant on."""
        return True if self.n_participants < DELAY else super().open_for(participant)

    @property
    def open_places(self) -> int:
        """The first ten at once, then one at a time."""
        if not self.has_room:
            return 0
        if self.n_participants < DELAY:
            return min(DELAY - self.n_participants, self.max_size - self.n_alive)
        return super().open_places

    def add_node(self, node: Node) -> None:
        """Connect one of the first ten from the source, a later one from the newest node."""
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
    """Each node is connected from the n - 1 newest ones."""

    type = "microsociety"
    n = prop.integer(1)

    def __init__(self, n: int = 2, max_size: int = UNLIMITED, role: str | None = None) -> None:
        """Make a microsociety in which n people are alive, so to speak, at a time."""
        super().__init__(max_size, role)
        self.n = int(n)

    @property
    def reach(self) -> int:
        return max(1, (self.n or 2) - 1)

    def add_node(self, node: Node) -> None:
        """Connect a node from its n - 1 predecessors."""
        for parent in self._before(node):
            parent.connect(whom=node)


class _Centred(Network):
    """Remembers its first living node."""

    def node_joined(self, node: Node) -> None:
        """Remember the first node."""
        super().node_joined(node)
        if "first" not in self.structure:
            self.remember(first=node.id)

    def node_left(self, node: Node) -> None:
        """Make the oldest living node the first one."""
        super().node_left(node)
        if self.structure.get("first") == node.id:
            living = [other.id for other in self.work.nodes_in(self) if not other.failed]
            self.remember(first=living[0] if living else None)

    def _centre(self, node: Node) -> Node | None:
        first = self.structure.get("first")
        return None if first in (None, node.id) else self.work.node_with_things(first)


class Star(_Centred):
    """Each node is connected both ways with the first, which can't be a source."""

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
    """Each node is connected from the first."""

    type = "burst"

    def add_node(self, node: Node) -> None:
        """Connect a node from the first one."""
        centre = self._centre(node)
        if centre is not None:
            centre.connect(whom=node)


class FullyConnected(Network):
    """Every node is connected both ways with every other; sources one way."""

    type = "fully-connected"

    def add_node(self, node: Node) -> None:
        """Connect a node with everybody."""
        for other in self.nodes():
            if other.id == node.id:
                continue
            if other.is_source:
                if not node.is_source:
                    other.connect(whom=node)
            else:
                node.connect(direction="to" if node.is_source else "both", whom=other)


class DiscreteGenerational(Network):
    """Generations of a fixed size; each parent is drawn from the generation before, by fitness."""

    type = "discrete-generational"
    generations = prop.integer(1)
    generation_size = prop.integer(2)
    initial_source = prop.boolean(3)

    def __init__(
        self, generations: int, generation_size: int, initial_source: bool = False, role: str | None = None
    ) -> None:
        """Make the network; its max_size follows from the numbers."""
        size = int(generations) * int(generation_size) + (1 if initial_source else 0)
        super().__init__(size, role)
        self.generations = int(generations)
        self.generation_size = int(generation_size)
        self.initial_source = bool(initial_source)

    @property
    def _members(self) -> list[list[int]]:
        """Living nodes by generation."""
        return [list(ids) for ids in self.structure.get("members", [])]

    def _next_generation(self) -> int:
        """The lowest generation with a place, so that those who left are replaced in theirs."""
        members = self._members
        return next((g for g, ids in enumerate(members) if len(ids) < self._size), len(members))

    @property
    def _size(self) -> int:
        return self.generation_size or 1

    def node_joined(self, node: Node) -> None:
        """Put a node into its generation."""
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
        """What is left of the generation that may join now."""
        if not self.has_room or self.open_for(None) is not True:
            return 0
        generation, members = self._next_generation(), self._members
        return self._size - (len(members[generation]) if generation < len(members) else 0)

    @property
    def waiting_for(self) -> list[int]:
        """Nodes whose answers may open a generation."""
        return list(self.structure.get("waiting", []))

    def add_node(self, node: Node) -> None:
        """Connect a node from its parent, which transmits at once."""
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
    """The first m0 nodes know each other; later ones meet m nodes drawn by their number of friends.

    Preferential attachment as in Barabasi and Albert (1999), Emergence of scaling in random networks,
    Science 286, with distinct targets.
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
        """Its friends have one friend less."""
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
    """Draw `count` different keys, each draw in proportion to the weights that are left."""
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


#: Networks by the name that documents use; for `petri verify` and the docs.
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
