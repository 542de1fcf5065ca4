"""Creates and reads vectors, and lists neighbours."""

from __future__ import annotations

from typing import Any

from chalicelib.errors import BadRequest, Forbidden, RuleBroken
from chalicelib.model.node import CONNECTIONS, VECTOR_DIRECTIONS, Node
from chalicelib.model.record import Failed
from chalicelib.model.vector import Vector
from chalicelib.operations.shared.access import (
    other_node,
    own_node,
    require_network_access,
    require_working,
    seed_read,
)
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.fields import known_class
from chalicelib.operations.shared.idempotency import previous_result, record_result


def list_neighbors(ctx: Context, node_id: int, node_type: str | None, connection: str) -> dict[str, Any]:
    """Return the neighbours of a node that haven't failed."""
    if connection not in CONNECTIONS:
        raise BadRequest(f"connection must be one of {', '.join(CONNECTIONS)}, not {connection!r}.")
    node = own_node(ctx, node_id)
    seed_read(ctx, node, "list_neighbors")
    nodes = node.neighbors(type=known_class(ctx, node_type, Node), direction=connection)
    ctx.experiment.node_get_request(node=node, nodes=nodes)
    return {"nodes": [other.as_json() for other in nodes]}


def list_vectors(ctx: Context, node_id: int, direction: str, failed: Failed) -> dict[str, Any]:
    """Return the vectors at a node."""
    if direction not in VECTOR_DIRECTIONS:
        raise BadRequest(f"direction must be one of {', '.join(VECTOR_DIRECTIONS)}, not {direction!r}.")
    node = own_node(ctx, node_id)
    seed_read(ctx, node, "list_vectors")
    vectors = node.vectors(direction=direction, failed=failed)
    ctx.experiment.vector_get_request(node, vectors)
    return {"vectors": [vector.as_json() for vector in vectors]}


def connect_nodes(ctx: Context, node_id: int, other_id: int, direction: str) -> dict[str, Any]:
    """Connect a node with another node of its network; return the new vectors."""
    if direction not in ("to", "from", "both"):
        raise BadRequest(f"direction must be to, from or both, not {direction!r}.")
    node = own_node(ctx, node_id)
    require_network_access(ctx)
    earlier = previous_result(ctx, node)
    if earlier is not None:
        return _response([v for v in ctx.uow.vectors_at(node) if v.id in earlier])
    require_working(node.participant)
    ctx.seed(node.participant, f"connect_nodes|{node.id}", node.last_thing)
    try:
        vectors = node.connect(whom=other_node(ctx, node, other_id), direction=direction)
    except (RuleBroken, Forbidden) as error:
        if isinstance(error, Forbidden) and error.code != "another_network":
            raise
        raise BadRequest(str(error), code="cannot_connect") from error
    ctx.experiment.vector_post_request(node, vectors)
    record_result(ctx, node, [vector.id for vector in vectors])
    return _response(vectors)


def _response(vectors: list[Vector]) -> dict[str, Any]:
    return {"vectors": [vector.as_json() for vector in vectors]}
