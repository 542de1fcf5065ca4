"""Reading infos: one, those a node made, those it received."""

from __future__ import annotations

from typing import Any

from chalicelib.model.info import Info

from .access import own_info, own_node, seed_reading
from .fields import known_class
from .unit import Unit


def get_info(unit: Unit, node_id: int, info_id: int) -> dict[str, Any]:
    """Return one info that the node made or received."""
    node = own_node(unit, node_id)
    seed_reading(unit, node, "get_info")
    info = own_info(unit, node, info_id)
    unit.experiment.info_get_request(node, [info])
    return {"info": info.as_json()}


def list_infos(unit: Unit, node_id: int, info_type: str | None) -> dict[str, Any]:
    """Return the infos that the node made, oldest first."""
    node = own_node(unit, node_id)
    seed_reading(unit, node, "list_infos")
    infos = node.infos(type=known_class(unit, info_type, Info))
    unit.experiment.info_get_request(node, infos)
    return {"infos": [info.as_json() for info in infos]}


def list_received_infos(unit: Unit, node_id: int, info_type: str | None) -> dict[str, Any]:
    """Return the infos that the node has received, oldest first."""
    node = own_node(unit, node_id)
    seed_reading(unit, node, "list_received_infos")
    infos = node.received_infos(type=known_class(unit, info_type, Info))
    unit.experiment.info_get_request(node, infos)
    return {"infos": [info.as_json() for info in infos]}
