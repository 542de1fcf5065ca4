"""Streams the rows of tables from an engine, with at most one page in memory.

`chunks` yields them in chunks, each with the position behind it, from which a later call continues: an export
job reads a table in several parts.
"""

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

from .classes.class_rows import (
    assignment_rows,
    class_member_rows,
    class_numbers,
    class_rows,
    gradebook_rows,
)
from .materials.asset_table import rows_of_assets
from .study_spool import (
    annotations_by,
    events_of,
    grades_of,
    readings_of,
    responses_of,
    reviews_of,
    uploads_of,
)
from .study_tables import FIXED_ROWS
from .table_schema import (
    ANNOTATIONS,
    ASSETS,
    ASSIGNMENTS,
    CLASS_MEMBERS,
    COLUMNS,
    EVENTS,
    GRADEBOOK,
    MESSAGES,
    PAGE_TIMES,
    READING,
    RECEIPTS,
    RESPONSES,
    REVIEWS,
    STUDY_CLASSES,
    UPLOADS,
    Row,
    columns_of,
)

#: Items read in one call, which is DynamoDB's limit.
AT_ONCE: Final = 100
#: Items of a collection that make one chunk of rows.
CHUNK: Final = 500
#: Where a table is continued: ids and the sort keys of items.
Position = list[Any]
#: Some rows of a table, and the position behind them.
Chunk = tuple[Position, list[Row]]
#: Objects that an item without them has empty.
OBJECTS: Final = ("details", "entry_information")


def rows(engine: Engine, table: str) -> Iterator[Row]:
    """Yield a table's rows in a fixed order: columns by name, with the values that `as_json` gives.

    Moments are ISO 8601 texts, money is Decimal, `details` and `entry_information` are objects. What
    a large commit has staged and not published is left out. NotFound for an unknown table.
    """
    columns_of(table)
    if table in CHUNK_READERS:
        return (row for _, some in CHUNK_READERS[table](engine, None) for row in some)
    return _study_rows(engine, table)


def chunks(engine: Engine, table: str, after: Position | None = None) -> Iterator[Chunk]:
    """Yield the rows of a table that isn't a study's, in the order of `rows`, from a position on."""
    return CHUNK_READERS[table](engine, after)


def pages(engine: Engine, pk: str, prefix: str = "", after: str | None = None) -> Iterator[list[Item]]:
    """Yield the items of a collection behind a sort key, a page at a time."""
    while True:
        page = engine.page(pk, prefix=prefix, after=after, limit=CHUNK)
        if page.items:
            yield page.items
        if page.after is None:
            return
        after = page.after


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


def roots(engine: Engine, since: int = 0) -> Iterator[Item]:
    """Yield the roots of published networks, in order of id, from the network with the id `since` on."""
    header = engine.get([keys.HEADER]).get(keys.HEADER, {})
    published = header.get("pub", 0)
    # "#" is the header, and sorts before all numbers.
    after = keys.HEADER[1] if since == 0 else keys.root(since - 1)[1]
    for some in pages(engine, keys.NETWORKS, after=after):
        yield from (item for item in some if item["kind"] == "network" and item.get("s", 0) <= published)


def nodes_of(engine: Engine, root: Item, since: int = 1) -> Iterator[Item]:
    """Yield a network's nodes in order, from a number on; their ids follow from its counter."""
    first = root["id"] * NETWORK_SPAN
    return _got(engine, map(keys.node, range(first + since, first + root.get("last_node", 0) + 1)))


def _marks(engine: Engine, root: Item) -> FailureMarks:
    return FailureMarks(root, lambda wanted: _got(engine, wanted))


def _networks(engine: Engine, after: Position | None) -> Iterator[Chunk]:
    for root in roots(engine, after[0] + 1 if after else 0):
        row = _shaped("network", root)
        row["full"] = bool(root.get("full"))
        row.update(_counts(engine, root))
        yield [root["id"]], [row]


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


def _nodes(engine: Engine, after: Position | None) -> Iterator[Chunk]:
    network, number = after or (0, 0)
    for root in roots(engine, network):
        marks = _marks(engine, root)
        nodes = nodes_of(engine, root, number + 1 if root["id"] == network else 1)
        while some := list(islice(nodes, AT_ONCE)):
            rows_of_nodes = [_shaped("node", item, marks.above("node", item)) for item in some]
            yield [root["id"], some[-1]["id"] % NETWORK_SPAN], rows_of_nodes


def _things(kind: str, prefix: str, place: str = "") -> Callable[[Engine, Position | None], Iterator[Chunk]]:
    """Make the reader of things that lie at nodes; `place` tells one end of a vector from the other."""

    def read(engine: Engine, after: Position | None) -> Iterator[Chunk]:
        network, last = after or (0, None)
        for root in roots(engine, network):
            marks, published = _marks(engine, root), root.get("pub", 0)
            begin = last if root["id"] == network else None
            for items in pages(engine, keys.partition(root["id"]), prefix, begin):
                found = [
                    _shaped(kind, item, marks.above(kind, item))
                    for item in items
                    if item["kind"] == kind and place in item["sk"] and item.get("s", 0) <= published
                ]
                yield [root["id"], items[-1]["sk"]], found

    return read


# -- people and reports -------------------------------------------------------------------------


def participants_stored(engine: Engine, since: int = 1) -> Iterator[Item]:
    """Yield participants in order, from an id on; they are numbered by one counter, with gaps."""
    counter = engine.get([keys.counter("participant")]).get(keys.counter("participant"))
    newest = counter["v"] if counter else 0
    return _got(engine, map(keys.participant, range(since, newest + 1)))


def _people(engine: Engine, after: Position | None) -> Iterator[tuple[Position, list[Item]]]:
    """Yield participants, as many at once as one call reads."""
    people = participants_stored(engine, after[0] + 1 if after else 1)
    while some := list(islice(people, AT_ONCE)):
        yield [some[-1]["id"]], some


def ids_stored(engine: Engine) -> Iterator[str]:
    """Yield the recruiters' ids that belong to no participant: HITs, studies, links, reports of strangers."""
    stored = engine.get([keys.EXPERIMENT]).get(keys.EXPERIMENT, {})
    for facts in stored.get("recruiters", {}).values():
        for offer in [*facts.get("hits", ()), *facts.get("studies", ())]:
            yield str(offer["id"])
        for workers in facts.get("openings", {}).values():
            yield from map(str, workers)
    for _, some in _notifications(engine, None):
        for row in some:
            yield str(row["assignment_id"] or "")
            yield str((row["details"] or {}).get("hit_id") or "")


def _participants(engine: Engine, after: Position | None) -> Iterator[Chunk]:
    for position, people in _people(engine, after):
        yield position, list(map(_participant, people))


def _participant(item: Item) -> Row:
    row = _shaped("participant", item)
    worker_id, assignment_id = row["worker_id"], row["assignment_id"]
    if worker_id is not None and assignment_id is not None:
        row["unique_id"] = f"{worker_id}:{assignment_id}"
    return row


def _questions(engine: Engine, after: Position | None) -> Iterator[Chunk]:
    def asked(person: Item) -> Iterator[Key]:
        first = person["id"] * PARTICIPANT_SPAN + 1
        for question_id in range(first, first + person.get("last_question", 0)):
            yield keys.question(person["id"], question_id)

    return _of_people(engine, after, "question", asked)


def _payments(engine: Engine, after: Position | None) -> Iterator[Chunk]:
    def owed(person: Item) -> Iterator[Key]:
        details = person.get("details", {})
        for kind in payment_kinds(int(details.get(VISIT, 1)), int(details.get(HAND_BONUSES, 0))):
            yield keys.payment(person["id"], kind)

    return _of_people(engine, after, "payment", owed)


def _of_people(
    engine: Engine, after: Position | None, kind: str, of_person: Callable[[Item], Iterator[Key]]
) -> Iterator[Chunk]:
    """Yield the rows of records whose keys follow from those of their participants."""
    for position, people in _people(engine, after):
        wanted = (key for person in people for key in of_person(person))
        yield position, [_shaped(kind, item) for item in _got(engine, wanted)]


def _notifications(engine: Engine, after: Position | None) -> Iterator[Chunk]:
    last = after[0] if after else None
    shards = [
        (item for some in pages(engine, keys.notification(shard)[0], after=last) for item in some)
        for shard in range(keys.SHARDS)
    ]
    merged = heapq.merge(*shards, key=lambda item: item["sk"])
    while some := list(islice(merged, CHUNK)):
        yield [some[-1]["sk"]], [_shaped("notification", item) for item in some]


def _recruitments(engine: Engine, after: Position | None) -> Iterator[Chunk]:
    for some in pages(engine, keys.RECRUITMENT, after=after[0] if after else None):
        yield [some[-1]["sk"]], [_shaped("recruitment", item) for item in some]


# -- messages to participants -------------------------------------------------------------------


def has_messages(engine: Engine) -> bool:
    """Whether people who manage the run have written to participants."""
    return keys.MESSAGES_HEADER in engine.get([keys.MESSAGES_HEADER])


def _messages(engine: Engine, after: Position | None) -> Iterator[Chunk]:
    # "#" is the header, and sorts before all numbers.
    for some in pages(engine, keys.MESSAGES, after=after[0] if after else keys.MESSAGES_HEADER[1]):
        yield [some[-1]["sk"]], [{name: item[name] for name in COLUMNS[MESSAGES]} for item in some]


def _receipts(engine: Engine, after: Position | None) -> Iterator[Chunk]:
    number, last = after or (1, None)
    header = engine.get([keys.MESSAGES_HEADER]).get(keys.MESSAGES_HEADER, {})
    for message in range(number, header.get("last", 0) + 1):
        begin = last if message == number else None
        for some in pages(engine, keys.message_receipts(message), after=begin):
            rows_of_message = [
                {
                    "message_id": message,
                    "participant_id": item["participant_id"],
                    "seen": item["seen"],
                    "closed": item.get("closed"),
                }
                for item in some
            ]
            yield [message, some[-1]["sk"]], rows_of_message


# -- assets -----------------------------------------------------------------------


def _assets(engine: Engine, after: Position | None) -> Iterator[Chunk]:
    for some in pages(engine, keys.ASSET_NAMES, after=after[0] if after else None):
        yield [some[-1]["sk"]], list(rows_of_assets(engine, some))


# -- classes ----------------------------------------------------------------------


def _of_classes(
    read: Callable[[Engine, int], Iterator[tuple[str, Row]]],
) -> Callable[[Engine, Position | None], Iterator[Chunk]]:
    """Make the reader of a table whose rows lie at classes: a class is read at once."""

    def found(engine: Engine, after: Position | None) -> Iterator[Chunk]:
        number, last = after or (0, "")
        for one in class_numbers(engine):
            if one < number:
                continue
            own = (pair for pair in read(engine, one) if one > number or pair[0] > last)
            while some := list(islice(own, CHUNK)):
                yield [one, some[-1][0]], [row for _, row in some]

    return found


def _responses_and_grades(engine: Engine, participant_id: int) -> Iterator[Item]:
    yield from responses_of(engine, participant_id)
    yield from grades_of(engine, participant_id)


CHUNK_READERS: Final[dict[str, Callable[[Engine, Position | None], Iterator[Chunk]]]] = {
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
    MESSAGES: _messages,
    RECEIPTS: _receipts,
    ASSETS: _assets,
    STUDY_CLASSES: _of_classes(class_rows),
    CLASS_MEMBERS: _of_classes(class_member_rows),
    ASSIGNMENTS: _of_classes(assignment_rows),
    GRADEBOOK: _of_classes(gradebook_rows),
}
#: The records of a participant that a table of a study is made of; an export makes it from the records
#: that it has read once (`study_spool.py`).
_RECORDS: Final[dict[str, Callable[[Engine, int], Iterator[Item]]]] = {
    RESPONSES: _responses_and_grades,
    PAGE_TIMES: responses_of,
    EVENTS: events_of,
    UPLOADS: uploads_of,
    READING: readings_of,
    ANNOTATIONS: annotations_by,
    REVIEWS: reviews_of,
}


def _study_rows(engine: Engine, table: str) -> Iterator[Row]:
    """Yield the rows of a table of a study whose columns are fixed."""
    found = (item for one in participants_stored(engine) for item in _RECORDS[table](engine, one["id"]))
    return FIXED_ROWS[table][1](found)
