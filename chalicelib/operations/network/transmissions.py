"""Creates and receives transmissions of infos along vectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.errors import BadRequest, Forbidden, NotFound, RuleBroken
from chalicelib.model.info import Info
from chalicelib.model.node import Node
from chalicelib.model.record import TRANSMISSION_FILTERS
from chalicelib.model.transmission import Transmission
from chalicelib.operations.shared.access import (
    other_node,
    own_node,
    read_id,
    require_network_access,
    require_working,
    seed_read,
)
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.fields import check_size, known_class, set_free_fields
from chalicelib.operations.shared.idempotency import previous_result, record_result

DIRECTIONS = {
    "incoming": "incoming",
    "outgoing": "outgoing",
    "all": "all",
    "to": "incoming",
    "from": "outgoing",
}


def list_transmissions(ctx: Context, node_id: int, direction: str, status: str) -> dict[str, Any]:
    """Return transmissions at a node, oldest first; its pending incoming ones are received first."""
    if direction not in DIRECTIONS:
        raise BadRequest(f"direction must be one of {', '.join(DIRECTIONS)}, not {direction!r}.")
    if status not in TRANSMISSION_FILTERS:
        raise BadRequest(f"status must be one of {', '.join(TRANSMISSION_FILTERS)}, not {status!r}.")
    node = own_node(ctx, node_id)
    way = DIRECTIONS[direction]
    seed_read(ctx, node, "list_transmissions")
    earlier = previous_result(ctx, node)
    if earlier is not None:
        found = [t for t in node.transmissions(direction=way, failed="all") if t.id in set(earlier)]
    else:
        found = node.transmissions(direction=way, status=status)
        _receive(ctx, node, found)
    ctx.experiment.transmission_get_request(node, found)
    return {"transmissions": [t.as_json() for t in found]}


def _receive(ctx: Context, node: Node, found: list[Transmission]) -> None:
    pending = [t for t in found if t.destination_id == node.id and t.is_pending]
    if not pending or node.failed:
        return
    for transmission in pending:
        transmission.mark_received()
    node.update([t.info for t in pending])
    record_result(ctx, node, [t.id for t in found])


def transmit(
    ctx: Context, node_id: int, what: str | None, to_whom: str | None, fields: Mapping[str, Any]
) -> dict[str, Any]:
    """Send infos from a node to nodes that it is connected to; what and to_whom are ids or classes."""
    node = own_node(ctx, node_id)
    require_network_access(ctx)
    earlier = previous_result(ctx, node)
    if earlier is not None:
        kept = set(earlier)
        return _response([t for t in node.transmissions(failed="all") if t.id in kept])
    require_working(node.participant)
    check_size(**fields)
    ctx.seed(node.participant, f"transmit|{node.id}", node.last_thing)
    try:
        sent = node.transmit(what=_what(ctx, node, what), to_whom=_to_whom(ctx, node, to_whom))
    except RuleBroken as error:
        raise BadRequest(str(error), code="cannot_transmit") from error
    for transmission in sent:
        set_free_fields(transmission, fields)
    ctx.experiment.transmission_post_request(node, sent)
    record_result(ctx, node, [t.id for t in sent])
    return _response(sent)


def _what(ctx: Context, node: Node, what: str | None) -> Any:
    if not what:
        return None
    number = read_id(what, "info")
    if number is None:
        return known_class(ctx, what, Info)
    info = ctx.uow.info(number)
    if info.origin_id != node.id:
        raise BadRequest(f"Info {what} was made by another node.", code="foreign_info")
    return info


def _to_whom(ctx: Context, node: Node, to_whom: str | None) -> Any:
    if not to_whom:
        return None
    number = read_id(to_whom, "node")
    if number is None:
        return known_class(ctx, to_whom, Node)
    try:
        return other_node(ctx, node, number)
    except Forbidden as error:
        raise BadRequest(str(error), code="cannot_transmit") from error
    except NotFound as error:
        raise NotFound(f"There is no node {to_whom} to send to.", code="node_not_found") from error


def _response(transmissions: list[Transmission]) -> dict[str, Any]:
    return {"transmissions": [t.as_json() for t in transmissions]}
