"""Recording and reading what was made out of what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.model.errors import BadRequest, RuleBroken
from chalicelib.model.transformation import Transformation

from .access import own_info, own_node, seed_reading, working
from .fields import known_class, set_free_fields
from .once import made_before, remember
from .unit import Unit


def list_transformations(unit: Unit, node_id: int, transformation_type: str | None) -> dict[str, Any]:
    """Return the transformations made at a node."""
    node = own_node(unit, node_id)
    seed_reading(unit, node, "list_transformations")
    found = node.transformations(type=known_class(unit, transformation_type, Transformation))
    unit.experiment.transformation_get_request(node, found)
    return {"transformations": [t.as_json() for t in found]}


def create_transformation(
    unit: Unit,
    node_id: int,
    info_in_id: int,
    info_out_id: int,
    transformation_type: str | None,
    fields: Mapping[str, Any],
) -> dict[str, Any]:
    """Record at a node that info_out was made from info_in."""
    node = own_node(unit, node_id)
    earlier = made_before(unit, node)
    if earlier is not None:
        made = next(t for t in unit.work.transformations_at(node) if t.id == earlier)
        return {"transformation": made.as_json()}
    working(node.participant)
    unit.seed(node.participant, f"create_transformation|{node.id}", node.last_thing)
    cls = known_class(unit, transformation_type, Transformation)
    info_in = own_info(unit, node, info_in_id)
    info_out = own_info(unit, node, info_out_id)
    if info_out.origin_id != node.id:
        raise BadRequest(f"Info {info_out_id} wasn't made at node {node.id}.", code="cannot_transform")
    try:
        transformation: Transformation = cls(info_in=info_in, info_out=info_out)
    except RuleBroken as error:
        raise BadRequest(str(error), code="cannot_transform") from error
    set_free_fields(transformation, fields)
    unit.experiment.transformation_post_request(node, transformation)
    remember(unit, node, transformation.id)
    return {"transformation": transformation.as_json()}
