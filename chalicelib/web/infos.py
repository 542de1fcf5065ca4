"""/info: what participants answer."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib.operations.network.create_info import create_info
from chalicelib.operations.network.read_infos import get_info
from chalicelib.operations.network.tracking import track_event
from chalicelib.operations.network.transformations import create_transformation

from .routing import HttpCall, endpoint

routes = Blueprint(__name__)


@endpoint(routes, "/info/{node_id}", ("POST",))
def info_post(call: HttpCall) -> dict[str, Any]:
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


@endpoint(routes, "/info/{node_id}/{info_id}")
def info_get(call: HttpCall) -> dict[str, Any]:
    """Return one info, own or received."""
    given = call.parameters
    result: dict[str, Any] = call.run(
        get_info, node_id=given.path_number("node_id"), info_id=given.path_number("info_id")
    )
    return result


@endpoint(routes, "/transformation/{node_id}/{info_in_id}/{info_out_id}", ("POST",))
def transformation(call: HttpCall) -> dict[str, Any]:
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


@endpoint(routes, "/tracking_event/{node_id}", ("POST",))
def tracking_event(call: HttpCall) -> dict[str, Any]:
    """Keep an event at a node."""
    given = call.parameters
    result: dict[str, Any] = call.run(track_event, given.path_number("node_id"), given.details())
    return result
