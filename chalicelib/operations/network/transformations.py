"""Creates and reads transformations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.errors import BadRequest, RuleBroken
from chalicelib.model.transformation import Transformation
from chalicelib.operations.shared.access import (
    own_info,
    own_node,
    require_network_access,
    require_working,
    seed_read,
)
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.fields import known_class, set_free_fields
from chalicelib.operations.shared.idempotency import previous_result, record_result


def list_transformations(ctx: Context, node_id: int, transformation_type: str | None) -> dict[str, Any]:
    """Return the transformations at a node."""
    node = own_node(ctx, node_id)
    seed_read(ctx, node, "list_transformations")
    found = node.transformations(type=known_class(ctx, transformation_type, Transformation))
    ctx.experiment.transformation_get_request(node, found)
    return {"transformations": [t.as_json() for t in found]}


def create_transformation(
    ctx: Context,
    node_id: int,
    info_in_id: int,
    info_out_id: int,
    transformation_type: str | None,
    fields: Mapping[str, Any],
) -> dict[str, Any]:
    """Record at a node that info_out was made from info_in."""
    node = own_node(ctx, node_id)
    require_network_access(ctx)
    earlier = previous_result(ctx, node)
    if earlier is not None:
        stored = next(t for t in ctx.uow.transformations_at(node) if t.id == earlier)
        return {"transformation": stored.as_json()}
    require_working(node.participant)
    ctx.seed(node.participant, f"create_transformation|{node.id}", node.last_thing)
    cls = known_class(ctx, transformation_type, Transformation)
    info_in = own_info(ctx, node, info_in_id)
    info_out = own_info(ctx, node, info_out_id)
    if info_out.origin_id != node.id:
        raise BadRequest(f"Info {info_out_id} wasn't made at node {node.id}.", code="cannot_transform")
    try:
        transformation: Transformation = cls(info_in=info_in, info_out=info_out)
    except RuleBroken as error:
        raise BadRequest(str(error), code="cannot_transform") from error
    set_free_fields(transformation, fields)
    ctx.experiment.transformation_post_request(node, transformation)
    record_result(ctx, node, transformation.id)
    return {"transformation": transformation.as_json()}
