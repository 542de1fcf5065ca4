"""Derives from a failed network or node which records have failed with it, and why.

A failed network or node carries a mark that applies to all records below it. The reason that a cascade
would have written to such a record is derived from the mark: the cascade visits the nodes in the order of
their ids, and at each node first its vectors, then its infos.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .record import Record

Fields = Mapping[str, Any]

#: The id of a record that a node made is the node's id times this, plus a number from the node's counter.
NODE_SPAN: Final = 100_000

#: The nodes with which a record fails, by its object_type.
END_NODES: Final[dict[str, Callable[[Fields], tuple[int, ...]]]] = {
    "Node": lambda _: (),
    "Info": lambda it: (it["origin_id"],),
    "Vector": lambda it: (it["origin_id"], it["destination_id"]),
    "Transmission": lambda it: (it["origin_id"], it["destination_id"]),
    "Transformation": lambda it: (it["node_id"], it["info_in_id"] // NODE_SPAN),
}


def end_nodes(object_type: str, fields: Fields) -> tuple[int, ...]:
    """Return the ids of the nodes whose marks apply to a record."""
    return END_NODES[object_type](fields)


def failure_causes(object_type: str, fields: Fields, marked_type: str, marked_id: int) -> str:
    """Return the records that a cascade would have failed before this record, as a suffix of the reason.

    For example `->Node100001->Vector10000100002` for a transmission whose node carries the mark.
    `marked_type` says whether a node or the network carries it.
    """
    start = f"->{marked_type}{marked_id}"
    nodes = end_nodes(object_type, fields)
    if not nodes:
        return start
    node_id = marked_id
    if marked_type != "Node":
        node_id = min(nodes)
        start += f"->Node{node_id}"
    if object_type == "Transmission":
        return f"{start}->Vector{fields['vector_id']}"
    if object_type == "Transformation":
        return f"{start}->Info{_first_info(fields, node_id)}"
    return start


def _first_info(fields: Fields, node_id: int) -> int:
    both = (fields["info_in_id"], fields["info_out_id"])
    return int(min((id_ for id_ in both if id_ // NODE_SPAN == node_id), default=fields["info_out_id"]))


@dataclass(eq=False, repr=False)
class FailureQuota:
    """How much of a commit the failures in it may still take."""

    #: The share of one commit that it takes to fail a record.
    share_of: Callable[[Record], float]
    left: float = 0.9
    #: Records whose cascade is being carried out.
    begun: set[tuple[str, int]] = field(default_factory=set)
    has_failed_any: bool = False

    def take(self, record: Record) -> bool:
        """Reserve what a record takes; False: it waits for the next commit. The first never waits."""
        share = self.share_of(record)
        if self.has_failed_any and share > self.left:
            return False
        self.left -= share
        self.has_failed_any = True
        return True


def fail_within(record: Record, reason: str | None, quota: FailureQuota) -> bool:
    """Fail a record as far as a quota goes; return whether it has failed.

    Where a cascade changes every record, the record itself fails last: until then the next commit can
    continue the cascade where this one ended.
    """
    if record.failed or (record.object_type, record.id) in quota.begun:
        return True
    if not record._fails_by_mark:
        quota.begun.add((record.object_type, record.id))
        caused = record._as_cause(reason)
        below = (other for function in record.failure_cascade for other in list(function()))
        if not all(fail_within(other, caused, quota) for other in below):
            return False
    if not quota.take(record):
        return False
    record.fail(reason)
    return True
