"""/info: what participants answer."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib.operations.create_info import create_info
from chalicelib.operations.read_infos import get_info

from .door import Call, door

routes = Blueprint(__name__)


@door(routes, "/info/{node_id}", ("POST",))
def info_post(call: Call) -> dict[str, Any]:
    """Make an info at a node."""
    given = call.parameters
    result: dict[str, Any] = call.run(
        create_info,
        node_id=given.path_number("node_id"),
        contents=given.text("contents"),
        info_type=given.text("info_type"),
        failed=given.flag("failed"),
        fields=given.free_fields(),
    )
    return result


@door(routes, "/info/{node_id}/{info_id}")
def info_get(call: Call) -> dict[str, Any]:
    """Return one info, own or received."""
    given = call.parameters
    result: dict[str, Any] = call.run(
        get_info, node_id=given.path_number("node_id"), info_id=given.path_number("info_id")
    )
    return result
