"""Reads infos: a single one, those that a node made, and those that it received."""

from __future__ import annotations

from typing import Any

from chalicelib.model.info import Info
from chalicelib.operations.shared.access import own_info, own_node, seed_read
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.fields import known_class


def get_info(ctx: Context, node_id: int, info_id: int) -> dict[str, Any]:
    """Return one info that the node made or received."""
    node = own_node(ctx, node_id)
    seed_read(ctx, node, "get_info")
    info = own_info(ctx, node, info_id)
    ctx.experiment.info_get_request(node, [info])
    return {"info": info.as_json()}


def list_infos(ctx: Context, node_id: int, info_type: str | None) -> dict[str, Any]:
    """Return the infos that the node made, oldest first."""
    node = own_node(ctx, node_id)
    seed_read(ctx, node, "list_infos")
    infos = node.infos(type=known_class(ctx, info_type, Info))
    ctx.experiment.info_get_request(node, infos)
    return {"infos": [info.as_json() for info in infos]}


def list_received_infos(ctx: Context, node_id: int, info_type: str | None) -> dict[str, Any]:
    """Return the infos that the node has received, oldest first."""
    node = own_node(ctx, node_id)
    seed_read(ctx, node, "list_received_infos")
    infos = node.received_infos(type=known_class(ctx, info_type, Info))
    ctx.experiment.info_get_request(node, infos)
    return {"infos": [info.as_json() for info in infos]}
