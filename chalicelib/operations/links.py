"""Neighbours and vectors: who is connected to whom."""

from __future__ import annotations

from typing import Any

from chalicelib.model.errors import BadRequest, Forbidden, RuleBroken
from chalicelib.model.node import CONNECTIONS, VECTOR_DIRECTIONS, Node
from chalicelib.model.record import Failed
from chalicelib.model.vector import Vector

from .access import other_node, own_node, seed_reading, working
from .fields import known_class
from .once import made_before, remember
from .unit import Unit


def list_neighbors(unit: Unit, node_id: int, node_type: str | None, connection: str) -> dict[str, Any]:
    """Return the living neighbours of a node."""
    if connection not in CONNECTIONS:
        raise BadRequest(f"connection must be one of {', '.join(CONNECTIONS)}, not {connection!r}.")
    node = own_node(unit, node_id)
    seed_reading(unit, node, "list_neighbors")
    nodes = node.neighbors(type=known_class(unit, node_type, Node), direction=connection)
    unit.experiment.node_get_request(node=node, nodes=nodes)
    return {"nodes": [other.as_json() for other in nodes]}


def list_vectors(unit: Unit, node_id: int, direction: str, failed: Failed) -> dict[str, Any]:
    """Return the vectors at a node."""
    if direction not in VECTOR_DIRECTIONS:
        raise BadRequest(f"direction must be one of {', '.join(VECTOR_DIRECTIONS)}, not {direction!r}.")
    node = own_node(unit, node_id)
    seed_reading(unit, node, "list_vectors")
    vectors = node.vectors(direction=direction, failed=failed)
    unit.experiment.vector_get_request(node, vectors)
    return {"vectors": [vector.as_json() for vector in vectors]}


def connect_nodes(unit: Unit, node_id: int, other_id: int, direction: str) -> dict[str, Any]:
    """Connect a node with another of its network; return the new vectors."""
    if direction not in ("to", "from", "both"):
        raise BadRequest(f"direction must be to, from or both, not {direction!r}.")
    node = own_node(unit, node_id)
    earlier = made_before(unit, node)
    if earlier is not None:
        return _shown([v for v in unit.work.vectors_at(node) if v.id in earlier])
    working(node.participant)
    unit.seed(node.participant, f"connect_nodes|{node.id}", node.last_thing)
    try:
        vectors = node.connect(whom=other_node(unit, node, other_id), direction=direction)
    except (RuleBroken, Forbidden) as error:
        if isinstance(error, Forbidden) and error.code != "another_network":
            raise
        raise BadRequest(str(error), code="cannot_connect") from error
    unit.experiment.vector_post_request(node, vectors)
    remember(unit, node, [vector.id for vector in vectors])
    return _shown(vectors)


def _shown(vectors: list[Vector]) -> dict[str, Any]:
    return {"vectors": [vector.as_json() for vector in vectors]}
