"""Restores a network's structure: as exported, else by letting its live nodes join again."""

from __future__ import annotations

from typing import Any, cast

from chalicelib.experiment.networks import STOCK, ScaleFree
from chalicelib.experiment.nodes import Source
from chalicelib.model.network import Network
from chalicelib.model.node import Node
from chalicelib.storage import record_mapping
from chalicelib.storage.engine import Item

from .survey import Survey


def structure_of(item: Item, seen: Survey) -> dict[str, Any]:
    """Return the structure of the network in an item that lacks it."""
    if item["id"] in seen.structures:
        return seen.structures[item["id"]]
    network = cast("Network", record_mapping.make_record("network", item))
    if network.own_failed or type(network) not in STOCK.values():
        return {}
    members = sorted(seen.members[item["id"]])
    if isinstance(network, ScaleFree):
        return {"degrees": {str(node_id): seen.degrees[node_id] for _, node_id, _ in members}}
    for _, node_id, is_source in members:
        node = _member(node_id, is_source=is_source, answered=seen.has_answered(node_id))
        network.node_joined(node)
        if node.has_answered and network.waits_for(node):
            network.has_heard(node)
    return network.structure


def _member(node_id: int, *, is_source: bool, answered: bool) -> Node:
    """Create a node with the fields that a network reads when a node joins."""
    node = (Source if is_source else Node).blank()
    # Any participant will do: a gate doesn't wait for a node without one.
    node.__dict__.update(id=node_id, answered=answered, participant_id=0)
    return node
