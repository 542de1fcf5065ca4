"""Reads the records of classes, from which `petri load` restores them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from chalicelib.export.study_spool import CLASS_COUNT, Record, without_storage
from chalicelib.model import keys
from chalicelib.storage.engine import Engine, Item

#: The fields of a class that say who teaches it, or let people join it.
_PERSONAL: Final = {"join_code": "", "instructors": [], "created_by": ""}
#: Charges and references that are read in one call, which is DynamoDB's limit.
_AT_ONCE: Final = 100


def class_count(engine: Engine) -> Iterator[Record]:
    """Yield how many classes the run has had, if any: the next one gets the number behind."""
    counter = engine.get([keys.STUDY_CLASS_COUNTER]).get(keys.STUDY_CLASS_COUNTER)
    if counter is not None:
        yield {"kind": CLASS_COUNT, "count": counter["v"]}


def records_of_class(engine: Engine, number: int, *, scrub: bool) -> Iterator[Record]:
    """Yield the records of a class: settings and assignments; without `scrub` what its members have too.

    Names, addresses and seats of members, reasons, comments, and the names of those who give points identify
    people, so a shared export has members and points in its tables alone, by participant.
    """
    key = keys.study_class(number)
    for item in engine.get([key]).values():
        record = without_storage(item)
        yield {**record, **_PERSONAL} if scrub else record
    for item in engine.query(keys.class_work(number)):
        if not scrub:
            yield without_storage(item)
        elif not item["sk"].startswith(keys.CLASS_EXCEPTIONS):
            yield {name: value for name, value in without_storage(item).items() if name != "created_by"}
    if not scrub:
        yield from map(without_storage, engine.query(keys.class_points(number)))
        yield from map(without_storage, _items_of_members(engine, number))


def _items_of_members(engine: Engine, number: int) -> Iterator[Item]:
    """Yield the join code, the members, what each of them alone may have, their charges and their part."""
    settings = engine.get([keys.study_class(number)]).values()
    yield from engine.get([keys.class_code(item["join_code"]) for item in settings]).values()
    yield from engine.query(keys.class_identities(number))
    wanted: list[keys.Key] = []
    for member in engine.query(keys.class_members(number)):
        yield member
        wanted += map(keys.class_charge, member.get("charges", ()))
        if member.get("participant_id") is not None:
            wanted.append(keys.class_of_participant(member["participant_id"]))
    for begin in range(0, len(wanted), _AT_ONCE):
        some = wanted[begin : begin + _AT_ONCE]
        found = engine.get(some)
        yield from (found[key] for key in some if key in found)
