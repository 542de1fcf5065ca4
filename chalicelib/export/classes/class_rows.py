"""Reads the assignments of classes, and the points that people have given in their gradebooks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from chalicelib.export.study_spool import Record, without_storage
from chalicelib.export.table_schema import ASSIGNMENTS, CLASS_COLUMNS, GRADEBOOK, Row
from chalicelib.model import keys
from chalicelib.storage.engine import Engine, Item

#: What an assignment has where its item lacks a field.
_DEFAULTS: Final[Mapping[str, Any]] = {
    "enforced": False,
    "pause": True,
    "feedback": True,
    "counts": "best",
    "grading": "rule",
    "weight": "1",
}


def class_numbers(engine: Engine) -> list[int]:
    """Return the numbers of the classes of a run."""
    return [int(item["number"]) for item in engine.query(keys.CLASSES)]


def has_assignments(engine: Engine) -> bool:
    """Whether a class of the run has had an assignment."""
    books = [keys.gradebook(number) for number in class_numbers(engine)]
    return any(True for _ in engine.get(books)) if books else False


def assignment_rows(engine: Engine, class_number: int) -> Iterator[tuple[str, Row]]:
    """Yield the assignments of a class as rows, each with its sort key."""
    for item in engine.query(keys.class_work(class_number), keys.CLASS_TASKS):
        row = {name: item.get(name, _DEFAULTS.get(name)) for name in CLASS_COLUMNS[ASSIGNMENTS]}
        parts = item.get("parts", [])
        row["possible"] = sum((Decimal(points) for _, _, points in parts), Decimal(0))
        row["parts"] = json.dumps(parts, ensure_ascii=False)
        row["weight"] = Decimal(str(row["weight"]))
        yield item["sk"], row


def gradebook_rows(engine: Engine, class_number: int) -> Iterator[tuple[str, Row]]:
    """Yield the points that people have given to members who have begun, each with its sort key."""
    members = _participants(engine, class_number)
    for item in engine.query(keys.class_points(class_number)):
        participant_id = members.get(item["seat"])
        if participant_id is None:
            continue
        row = {name: item.get(name) for name in CLASS_COLUMNS[GRADEBOOK]}
        row["participant_id"], row["comment"] = participant_id, item.get("comment", "")
        row["points"] = None if row["points"] is None else Decimal(row["points"])
        yield item["sk"], row


def records_of_class_work(engine: Engine, *, scrub: bool) -> Iterator[Record]:
    """Yield the assignments of all classes; without `scrub`, exceptions and points of members too.

    Seats, names of those who give points, reasons and comments identify people, so a shared export has the
    points in its table alone, with the participant's id.
    """
    for number in class_numbers(engine):
        for item in engine.query(keys.class_work(number)):
            if not scrub or not item["sk"].startswith(keys.CLASS_EXCEPTIONS):
                yield _shared(without_storage(item), scrub=scrub)
        if not scrub:
            yield from map(without_storage, engine.query(keys.class_points(number)))


def _shared(record: Record, *, scrub: bool) -> Record:
    return {name: value for name, value in record.items() if not (scrub and name == "created_by")}


def _participants(engine: Engine, class_number: int) -> dict[str, int]:
    """Return the participants of a class, by seat."""
    members: Iterator[Item] = engine.query(keys.class_members(class_number))
    return {item["seat"]: item["participant_id"] for item in members if item.get("participant_id")}
