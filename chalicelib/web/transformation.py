"""/transformation: what was made out of what."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib.operations.transformations import create_transformation

from .door import Call, door

routes = Blueprint(__name__)


@door(routes, "/transformation/{node_id}/{info_in_id}/{info_out_id}", ("POST",))
def transformation(call: Call) -> dict[str, Any]:
    """Record a transformation at a node."""
    given = call.parameters
    result: dict[str, Any] = call.run(
        create_transformation,
        node_id=given.path_number("node_id"),
        info_in_id=given.path_number("info_in_id"),
        info_out_id=given.path_number("info_out_id"),
        transformation_type=given.text("transformation_type"),
        fields=given.free_fields(),
    )
    return result
