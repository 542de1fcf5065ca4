"""Reads the tables of classes: their settings, members, assignments, and points given in gradebooks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from chalicelib.export.table_schema import (
    ASSIGNMENTS,
    CLASS_COLUMNS,
    CLASS_MEMBERS,
    GRADEBOOK,
    STUDY_CLASSES,
    Row,
)
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
#: What a class, and a member, has where its item lacks a field.
_CLASS_DEFAULTS: Final[Mapping[str, Any]] = {
    "time_zone": "UTC",
    "is_open": True,
    "asks_email": True,
    "asks_student_number": False,
    "created_by": "",
}
_MEMBER_DEFAULTS: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("name", "email", "student_number"), ""),
    "source": "code",
}


def class_numbers(engine: Engine) -> list[int]:
    """Return the numbers of the classes of a run."""
    return [int(item["number"]) for item in engine.query(keys.CLASSES)]


def class_tables(engine: Engine) -> tuple[str, ...]:
    """Return the tables of classes that the export of a run has: those that can have a row."""
    numbers = class_numbers(engine)
    if not numbers:
        return ()
    has_assignments = bool(engine.get([keys.gradebook(number) for number in numbers]))
    graded = (ASSIGNMENTS, GRADEBOOK) if has_assignments else ()
    return (STUDY_CLASSES, CLASS_MEMBERS, *graded)


def class_rows(engine: Engine, class_number: int) -> Iterator[tuple[str, Row]]:
    """Yield the settings of a class as a row, with its sort key."""
    key = keys.study_class(class_number)
    for item in engine.get([key]).values():
        row = {name: item.get(name, _CLASS_DEFAULTS.get(name)) for name in CLASS_COLUMNS[STUDY_CLASSES]}
        row |= {"class_number": class_number, "fee": Decimal(item["fee"]) if item.get("fee") else None}
        row |= {"created_at": item.get("created"), "archived_at": item.get("archived")}
        row["instructors"] = json.dumps(item.get("instructors", []), ensure_ascii=False)
        # A class has no first or last day where these are empty texts.
        row |= {name: item.get(name) or None for name in ("starts", "ends")}
        yield key[1], row


def class_member_rows(engine: Engine, class_number: int) -> Iterator[tuple[str, Row]]:
    """Yield the members of a class as rows, each with its sort key; those who have left too."""
    for item in engine.query(keys.class_members(class_number)):
        row = {name: item.get(name, _MEMBER_DEFAULTS.get(name)) for name in CLASS_COLUMNS[CLASS_MEMBERS]}
        charge = item.get("fee_paid", "")
        row |= {"member": item["seat"], "fee_paid": bool(charge), "charge": charge}
        row |= {"joined_at": item.get("joined"), "left_at": item.get("left")}
        row |= {"link_sent_at": item.get("link_sent"), "last_day": item.get("last_day") or None}
        yield item["sk"], row


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


def _participants(engine: Engine, class_number: int) -> dict[str, int]:
    """Return the participants of a class, by seat."""
    members: Iterator[Item] = engine.query(keys.class_members(class_number))
    return {item["seat"]: item["participant_id"] for item in members if item.get("participant_id")}
