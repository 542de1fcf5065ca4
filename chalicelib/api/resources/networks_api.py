"""/api/v1/networks and /api/v1/nodes: one network, its picture, one node, and their failing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import ID_TEXT, One
from chalicelib.operations.listings.network_map import NetworkMap, read_network_map
from chalicelib.operations.listings.record_rows import NetworkRow, NodeRow
from chalicelib.operations.management import managed_networks as networks
from chalicelib.operations.shared.context import Context

_NUMBER: Final = {"min": 1, "max": 100_000}


@dataclass(frozen=True, slots=True)
class MapParameters:
    """A network, and which of its nodes to show."""

    id: str = field(metadata=ID_TEXT)
    first: int | None = field(
        default=None, metadata={**_NUMBER, "help": "The number of the first node within the network."}
    )
    last: int | None = field(default=None, metadata={**_NUMBER, "help": "The number of the last node."})
    around: int | None = field(
        default=None, metadata={"min": 1, "max": 10**15, "help": "The id of a node: two steps around it."}
    )
    generation: int | None = field(
        default=None,
        metadata={
            **_NUMBER,
            "help": "The number of a generation: its nodes, and those of the one before it.",
        },
    )


@dataclass(frozen=True, slots=True)
class FailParameters:
    """A record that fails, and why."""

    id: str = field(metadata=ID_TEXT)
    reason: str = field(default="failed by the operator", metadata={"min": 1, "max": 500})


def _map(ctx: Context, asked: MapParameters) -> NetworkMap:
    number = networks.network_number(asked.id)
    return read_network_map(
        ctx, number, first=asked.first, last=asked.last, around=asked.around, generation=asked.generation
    )


OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="networks.read",
        method="GET",
        resource="networks",
        shape=Shape.ITEM,
        right=Right.VIEW,
        parameters=One,
        answer=NetworkRow,
        run=lambda ctx, one: networks.read_network(ctx, one.id),
        summary="Returns a network.",
    ),
    ApiOperation(
        name="networks.map",
        method="GET",
        resource="networks",
        shape=Shape.VERB,
        verb="map",
        right=Right.VIEW,
        parameters=MapParameters,
        answer=NetworkMap,
        run=_map,
        summary="Returns some nodes of a network, and the vectors between them.",
    ),
    ApiOperation(
        name="networks.fail",
        method="POST",
        resource="networks",
        shape=Shape.VERB,
        verb="fail",
        right=Right.EDIT_PARTICIPANTS,
        parameters=FailParameters,
        answer=NetworkRow,
        run=lambda ctx, asked: networks.fail_network(ctx, asked.id, asked.reason),
        summary="Fails a network with all that is in it.",
    ),
    ApiOperation(
        name="nodes.read",
        method="GET",
        resource="nodes",
        shape=Shape.ITEM,
        right=Right.VIEW,
        parameters=One,
        answer=NodeRow,
        run=lambda ctx, one: networks.read_node(ctx, one.id),
        summary="Returns a node.",
    ),
    ApiOperation(
        name="nodes.fail",
        method="POST",
        resource="nodes",
        shape=Shape.VERB,
        verb="fail",
        right=Right.EDIT_PARTICIPANTS,
        parameters=FailParameters,
        answer=NodeRow,
        run=lambda ctx, asked: networks.fail_node(ctx, asked.id, asked.reason),
        summary="Fails a node with all that it has made.",
    ),
)
