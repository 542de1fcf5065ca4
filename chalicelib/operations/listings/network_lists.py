"""Lists networks, in order, and their nodes, newest first in each network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from chalicelib.errors import NotFound
from chalicelib.model import keys
from chalicelib.model.failing import NODE_SPAN
from chalicelib.model.node import NETWORK_SPAN
from chalicelib.model.record import moment
from chalicelib.operations.network.failure_marks import FailureMarks, failure
from chalicelib.operations.shared.context import Context

from .listing import (
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
from .record_rows import NetworkRow, NodeRow
from .row_reading import Item, read_row, stored_names

ROOT_FIELDS: Final = stored_names(NetworkRow, "n_alive", "last_node", "failed_nodes", "pub")
NODE_FIELDS: Final = stored_names(NodeRow)
#: What is read of a node to count its infos.
COUNT_FIELDS: Final = ("id", "failed", "participant_id", "answered", "n_infos", "n_failed_infos")
#: A list counts the infos of its networks while these have no more nodes than this together.
MOST_COUNTED_IN_LIST: Final = 500
MOST_COUNTED: Final = 5000
#: The most digits of an id.
MOST_DIGITS: Final = 15


def list_networks(
    ctx: Context, record_filter: RecordFilter = NO_FILTER, cursor: str | None = None, limit: int = 50
) -> Listing[NetworkRow]:
    """Return networks in order of id. `status`: `full` or `open`."""
    require_limit(limit)
    after = None if cursor is None else read_cursor(cursor, 0)[1]
    found = collect(_look_at_roots(ctx, record_filter, after, batch_size(record_filter, limit)), limit)
    left = MOST_COUNTED_IN_LIST
    rows = []
    for root in found.rows:
        size = root.get("last_node", 0)
        rows.append(network_row(ctx, root, counts_infos=size <= left))
        left -= min(size, left)
    return Listing(rows, found.next, found.looked_at, found.is_partial)


def list_nodes(
    ctx: Context, record_filter: RecordFilter = NO_FILTER, cursor: str | None = None, limit: int = 50
) -> Listing[NodeRow]:
    """Return nodes by network, and in each the newest first."""
    require_limit(limit)
    return collect(_look_at_nodes(ctx, record_filter, cursor, batch_size(record_filter, limit)), limit)


def located(record_filter: RecordFilter) -> RecordFilter:
    """Return a filter that looks only where a record with the searched id can be."""
    text = record_filter.text or ""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else 0
    if record_filter.network_id is not None or record_filter.node_id is not None or not number:
        return record_filter
    if number < NETWORK_SPAN:
        return record_filter
    if number < NETWORK_SPAN * NODE_SPAN:
        return replace(record_filter, network_id=keys.network_of(number), node_id=number)
    return replace(record_filter, network_id=keys.network_of(keys.node_of(number)))


# -- roots ------------------------------------------------------------------------------------------


def published_root(ctx: Context, network_id: int) -> Item:
    """Return a network's root item; NotFound for one that doesn't exist or isn't published yet."""
    wanted = [keys.root(network_id), keys.HEADER]
    found = ctx.uow.get_fields(wanted, ROOT_FIELDS)
    root = found.get(wanted[0])
    if root is None or root.get("s", 0) > found.get(keys.HEADER, {}).get("pub", 0):
        raise NotFound(f"There is no network {network_id}.", code="network_not_found")
    return root


def roots_from(ctx: Context, network_id: int | None, first: int | None, batch: int) -> Iterator[Item]:
    """Yield the published roots: one, or all in order from a number on."""
    if network_id is not None:
        if first is None or first <= network_id:
            with suppress(NotFound):
                yield published_root(ctx, network_id)
        return
    after = None if first is None else keys.root(first - 1)[1]
    for root in _roots_after(ctx, after, batch):
        if root is not None:
            yield root


def _roots_after(ctx: Context, after: str | None, batch: int) -> Iterator[Item | None]:
    """Yield the roots behind a key; None for what isn't a network, or isn't published."""
    header = ctx.uow.get_fields([keys.HEADER], ("pub",)).get(keys.HEADER, {})
    published = header.get("pub", 0)
    while True:
        page = ctx.uow.page(keys.NETWORKS, after=after, limit=batch, fields=ROOT_FIELDS)
        for item in page.items:
            is_root = item["kind"] == "network" and item.get("s", 0) <= published
            yield item if is_root else None
        if page.after is None:
            return
        after = page.after


def _look_at_roots(
    ctx: Context, record_filter: RecordFilter, after: str | None, batch: int
) -> Iterator[Looked[Item]]:
    text = record_filter.text or ""
    wanted = record_filter.network_id
    if wanted is None and text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS:
        wanted = int(text)
    if wanted is not None:
        roots: Iterator[Item | None] = roots_from(ctx, wanted, None, batch)
    else:
        roots = _roots_after(ctx, after, batch)
    for root in roots:
        if root is not None:
            is_found = _matches_root(record_filter, root)
            yield Looked(write_cursor(root["sk"]), root if is_found else None)


def _matches_root(record_filter: RecordFilter, root: Item) -> bool:
    status = "full" if root.get("full") else "open"
    return (
        record_filter.status in (None, status)
        and record_filter.type in (None, root.get("type"), root.get("role"))
        and record_filter.failed in (None, bool(root.get("failed")))
        and (record_filter.text is None or contains(record_filter.text, root["id"]))
    )


def marks_of(ctx: Context, root: Item) -> FailureMarks:
    """Return the marks of failure that apply to the records of a network."""
    return FailureMarks(root, lambda wanted: ctx.uow.get_fields(wanted, NODE_FIELDS).values())


def network_row(ctx: Context, root: Item, *, counts_infos: bool) -> NetworkRow:
    """Return a network's row; its infos are counted only if asked, since that reads all of its nodes."""
    has_failed = bool(root.get("failed") and root.get("deep", True))
    alive = 0 if has_failed else root.get("n_alive", 0)
    own: dict[str, Any] = {
        "full": bool(root.get("full")),
        "n_alive_nodes": alive,
        "n_failed_nodes": root.get("last_node", 0) - alive,
    }
    if counts_infos:
        own |= _info_counts(ctx, root, has_failed=has_failed)
    return read_row(NetworkRow, root, **own)


def _info_counts(ctx: Context, root: Item, *, has_failed: bool) -> dict[str, int]:
    pending = completed = failed = 0
    for node in ctx.uow.get_fields(map(keys.node, _node_ids(root)), COUNT_FIELDS).values():
        infos = node.get("n_infos", 0)
        failed += node.get("n_failed_infos", 0)
        if has_failed or node.get("failed"):
            failed += infos
        else:
            completed += infos
            pending += not (node.get("answered") or node.get("participant_id") is None)
    return {"n_pending_infos": pending, "n_completed_infos": completed, "n_failed_infos": failed}


# -- nodes ------------------------------------------------------------------------------------------


def _node_ids(root: Item, newest: int | None = None) -> range:
    """Return the ids of a network's nodes, newest first."""
    first = root["id"] * NETWORK_SPAN
    last = first + root.get("last_node", 0)
    return range(last if newest is None else min(last, newest), first, -1)


def _look_at_nodes(
    ctx: Context, record_filter: RecordFilter, cursor: str | None, batch: int
) -> Iterator[Looked[NodeRow]]:
    network_id, newest = located(record_filter).network_id, None
    first = None
    if cursor is not None:
        (last,), _ = read_cursor(cursor, 1)
        first, newest = keys.network_of(last), last - 1
    for root in roots_from(ctx, network_id, first, batch):
        marks = marks_of(ctx, root)
        ids = _node_ids(root, newest if root["id"] == first else None)
        for start in range(0, len(ids), batch):
            some = ids[start : start + batch]
            stored = ctx.uow.get_fields(map(keys.node, some), NODE_FIELDS)
            for node_id in some:
                item = stored.get(keys.node(node_id))
                yield _looked_node(record_filter, node_id, item, marks)
        # The end of a network: a run of empty networks is looked at, too.
        yield Looked(write_cursor(root["id"] * NETWORK_SPAN, ""), None, is_record=False)


def _looked_node(
    record_filter: RecordFilter, node_id: int, item: Item | None, marks: FailureMarks
) -> Looked[NodeRow]:
    is_found = (
        item is not None
        and record_filter.type in (None, item.get("type"))
        and (record_filter.participant_id in (None, item.get("participant_id")))
        and (record_filter.text is None or contains(record_filter.text, node_id))
    )
    row = node_row(item, marks) if item is not None and is_found else None
    if row is not None and record_filter.failed not in (None, row.failed):
        row = None
    return Looked(write_cursor(node_id, ""), row, is_record=item is not None)


def node_row(item: Item, marks: FailureMarks) -> NodeRow:
    """Return a node's row."""
    return read_row(NodeRow, item, **own_failure("node", item, marks))


def own_failure(kind: str, item: Item, marks: FailureMarks) -> dict[str, Any]:
    """Return whether, why and when a record has failed, alone or with its node or network."""
    found = failure(kind, item, marks.above(kind, item))
    return {**found, "time_of_death": moment(found["time_of_death"])}
