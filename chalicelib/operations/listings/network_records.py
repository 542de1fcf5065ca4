"""Lists what is in networks: infos, vectors, transmissions and transformations, network by network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from chalicelib.model import keys
from chalicelib.operations.network.failure_marks import FailureMarks
from chalicelib.operations.shared.context import Context

from .listing import (
    COST_OF_QUERY,
    NO_FILTER,
    Listing,
    Looked,
    RecordFilter,
    batch_size,
    collect,
    contains,
    read_cursor,
    require_limit,
    write_cursor,
)
from .network_lists import located, marks_of, own_failure, roots_from
from .record_rows import InfoRow, RecordRow, TransformationRow, TransmissionRow, VectorRow
from .row_reading import Item, read_row, stored_names

Row = TypeVar("Row", bound=RecordRow)


@dataclass(frozen=True, slots=True)
class NetworkRecordList(Generic[Row]):
    """Lists the records of a kind, which are stored in the collections of their networks."""

    name: str
    row: type[Row]
    #: The prefix of the keys at one node, and at all nodes.
    at_node: Callable[[int], str]
    in_network: str
    #: What the key contains; tells one end of a vector from the other.
    place: str
    #: The ids that a search looks at.
    searched: tuple[str, ...] = ("id",)

    def __call__(
        self,
        ctx: Context,
        record_filter: RecordFilter = NO_FILTER,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Listing[Row]:
        """Return records, network by network; those of a node, where vectors are at both of their ends."""
        require_limit(limit)
        record_filter = located(record_filter)
        return collect(_look(ctx, self, record_filter, cursor, batch_size(record_filter, limit)), limit)


list_infos: Final = NetworkRecordList(
    "info", InfoRow, keys.info_prefix, keys.OF_NODES, keys.AN_INFO, ("id", "origin_id")
)
list_vectors: Final = NetworkRecordList(
    "vector",
    VectorRow,
    keys.vectors_of,
    keys.OF_NODES,
    keys.AN_INCOMING_VECTOR,
    ("id", "origin_id", "destination_id"),
)
list_transformations: Final = NetworkRecordList(
    "transformation",
    TransformationRow,
    keys.transformations_of,
    keys.OF_NODES,
    keys.A_TRANSFORMATION,
    ("id", "info_in_id", "info_out_id"),
)
#: Those that a node has received: they are stored with it.
list_transmissions: Final = NetworkRecordList(
    "transmission",
    TransmissionRow,
    keys.to,
    keys.TO_NODES,
    "",
    ("id", "info_id", "vector_id", "origin_id", "destination_id"),
)


def _look(
    ctx: Context, kind: NetworkRecordList[Row], record_filter: RecordFilter, cursor: str | None, batch: int
) -> Iterator[Looked[Row]]:
    node_id = record_filter.node_id
    network_id = record_filter.network_id if node_id is None else keys.network_of(node_id)
    first, after = None, ""
    if cursor is not None:
        (first,), after = read_cursor(cursor, 1)
        if not after:
            first += 1
    prefix = kind.in_network if node_id is None else kind.at_node(node_id)
    for root in roots_from(ctx, network_id, first, batch):
        begins_after = after if after and root["id"] == first else None
        yield from _in_network(ctx, kind, record_filter, root, prefix, begins_after, batch)
        yield Looked(write_cursor(root["id"], ""), None, cost=COST_OF_QUERY, is_record=False)


def _in_network(
    ctx: Context,
    kind: NetworkRecordList[Row],
    record_filter: RecordFilter,
    root: Item,
    prefix: str,
    after: str | None,
    batch: int,
) -> Iterator[Looked[Row]]:
    marks, published = marks_of(ctx, root), root.get("pub", 0)
    fields = stored_names(kind.row)
    while True:
        page = ctx.uow.page(
            keys.partition(root["id"]), prefix=prefix, after=after, limit=batch, fields=fields
        )
        for item in page.items:
            is_shown = _is_of(kind, record_filter, item) and item.get("s", 0) <= published
            row = _row(kind, record_filter, item, marks) if is_shown else None
            yield Looked(write_cursor(root["id"], item["sk"]), row)
        if page.after is None:
            return
        after = page.after


def _is_of(kind: NetworkRecordList[Row], record_filter: RecordFilter, item: Item) -> bool:
    """Whether an item is a record of the kind; a vector is stored at both ends, and listed once."""
    if item["kind"] != kind.name:
        return False
    return record_filter.node_id is not None or kind.place in item["sk"]


def _row(
    kind: NetworkRecordList[Row], record_filter: RecordFilter, item: Item, marks: FailureMarks
) -> Row | None:
    if not (
        record_filter.type in (None, item.get("type"))
        and record_filter.status in (None, item.get("status"))
        and (record_filter.text is None or contains(record_filter.text, *_ids(kind, item)))
    ):
        return None
    row = read_row(kind.row, item, **own_failure(kind.name, item, marks))
    return row if record_filter.failed in (None, row.failed) else None


def _ids(kind: NetworkRecordList[Row], item: Item) -> tuple[Any, ...]:
    return tuple(item.get(name) for name in kind.searched)
