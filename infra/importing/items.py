"""Converts rows to items, each with its own fields, so that everything reads as it was exported."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from chalicelib.export.rows import OBJECTS
from chalicelib.export.table_schema import Row
from chalicelib.model import keys
from chalicelib.model.record import PROPERTIES, iso
from chalicelib.model.statuses import ENDED
from chalicelib.storage.engine import Item, Key
from chalicelib.storage.record_mapping import KINDS, STORED_AS, ledger_line_item

from .structure import structure_of
from .survey import Survey


def item_at(key: Key, kind: str, fields: Row) -> Item:
    """Return a new item at a key."""
    return {"pk": key[0], "sk": key[1], "kind": kind, "v": 1, **fields}


def stored_fields(table: str, row: Row) -> Row:
    """Return a row's stored fields, without those that have a record's default."""
    record = KINDS[table]
    fields: Row = {"id": row["id"], "creation_time": iso(row["creation_time"])}
    if row["failed"]:
        fields["failed"] = True
        fields["time_of_death"] = iso(row["time_of_death"])
        if row["failed_reason"] is not None:
            fields["failed_reason"] = row["failed_reason"]
    for name in (*PROPERTIES, "details", *record.kept_fields):
        value = row.get(name)
        if not (value is None or value is False or value in ({}, [])):
            fields[STORED_AS.get(name, name)] = _stored(value)
        elif value is None and name in row and name not in OBJECTS and not hasattr(record, name):
            # A scrubbed value is stored as None instead of being omitted, because the class has no default
            # for it.
            fields[name] = None
    return fields


def _stored(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    return str(value) if isinstance(value, Decimal) else value


# -- networks and their records -------------------------------------------------------------


def network_item(row: Row, seen: Survey) -> Item:
    """Return a network's root with its counters. Failed records below it have their own fields."""
    tally = seen.networks[row["id"]]
    fields = stored_fields("network", row)
    fields.update(
        n_alive=tally.alive, n_sources=tally.sources, last_node=tally.newest, last_time=iso(tally.last_time)
    )
    if row["failed"]:
        fields["deep"] = False
    item = item_at(keys.root(row["id"]), "network", fields)
    structure = structure_of(item, seen)
    return {**item, "structure": structure} if structure else item


def node_item(row: Row, seen: Survey) -> Item:
    """Return a node with its counters."""
    fields = stored_fields("node", row)
    tally = seen.nodes[row["id"]]
    fields.update(last_thing=tally.newest, n_infos=tally.alive, n_failed_infos=tally.failed)
    if tally.last_time is not None:
        fields["last_time"] = iso(tally.last_time)
    if row["participant_id"] is not None and seen.has_answered(row["id"]):
        fields["answered"] = True
    return item_at(keys.node(row["id"]), "node", fields)


def info_item(row: Row) -> Item:
    """Return an info."""
    return item_at(keys.info(row["id"]), "info", stored_fields("info", row))


def vector_items(row: Row) -> list[Item]:
    """Return a vector's two items, one for each end."""
    places = keys.vector_ends(row["id"], row["origin_id"], row["destination_id"])
    fields = stored_fields("vector", row)
    return [item_at(place, "vector", fields) for place in places]


def transformation_item(row: Row) -> Item:
    """Return a transformation."""
    place = keys.transformation(row["node_id"], row["id"])
    return item_at(place, "transformation", stored_fields("transformation", row))


def transmission_items(row: Row, info: Item) -> list[Item]:
    """Return a transmission with its copy of the info, and its entry at the sender."""
    copy = {name: value for name, value in info.items() if name not in ("pk", "sk", "kind")}
    fields = {**stored_fields("transmission", row), "info": copy}
    place = keys.transmission(row["id"], row["destination_id"])
    note = {"transmission_id": row["id"], "destination_id": row["destination_id"]}
    return [
        item_at(place, "transmission", fields),
        item_at(keys.sent(row["id"], row["origin_id"]), "sent", note),
    ]


# -- participants and notifications -------------------------------------------------------------------------


def participant_items(row: Row, seen: Survey) -> list[Item]:
    """Return a participant with its dependent items, and its entry in the index by status."""
    fields = stored_fields("participant", row)
    node_ids = [node_id for _, node_id in sorted(seen.taken.get(row["id"], ()))]
    if node_ids:
        fields["node_ids"] = node_ids
    tally = seen.participants.get(row["id"])
    if tally is not None:
        fields.update(last_question=tally.newest, last_time=iso(tally.last_time))
    listed = {
        "id": row["id"],
        "status": row["status"],
        "seated": bool(node_ids),
        "recruiter": row["recruiter"],
    }
    place = keys.over(row["id"]) if row["status"] in ENDED else keys.listed(row["id"])
    return [
        item_at(keys.participant(row["id"]), "participant", fields),
        item_at(place, "listed", listed),
    ]


def question_item(row: Row) -> Item:
    """Return a question."""
    return item_at(
        keys.question(row["participant_id"], row["id"]), "question", stored_fields("question", row)
    )


def payment_items(row: Row) -> list[Item]:
    """Return a payment with its line in the ledger."""
    place = keys.payment(row["participant_id"], row["kind"])
    payment = item_at(place, "payment", stored_fields("payment", row))
    return [payment, ledger_line_item(payment)]


def notification_item(row: Row) -> Item:
    """Return a notification."""
    return item_at(keys.notification(row["id"]), "notification", stored_fields("notification", row))


def recruitment_item(row: Row) -> Item:
    """Return a recruitment."""
    return item_at(keys.recruitment(row["id"]), "recruitment", stored_fields("recruitment", row))


class Claims:
    """The participant of each assignment and worker id, against repeated participation; empty if scrubbed."""

    def __init__(self) -> None:
        """Begin without participants."""
        self._assignments: dict[str, int] = {}
        self._workers: dict[str, list[int]] = {}

    def add(self, row: Row) -> None:
        """Add a participant; an assignment belongs to its newest participant."""
        worker_id, assignment_id = row["worker_id"], row["assignment_id"]
        if assignment_id:
            self._assignments[assignment_id] = max(row["id"], self._assignments.get(assignment_id, 0))
        if worker_id and worker_id != str(row["id"]):
            self._workers.setdefault(worker_id, []).append(row["id"])

    def items(self) -> Iterable[Item]:
        """Return the items for the claims."""
        for assignment_id, participant_id in self._assignments.items():
            yield item_at(keys.assignment(assignment_id), "assignment", {"participant_id": participant_id})
        for worker_id, ids in self._workers.items():
            yield item_at(keys.worker(worker_id), "worker", {"participant_ids": sorted(ids)})
