"""Restores the records of a study: places, responses, groups, and slots of conditions.

They are stored as they were exported, under keys that their own fields give, so a file that was edited can't
write anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from chalicelib.errors import NotFound
from chalicelib.export import Export, MalformedTableError
from chalicelib.export.archive import STUDY
from chalicelib.export.study_spool import (
    ANNOTATION,
    CLASS_ASSIGNMENT,
    CLASS_CHARGE,
    CLASS_CODE,
    CLASS_COUNT,
    CLASS_GRADEBOOK,
    CLASS_IDENTITY,
    CLASS_MEMBER,
    CLASS_REFERENCE,
    COHORT,
    COMPARED_SLOTS,
    DEADLINE_EXCEPTION,
    EVENT_BATCH,
    FREED_SLOT,
    GIVEN_POINTS,
    GRADE,
    GROUP,
    LIVE_ROW,
    PEER_ANSWER,
    PLACE,
    POOLED,
    PRACTICE_CARD,
    READ_PAGE,
    RESPONSE,
    REVIEW,
    SLOT,
    SLOT_COUNT,
    STUDY_CLASS,
    TRIAL_BATCH,
    UPLOAD,
    VISIT,
)
from chalicelib.model import keys
from chalicelib.model.keys import Key
from chalicelib.ports import FileStore
from chalicelib.storage.engine import Engine, Item

from .ids import Ids
from .items import item_at
from .writer import Writer

Record = Mapping[str, Any]

#: The key of a record of each kind.
_KEYS: Final[Mapping[str, Callable[[Record], Key]]] = {
    PLACE: lambda record: keys.place(record["participant_id"]),
    RESPONSE: lambda record: _response_key(record["participant_id"], record["serial"], record["sk"]),
    GRADE: lambda record: keys.grade(
        record["participant_id"], record["serial"], record["item"], record["number"]
    ),
    PEER_ANSWER: lambda record: keys.peer_answer(
        record["item"], record["scope"], record["participant_id"], record["serial"]
    ),
    TRIAL_BATCH: lambda record: keys.trial_batch(record["participant_id"], record["serial"], record["first"]),
    EVENT_BATCH: lambda record: keys.event_batch(
        record["participant_id"], record["serial"], record["received_at"]
    ),
    UPLOAD: lambda record: keys.upload(
        record["participant_id"], record["serial"], record["item"], record["sk"].rpartition("#")[2]
    ),
    READ_PAGE: lambda record: keys.reading(record["participant_id"], record["path"]),
    ANNOTATION: lambda record: keys.annotation(record["participant_id"], record["path"], record["name"]),
    STUDY_CLASS: lambda record: keys.study_class(record["number"]),
    CLASS_CODE: lambda record: keys.class_code(record["pk"].removeprefix(keys.class_code("")[0])),
    CLASS_MEMBER: lambda record: keys.class_member(record["class_number"], record["seat"]),
    CLASS_IDENTITY: lambda record: keys.class_identity(
        _number_behind(record, keys.class_identities), record["sk"]
    ),
    CLASS_CHARGE: lambda record: keys.class_charge(record["charge"]),
    CLASS_REFERENCE: lambda record: keys.class_of_participant(_participant_of(record)),
    CLASS_ASSIGNMENT: lambda record: keys.class_assignment(record["class_number"], record["number"]),
    CLASS_GRADEBOOK: lambda record: keys.gradebook(record["class_number"]),
    DEADLINE_EXCEPTION: lambda record: keys.deadline_exception(
        record["class_number"], record["assignment"], record["seat"]
    ),
    GIVEN_POINTS: lambda record: keys.given_points(
        record["class_number"], record["assignment"], record["seat"], record["entry"]
    ),
    PRACTICE_CARD: lambda record: keys.practice_card(record["participant_id"], record["item"]),
    REVIEW: lambda record: keys.review(record["participant_id"], record["serial"], record["item"]),
    GROUP: lambda record: keys.study_group(record["network_id"]),
    COHORT: lambda record: keys.cohort(record["name"]),
    LIVE_ROW: lambda record: keys.live_row(record["network_id"], record["number"]),
    VISIT: lambda record: keys.visit(record["participant_id"], record["number"]),
    POOLED: lambda record: keys.pooled(record["pk"].removeprefix(keys.pool("")), record["participant_id"]),
    SLOT: lambda record: keys.slot(_series(record, keys.slot("", 0)[0]), record["number"]),
    FREED_SLOT: lambda record: keys.freed_slot(_series(record, keys.freed_slots("")), record["number"]),
    COMPARED_SLOTS: lambda record: keys.compared_slots(_series(record, keys.freed_slots(""))),
}
#: The key of a counter of each kind.
_COUNTERS: Final[Mapping[str, Callable[[Record], Key]]] = {
    SLOT_COUNT: lambda record: keys.slot_count(record["series"]),
    CLASS_COUNT: lambda _: keys.STUDY_CLASS_COUNTER,
}
#: The table whose ids a field has.
_REFERENCES: Final = {"participant_id": "participant", "network_id": "network", "node_id": "node"}


def _response_key(participant_id: int, serial: int, sk: str) -> Key:
    """Return where the response of a page is stored, or the result of a timed part that ended with it."""
    result = keys.part_result(participant_id, serial)
    return result if result[1] == sk else keys.response(participant_id, serial)


def _number_behind(record: Record, partition: Callable[[int], str]) -> int:
    """Return the number at the end of a record's partition key."""
    return int(str(record["pk"]).removeprefix(partition(0).removesuffix("0")))


def _participant_of(record: Record) -> int:
    """Return the participant in whose partition a record is stored."""
    return _number_behind(record, lambda number: keys.participant(number)[0])


def _series(record: Record, prefix: str) -> str:
    return str(record["pk"]).removeprefix(prefix)


def check_study(export: Export, ids: Ids) -> None:
    """Check each record of a study; MalformedTableError names the first that can't be restored."""
    seen: set[Key] = set()
    for line, record in export.study_records():
        try:
            key = _key_of(record)
        except (KeyError, TypeError, ValueError, AttributeError):
            key = None
        if key is None or key in seen:
            raise MalformedTableError(STUDY, line, "this isn't a record of a study. Was the file edited?")
        seen.add(key)
        for field, table in _REFERENCES.items():
            is_reference = field == "participant_id" and record["kind"] == CLASS_REFERENCE
            number = _participant_of(record) if is_reference else record.get(field)
            if number is not None and not (isinstance(number, int) and ids.has(table, number)):
                raise MalformedTableError(
                    STUDY, line, f"{field} is {number}, which {table}.csv doesn't have."
                )


def _key_of(record: Record) -> Key | None:
    """Return where a record is stored; None for one that isn't where its fields say."""
    if record["kind"] in _COUNTERS:
        is_count = isinstance(record["count"], int) and record["count"] > 0
        return _COUNTERS[record["kind"]](record) if is_count else None
    key = _KEYS[record["kind"]](record)
    return key if key == (record["pk"], record["sk"]) else None


def write_study(export: Export, engine: Engine, writer: Writer) -> None:
    """Write the records of a study."""
    writer.put_all(_items(export, engine))
    writer.finish()


def restore_files(export: Export, files: FileStore) -> int:
    """Write the files of an export, and return how many; DataError for one that isn't as it was stored."""
    count = 0
    for line, record in export.study_records():
        if record["kind"] != UPLOAD or not export.has_upload(record["reference"]):
            continue
        try:
            files.put(record["reference"], export.upload(record["reference"], record["sha256"]))
        except NotFound as error:
            raise MalformedTableError(STUDY, line, "this isn't the reference of a file.") from error
        count += 1
    return count


def _items(export: Export, engine: Engine) -> Iterator[Item]:
    for _, record in export.study_records():
        if record["kind"] in _COUNTERS:
            engine.increment(_COUNTERS[record["kind"]](record), record["count"])
            continue
        fields = {name: value for name, value in record.items() if name not in ("pk", "sk", "kind")}
        yield item_at((record["pk"], record["sk"]), record["kind"], fields)
