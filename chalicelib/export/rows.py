"""Streams the rows of tables from an engine, with at most one page in memory."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from chalicelib.model import keys
from chalicelib.model.node import NETWORK_SPAN
from chalicelib.model.participant import HAND_BONUSES, VISIT
from chalicelib.model.question import PARTICIPANT_SPAN
from chalicelib.model.run_records import payment_kinds
from chalicelib.operations.network.failure_marks import FailureMarks, failure
from chalicelib.storage.engine import Engine, Item, Key
from chalicelib.storage.record_mapping import KINDS, MONEY, STORED_AS

from .study_spool import events_of, grades_of, responses_of, uploads_of
from .study_tables import event_rows, page_rows, response_rows, upload_rows
from .table_schema import COLUMNS, EVENTS, PAGE_TIMES, RESPONSES, UPLOADS, Row, columns_of

#: Items read in one call, which is DynamoDB's limit.
AT_ONCE: Final = 100
#: Objects that an item without them has empty.
OBJECTS: Final = ("details", "entry_information")


def rows(engine: Engine, table: str) -> Iterator[Row]:
    """Yield a table's rows in a fixed order: columns by name, with the values that `as_json` gives.

    Moments are ISO 8601 texts, money is Decimal, `details` and `entry_information` are objects. What
    a large commit has staged and not published is left out. NotFound for an unknown table.
    """
    columns_of(table)
    return READERS[table](engine)


def _got(engine: Engine, wanted: Iterable[Key]) -> Iterator[Item]:
    """Return items in the order of their keys; missing ones are left out."""
    remaining = iter(wanted)
    while some := list(islice(remaining, AT_ONCE)):
        found = engine.get(some)
        yield from (found[key] for key in some if key in found)


def _shaped(kind: str, item: Item, above: Mapping[str, Any] | None = None) -> Row:
    object_type = KINDS[kind].object_type
    row = {name: item.get(STORED_AS.get(name, name)) for name in COLUMNS[kind]}
    row.update(failure(kind, item, above))
    if "object_type" in row:
        row["object_type"] = object_type
    for name in OBJECTS:
        if name in row and row[name] is None:
            row[name] = {}
    for name in MONEY:
        stored = row.get(name)
        if stored is not None:
            row[name] = Decimal(stored)
    return row


# -- networks and what lies in them -------------------------------------------------------------


def roots(engine: Engine) -> Iterator[Item]:
    """Yield the roots of published networks, in order of id."""
    published = 0
    for item in engine.query(keys.NETWORKS):
        if item["kind"] == "networks_header":
            published = item.get("pub", 0)
        elif item.get("s", 0) <= published:
            yield item


def nodes_of(engine: Engine, root: Item) -> Iterator[Item]:
    """Yield a network's nodes in order; their ids follow from its counter."""
    first = root["id"] * NETWORK_SPAN + 1
    return _got(engine, map(keys.node, range(first, first + root.get("last_node", 0))))


def _marks(engine: Engine, root: Item) -> FailureMarks:
    return FailureMarks(root, lambda wanted: _got(engine, wanted))


def _networks(engine: Engine) -> Iterator[Row]:
    for root in roots(engine):
        row = _shaped("network", root)
        row["full"] = bool(root.get("full"))
        row.update(_counts(engine, root))
        yield row


def _counts(engine: Engine, root: Item) -> Row:
    """Add up the counts of the nodes, as the network's own properties do."""
    all_failed = _marks(engine, root).network_has_failed
    pending = completed = failed = 0
    for node in nodes_of(engine, root):
        infos = node.get("n_infos", 0)
        failed += node.get("n_failed_infos", 0)
        if all_failed or node.get("failed"):
            failed += infos
        else:
            completed += infos
            pending += not has_answered(node)
    alive = 0 if all_failed else root.get("n_alive", 0)
    return {
        "n_pending_infos": pending,
        "n_completed_infos": completed,
        "n_failed_infos": failed,
        "n_alive_nodes": alive,
        "n_failed_nodes": root.get("last_node", 0) - alive,
    }


def has_answered(node: Item) -> bool:
    """Whether no participant waits for this node; a source, which has no participant, has always answered."""
    return bool(node.get("answered")) or node.get("participant_id") is None


def _nodes(engine: Engine) -> Iterator[Row]:
    for root in roots(engine):
        marks = _marks(engine, root)
        for item in nodes_of(engine, root):
            yield _shaped("node", item, marks.above("node", item))


def _things(kind: str, prefix: str, place: str = "") -> Callable[[Engine], Iterator[Row]]:
    """Make the reader of things that lie at nodes; `place` tells one end of a vector from the other."""

    def read(engine: Engine) -> Iterator[Row]:
        for root in roots(engine):
            marks, published = _marks(engine, root), root.get("pub", 0)
            for item in engine.query(keys.partition(root["id"]), prefix):
                if item["kind"] == kind and place in item["sk"] and item.get("s", 0) <= published:
                    yield _shaped(kind, item, marks.above(kind, item))

    return read


# -- people and reports -------------------------------------------------------------------------


def participants_stored(engine: Engine) -> Iterator[Item]:
    """Yield participants in order; they are numbered by one counter, with gaps."""
    counter = engine.get([keys.counter("participant")]).get(keys.counter("participant"))
    newest = counter["v"] if counter else 0
    return _got(engine, map(keys.participant, range(1, newest + 1)))


def ids_stored(engine: Engine) -> Iterator[str]:
    """Yield the recruiters' ids that belong to no participant: HITs, studies, links, reports of strangers."""
    stored = engine.get([keys.EXPERIMENT]).get(keys.EXPERIMENT, {})
    for facts in stored.get("recruiters", {}).values():
        for offer in [*facts.get("hits", ()), *facts.get("studies", ())]:
            yield str(offer["id"])
        for workers in facts.get("openings", {}).values():
            yield from map(str, workers)
    for row in _notifications(engine):
        yield str(row["assignment_id"] or "")
        yield str((row["details"] or {}).get("hit_id") or "")


def _participants(engine: Engine) -> Iterator[Row]:
    for item in participants_stored(engine):
        row = _shaped("participant", item)
        worker_id, assignment_id = row["worker_id"], row["assignment_id"]
        if worker_id is not None and assignment_id is not None:
            row["unique_id"] = f"{worker_id}:{assignment_id}"
        yield row


def _questions(engine: Engine) -> Iterator[Row]:
    def wanted() -> Iterator[Key]:
        for person in participants_stored(engine):
            first = person["id"] * PARTICIPANT_SPAN + 1
            for question_id in range(first, first + person.get("last_question", 0)):
                yield keys.question(person["id"], question_id)

    return (_shaped("question", item) for item in _got(engine, wanted()))


def _payments(engine: Engine) -> Iterator[Row]:
    def wanted() -> Iterator[Key]:
        for person in participants_stored(engine):
            details = person.get("details", {})
            for kind in payment_kinds(int(details.get(VISIT, 1)), int(details.get(HAND_BONUSES, 0))):
                yield keys.payment(person["id"], kind)

    return (_shaped("payment", item) for item in _got(engine, wanted()))


def _notifications(engine: Engine) -> Iterator[Row]:
    shards = [engine.query(keys.notification(shard)[0]) for shard in range(keys.SHARDS)]
    for item in heapq.merge(*shards, key=lambda item: item["sk"]):
        yield _shaped("notification", item)


def _recruitments(engine: Engine) -> Iterator[Row]:
    return (_shaped("recruitment", item) for item in engine.query(keys.RECRUITMENT))


def _responses(engine: Engine) -> Iterator[Item]:
    for person in participants_stored(engine):
        yield from responses_of(engine, person["id"])


def _responses_and_grades(engine: Engine) -> Iterator[Item]:
    for person in participants_stored(engine):
        yield from responses_of(engine, person["id"])
        yield from grades_of(engine, person["id"])


def _events(engine: Engine) -> Iterator[Item]:
    for person in participants_stored(engine):
        yield from events_of(engine, person["id"])


def _uploads(engine: Engine) -> Iterator[Item]:
    for person in participants_stored(engine):
        yield from uploads_of(engine, person["id"])


READERS: Final[dict[str, Callable[[Engine], Iterator[Row]]]] = {
    "network": _networks,
    "node": _nodes,
    "info": _things("info", "at#"),
    "vector": _things("vector", "at#", place="/vec#in#"),
    "transformation": _things("transformation", "at#"),
    "transmission": _things("transmission", "to#"),
    "participant": _participants,
    "question": _questions,
    "payment": _payments,
    "notification": _notifications,
    "recruitment": _recruitments,
    RESPONSES: lambda engine: response_rows(_responses_and_grades(engine)),
    PAGE_TIMES: lambda engine: page_rows(_responses(engine)),
    EVENTS: lambda engine: event_rows(_events(engine)),
    UPLOADS: lambda engine: upload_rows(_uploads(engine)),
}
