"""/node: joining a network, and all that is at a node.

API Gateway wants one name for the first variable of all these paths, so the participant of
POST /node/<participant_id> is called node_id here too.
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
    """Make a node for a participant.

    With `allow_none`, "nothing is left" and "not yet" are answers with status 200 and without a node, so
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
    """Return a node's living neighbours."""
    given = call.parameters
    if given.one("failed") is not None:
        raise BadRequest(
            "neighbors doesn't accept `failed`: it returns living nodes over living vectors. "
            "Ask for /vectors with failed=all instead.",
            code="failed_not_allowed",
        )
    result: dict[str, Any] = call.run(
        vectors.list_neighbors,
        node_id=_node_id(call),
        node_type=given.text("node_type"),
        connection=given.text("connection") or "to",
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
    """Connect a node with another one."""
    given = call.parameters
    result: dict[str, Any] = call.run(
        vectors.connect_nodes,
        node_id=_node_id(call),
        other_id=given.path_number("other_node_id"),
        direction=given.text("direction") or "to",
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
    """Return transmissions at a node; what is pending there is received."""
    given = call.parameters
    result: dict[str, Any] = call.run(
        transmissions.list_transmissions,
        node_id=_node_id(call),
        direction=given.text("direction") or "incoming",
        status=given.text("status") or "all",
    )
    return result


@endpoint(routes, "/node/{node_id}/transmit", ("POST",))
def transmit(call: HttpCall) -> dict[str, Any]:
    """Send infos from a node."""
    given = call.parameters
    result: dict[str, Any] = call.run(
        transmissions.transmit,
        node_id=_node_id(call),
        what=given.text("what"),
        to_whom=given.text("to_whom"),
        fields=given.free_fields(),
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
