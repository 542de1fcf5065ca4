"""/info, /transformation and /tracking_event: infos and their relations."""

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
    """Create an info at a node."""
    parameters = call.parameters
    result: dict[str, Any] = call.run(
        create_info,
        node_id=parameters.path_number("node_id"),
        contents=parameters.text("contents"),
        info_type=parameters.text("info_type"),
        failed=parameters.flag("failed"),
        fields=parameters.free_fields(),
    )
    return result


@endpoint(routes, "/info/{node_id}/{info_id}")
def info_get(call: HttpCall) -> dict[str, Any]:
    """Return one info, own or received."""
    parameters = call.parameters
    result: dict[str, Any] = call.run(
        get_info, node_id=parameters.path_number("node_id"), info_id=parameters.path_number("info_id")
    )
    return result


@endpoint(routes, "/transformation/{node_id}/{info_in_id}/{info_out_id}", ("POST",))
def transformation(call: HttpCall) -> dict[str, Any]:
    """Create a transformation at a node."""
    parameters = call.parameters
    result: dict[str, Any] = call.run(
        create_transformation,
        node_id=parameters.path_number("node_id"),
        info_in_id=parameters.path_number("info_in_id"),
        info_out_id=parameters.path_number("info_out_id"),
        transformation_type=parameters.text("transformation_type"),
        fields=parameters.free_fields(),
    )
    return result


@endpoint(routes, "/tracking_event/{node_id}", ("POST",))
def tracking_event(call: HttpCall) -> dict[str, Any]:
    """Store a tracking event at a node."""
    parameters = call.parameters
    result: dict[str, Any] = call.run(track_event, parameters.path_number("node_id"), parameters.details())
    return result
