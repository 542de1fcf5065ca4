"""/node: joining a network, and the records at a node.

API Gateway requires one name for the first variable of all these paths, so the participant's id in
POST /node/<participant_id> is called node_id too.
"""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, Response

from chalicelib.errors import BadRequest, NetworkBusy, NoNetwork
from chalicelib.operations.network import read_infos, transformations, transmissions, vectors
from chalicelib.operations.network.join_network import join_network
from chalicelib.operations.shared.read_records import get_network

from .responses import empty_result
from .routing import HttpCall, endpoint

routes = Blueprint(__name__)


def _node_id(call: HttpCall) -> int:
    return call.parameters.path_number("node_id")


@endpoint(routes, "/node/{node_id}", ("POST",))
def node_post(call: HttpCall) -> dict[str, Any] | Response:
    """Create a node for a participant.

    With `allow_none`, "no place is left" and "not yet" are responses with status 200 and without a node, so
    that a browser doesn't report the normal end of an experiment as an error.
    """
    allow_none = call.parameters.flag("allow_none")
    try:
        result: dict[str, Any] = call.run(
            join_network, participant_id=_node_id(call), fields=call.parameters.free_fields()
        )
    except (NoNetwork, NetworkBusy) as reason:
        if allow_none:
            return empty_result("node", reason)
        raise
    return result


@endpoint(routes, "/node/{node_id}/neighbors")
def neighbors(call: HttpCall) -> dict[str, Any]:
    """Return a node's neighbours that haven't failed."""
    parameters = call.parameters
    if parameters.one("failed") is not None:
        raise BadRequest(
            "neighbors doesn't accept `failed`: it returns living nodes over living vectors. "
            "Ask for /vectors with failed=all instead.",
            code="failed_not_allowed",
        )
    result: dict[str, Any] = call.run(
        vectors.list_neighbors,
        node_id=_node_id(call),
        node_type=parameters.text("node_type"),
        connection=parameters.text("connection") or "to",
    )
    return result


@endpoint(routes, "/node/{node_id}/vectors")
def vectors_get(call: HttpCall) -> dict[str, Any]:
    """Return the vectors at a node."""
    result: dict[str, Any] = call.run(
        vectors.list_vectors,
        node_id=_node_id(call),
        direction=call.parameters.text("direction") or "all",
        failed=call.parameters.failed(),
    )
    return result


@endpoint(routes, "/node/{node_id}/connect/{other_node_id}", ("POST",))
def connect(call: HttpCall) -> dict[str, Any]:
    """Connect a node with another node."""
    parameters = call.parameters
    result: dict[str, Any] = call.run(
        vectors.connect_nodes,
        node_id=_node_id(call),
        other_id=parameters.path_number("other_node_id"),
        direction=parameters.text("direction") or "to",
    )
    return result


@endpoint(routes, "/node/{node_id}/infos")
def infos(call: HttpCall) -> dict[str, Any]:
    """Return the infos that a node made."""
    result: dict[str, Any] = call.run(
        read_infos.list_infos, node_id=_node_id(call), info_type=call.parameters.text("info_type")
    )
    return result


@endpoint(routes, "/node/{node_id}/received_infos")
def received_infos(call: HttpCall) -> dict[str, Any]:
    """Return the infos that a node has received."""
    result: dict[str, Any] = call.run(
        read_infos.list_received_infos, node_id=_node_id(call), info_type=call.parameters.text("info_type")
    )
    return result


@endpoint(routes, "/node/{node_id}/transmissions")
def transmissions_get(call: HttpCall) -> dict[str, Any]:
    """Return transmissions at a node, and receive the pending ones."""
    parameters = call.parameters
    result: dict[str, Any] = call.run(
        transmissions.list_transmissions,
        node_id=_node_id(call),
        direction=parameters.text("direction") or "incoming",
        status=parameters.text("status") or "all",
    )
    return result


@endpoint(routes, "/node/{node_id}/transmit", ("POST",))
def transmit(call: HttpCall) -> dict[str, Any]:
    """Send infos from a node."""
    parameters = call.parameters
    result: dict[str, Any] = call.run(
        transmissions.transmit,
        node_id=_node_id(call),
        what=parameters.text("what"),
        to_whom=parameters.text("to_whom"),
        fields=parameters.free_fields(),
    )
    return result


@endpoint(routes, "/node/{node_id}/transformations")
def transformations_get(call: HttpCall) -> dict[str, Any]:
    """Return the transformations made at a node."""
    result: dict[str, Any] = call.run(
        transformations.list_transformations,
        node_id=_node_id(call),
        transformation_type=call.parameters.text("transformation_type"),
    )
    return result


@endpoint(routes, "/network/{network_id}")
def network(call: HttpCall) -> dict[str, Any]:
    """Return a network that the caller is in."""
    result: dict[str, Any] = call.run(get_network, call.parameters.path_number("network_id"))
    return result
