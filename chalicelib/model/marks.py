"""With which node a thing fails, and the way on which a cascade would have come to it.

A mark on a network or node holds for what lies below it. What the cascade would have written there is
told from the mark: it goes from node to node in the order of their ids, and at each node first along
its vectors, then to its infos.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

Fields = Mapping[str, Any]

#: A node's id times this, plus a number from the node's own counter, is the id of a thing it made.
NODE_SPAN: Final = 100_000

#: The nodes with which a record fails, by its object_type.
ENDS: Final[dict[str, Callable[[Fields], tuple[int, ...]]]] = {
    "Node": lambda _: (),
    "Info": lambda it: (it["origin_id"],),
    "Vector": lambda it: (it["origin_id"], it["destination_id"]),
    "Transmission": lambda it: (it["origin_id"], it["destination_id"]),
    "Transformation": lambda it: (it["node_id"], it["info_in_id"] // NODE_SPAN),
}


def ends(object_type: str, fields: Fields) -> tuple[int, ...]:
    """Return the ids of the nodes whose marks hold for a record."""
    return ENDS[object_type](fields)


def way(object_type: str, fields: Fields, marked_node: int | None) -> str:
    """Return what stands between the mark's reason and the record, such as `->Node100001->Vector2`.

    `marked_node` is the node that carries the mark, or None for the network's own.
    """
    nodes = ends(object_type, fields)
    if not nodes:
        return ""
    node_id = min(nodes) if marked_node is None else marked_node
    start = f"->Node{node_id}" if marked_node is None else ""
    if object_type == "Transmission":
        return f"{start}->Vector{fields['vector_id']}"
    if object_type == "Transformation":
        return f"{start}->Info{_first_info(fields, node_id)}"
    return start


def _first_info(fields: Fields, node_id: int) -> int:
    both = (fields["info_in_id"], fields["info_out_id"])
    return int(min((id_ for id_ in both if id_ // NODE_SPAN == node_id), default=fields["info_out_id"]))
