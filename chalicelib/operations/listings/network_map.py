"""Reads a part of a network for a picture: some of its nodes, and the vectors between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from chalicelib.errors import BadRequest, NotFound
from chalicelib.model import keys
from chalicelib.model.node import NETWORK_SPAN
from chalicelib.operations.network.failure_marks import FailureMarks
from chalicelib.operations.shared.context import Context

from .network_lists import NODE_FIELDS, marks_of, network_row, node_row, own_failure, published_root
from .record_rows import NetworkRow, NodeRow
from .row_reading import Item

#: The most nodes of one picture.
MOST_NODES: Final = 500
#: How many of the newest nodes a picture shows by default.
NEWEST_NODES: Final = 200
#: How many records of a network are looked at to find the vectors of a picture.
MOST_LOOKED_AT: Final = 5000
#: How many nodes around a node are asked for their own neighbours.
MOST_ASKED: Final = 60
#: A large network is divided into so many parts at most, of which a person chooses one.
MOST_PARTS: Final = 40
_VECTOR_FIELDS: Final = (
    "kind",
    "sk",
    "id",
    "origin_id",
    "destination_id",
    "failed",
    "failed_reason",
    "time_of_death",
)
_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class MappedVector:
    """A vector between two nodes of the picture."""

    id: int
    origin_id: int
    destination_id: int
    failed: bool


@dataclass(frozen=True, slots=True)
class MapPart:
    """A part of a large network: nodes that were made one after the other."""

    first: int
    last: int
    is_shown: bool


@dataclass(frozen=True, slots=True)
class NetworkMap:
    """The nodes of a picture, oldest first, and the vectors between them."""

    network: NetworkRow
    nodes: list[NodeRow]
    vectors: list[MappedVector]
    #: How many nodes the network has in all, failed ones included.
    total: int
    #: The numbers of the first and the last node that were asked for, counted from 1 within the network.
    first: int
    last: int
    #: The node around which the picture is, or None.
    around: int | None
    #: The generation that is shown with the one before it, or None.
    generation: int | None
    #: How many generations the network has; 0 for a network without generations.
    generations: int
    #: Whether some vectors may be missing, because the nodes have too many records.
    is_partial: bool
    parts: list[MapPart]


def read_network_map(
    ctx: Context,
    network_id: int,
    *,
    first: int | None = None,
    last: int | None = None,
    around: int | None = None,
    generation: int | None = None,
) -> NetworkMap:
    """Return a part of a network: the newest nodes, a range of them, a generation, or those near one node.

    Args:
        ctx: The context.
        network_id: The network.
        first: The number within the network of the first node, from 1.
        last: The number of the last node; by default the newest, or as many as fit.
        around: The id of a node: it, its neighbours, and theirs.
        generation: The number of a generation, from 1: its living nodes, and those of the one before it.

    Returns:
        At most 500 nodes, and the vectors between them.

    Raises:
        NotFound: There is no such network, or no such node or generation in it.
        BadRequest: The range is empty.

    """
    root = published_root(ctx, network_id)
    total = int(root.get("last_node", 0))
    members = _generations(ctx, network_id)
    if around is not None:
        ids, found, is_partial = _nodes_around(ctx, root, around)
    elif generation is not None:
        ids, found, is_partial = _nodes_of_generation(ctx, network_id, members, generation)
    else:
        ids, found, is_partial = _range_of_nodes(ctx, network_id, *_range(total, first, last))
    first, last = (ids[0] % NETWORK_SPAN, ids[-1] % NETWORK_SPAN) if ids else (1, 0)
    marks = marks_of(ctx, root)
    stored = ctx.uow.get_fields(map(keys.node, ids), NODE_FIELDS)
    nodes = [node_row(stored[keys.node(one)], marks) for one in ids if keys.node(one) in stored]
    known = {one.id for one in nodes}
    return NetworkMap(
        network=network_row(ctx, root, counts_infos=False),
        nodes=nodes,
        vectors=[_mapped(one, marks) for one in found if {one["origin_id"], one["destination_id"]} <= known],
        total=total,
        first=first,
        last=last,
        around=around,
        generation=None if around is not None else generation,
        generations=len(members),
        is_partial=is_partial,
        parts=_parts(total, first, last),
    )


def _mapped(item: Item, marks: FailureMarks) -> MappedVector:
    has_failed = bool(own_failure("vector", item, marks)["failed"])
    return MappedVector(item["id"], item["origin_id"], item["destination_id"], has_failed)


def _range_of_nodes(
    ctx: Context, network_id: int, first: int, last: int
) -> tuple[Sequence[int], list[Item], bool]:
    ids = [network_id * NETWORK_SPAN + number for number in range(first, last + 1)]
    return ids, *_vectors_in_range(ctx, network_id, first, last)


def _generations(ctx: Context, network_id: int) -> list[list[int]]:
    """Return the living nodes of each generation; none for a network without generations."""
    root = keys.root(network_id)
    structure = ctx.uow.get_fields([root], ("structure",)).get(root, {}).get("structure") or {}
    members: list[list[int]] = structure.get("members", [])
    return members


def _nodes_of_generation(
    ctx: Context, network_id: int, members: Sequence[Sequence[int]], generation: int
) -> tuple[Sequence[int], list[Item], bool]:
    """Return a generation, and of the one before it as many nodes as fit."""
    if not 1 <= generation <= len(members):
        raise NotFound(
            f"There is no generation {generation} in network {network_id}.", code="generation_not_found"
        )
    own = members[generation - 1]
    parents = members[generation - 2] if generation > 1 else ()
    wanted = [*own, *parents]
    ids = sorted(wanted[:MOST_NODES])
    if not ids:
        return [], [], False
    found, is_cut = _vectors_in_range(ctx, network_id, ids[0] % NETWORK_SPAN, ids[-1] % NETWORK_SPAN)
    return ids, found, is_cut or len(wanted) > MOST_NODES


def _nodes_around(ctx: Context, root: Item, around: int) -> tuple[Sequence[int], list[Item], bool]:
    found, is_partial = _vectors_around(ctx, root, around)
    near = {around, *(end for one in found for end in (one["origin_id"], one["destination_id"]))}
    return sorted(near)[:MOST_NODES], found, is_partial or len(near) > MOST_NODES


def _range(total: int, first: int | None, last: int | None) -> tuple[int, int]:
    if total == 0:
        return 1, 0
    if first is None and last is None:
        first = max(1, total - NEWEST_NODES + 1)
    elif first is None:
        first = max(1, min(last or total, total) - NEWEST_NODES + 1)
    last = min(total, first + MOST_NODES - 1 if last is None else last)
    if not 1 <= first <= last:
        raise BadRequest(f"There are nodes 1 to {total} in this network; {first} to {last} has none of them.")
    return first, min(last, first + MOST_NODES - 1)


def _vectors_in_range(ctx: Context, network_id: int, first: int, last: int) -> tuple[list[Item], bool]:
    """Read the records of the nodes in a range, in which a vector is stored with its destination."""
    found: list[Item] = []
    looked_at = 0
    base = network_id * NETWORK_SPAN
    end = keys.at(base + last + 1)
    after: str | None = keys.at(base + first)
    while after is not None and first <= last:
        page = ctx.uow.page(
            keys.partition(network_id), prefix=keys.OF_NODES, after=after, limit=_PAGE, fields=_VECTOR_FIELDS
        )
        looked_at += len(page.items)
        inside = [one for one in page.items if one["sk"] < end]
        found += (one for one in inside if _is_incoming(one))
        if len(inside) < len(page.items):
            return found, False
        if looked_at >= MOST_LOOKED_AT:
            return found, page.after is not None
        after = page.after
    return found, False


def _vectors_around(ctx: Context, root: Item, around: int) -> tuple[list[Item], bool]:
    network_id = root["id"]
    newest = network_id * NETWORK_SPAN + int(root.get("last_node", 0))
    if keys.network_of(around) != network_id or not network_id * NETWORK_SPAN < around <= newest:
        raise NotFound(f"There is no node {around} in network {network_id}.", code="node_not_found")
    near, is_partial = _vectors_of(ctx, [around])
    neighbours = sorted({end for one in near for end in (one["origin_id"], one["destination_id"])} - {around})
    further, is_cut = _vectors_of(ctx, neighbours[:MOST_ASKED])
    by_id = {one["id"]: one for one in (*near, *further)}
    return list(by_id.values()), is_partial or is_cut or len(neighbours) > MOST_ASKED


def _vectors_of(ctx: Context, nodes: Iterable[int]) -> tuple[list[Item], bool]:
    found: list[Item] = []
    is_partial = False
    for node_id in nodes:
        page = ctx.uow.page(
            keys.partition(keys.network_of(node_id)),
            prefix=keys.vectors_of(node_id),
            limit=_PAGE,
            fields=_VECTOR_FIELDS,
        )
        found += page.items
        is_partial = is_partial or page.after is not None
    return found, is_partial


def _is_incoming(item: Item) -> bool:
    return bool(item["kind"] == "vector" and item["destination_id"] == keys.node_in(item["sk"]))


def _parts(total: int, first: int, last: int) -> list[MapPart]:
    """Divide a large network into parts of equal size; a small one has none."""
    if total <= NEWEST_NODES:
        return []
    size = max(NEWEST_NODES, -(-total // MOST_PARTS))
    return [
        MapPart(start, min(total, start + size - 1), start <= last and first <= start + size - 1)
        for start in range(1, total + 1, size)
    ]
