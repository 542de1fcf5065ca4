"""Networks and nodes as people manage them: read one, or fail it with all that belongs to it."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.errors import InvalidState, NotFound
from chalicelib.model import keys
from chalicelib.model.node import NETWORK_SPAN
from chalicelib.operations.listings.network_lists import (
    NODE_FIELDS,
    marks_of,
    network_row,
    node_row,
    published_root,
)
from chalicelib.operations.listings.record_rows import NetworkRow, NodeRow
from chalicelib.operations.shared.access import read_canonical_id
from chalicelib.operations.shared.context import Context


def network_number(text: str) -> int:
    """Return the id of a network; NotFound for a text that isn't one."""
    return _number(text, "network")


def read_network(ctx: Context, network_id: str) -> NetworkRow:
    """Return a network, its infos counted; NotFound for an unknown one."""
    return network_row(ctx, published_root(ctx, network_number(network_id)), counts_infos=True)


def read_node(ctx: Context, node_id: str) -> NodeRow:
    """Return a node; NotFound for an unknown one."""
    number = _number(node_id, "node")
    root = published_root(ctx, keys.network_of(number))
    stored = ctx.uow.get_fields([keys.node(number)], NODE_FIELDS)
    if not stored or number % NETWORK_SPAN > root.get("last_node", 0):
        raise NotFound(f"There is no node {number}.", code="node_not_found")
    return node_row(stored[keys.node(number)], marks_of(ctx, root))


def fail_network(ctx: Context, network_id: str, reason: str) -> NetworkRow:
    """Fail a network with all that is in it; InvalidState when it has failed already."""
    number = network_number(network_id)
    published_root(ctx, number)
    network = ctx.uow.network(number)
    if network.failed:
        raise InvalidState(f"Network {number} has failed already.", code="failed_already")
    row = read_network(ctx, network_id)
    network.fail(reason=reason)
    # What is stored changes with the commit.
    return replace(
        row,
        failed=True,
        failed_reason=reason,
        time_of_death=ctx.now,
        n_alive_nodes=0,
        n_failed_nodes=row.n_alive_nodes + row.n_failed_nodes,
    )


def fail_node(ctx: Context, node_id: str, reason: str) -> NodeRow:
    """Fail a node with what it has made; InvalidState when it has failed already."""
    row = read_node(ctx, node_id)
    node = ctx.uow.node(row.id)
    if node.failed:
        raise InvalidState(f"Node {node_id} has failed already.", code="failed_already")
    node.fail(reason=reason)
    return replace(row, failed=True, failed_reason=reason, time_of_death=ctx.now)


def _number(text: str, what: str) -> int:
    number = read_canonical_id(text, what)
    if number is None:
        raise NotFound(f"There is no {what} {text[:40]!r}.", code=f"{what}_not_found")
    return number
