"""Reads the records of a study once, into a temporary file from which all of its tables are written.

One pass keeps the tables of a live run consistent with each other, and reads each record of a deployed run
from DynamoDB once. In a shared export, email addresses that participants gave as answers are left out: those
of `email` items, and each value that an embedded page recorded and that is an address.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Self

from chalicelib.model import keys
from chalicelib.storage.engine import UNKNOWN, Engine, Item

from .csv_format import json_text
from .scrub import ADDRESS

#: The items of a study that an export contains, by kind.
PLACE, RESPONSE, GROUP = "place", "response", "study_group"
TRIAL_BATCH, EVENT_BATCH = "trial_batch", "event_batch"
LIVE_ROW, COHORT, VISIT, UPLOAD, GRADE = "live_row", "cohort", "visit", "upload", "grade"
PEER_ANSWER, READ_PAGE, ANNOTATION = "peer_answer", "reading", "annotation"
CLASS_ASSIGNMENT, CLASS_GRADEBOOK = "class_assignment", "gradebook"
DEADLINE_EXCEPTION, GIVEN_POINTS = "deadline_exception", "given_points"
STUDY_CLASS, CLASS_CODE, CLASS_MEMBER = "study_class", "class_code", "class_member"
CLASS_IDENTITY, CLASS_CHARGE, CLASS_REFERENCE = "class_identity", "class_charge", "class_reference"
#: How many classes a run has had; stored as a counter.
CLASS_COUNT: Final = "class_count"
PRACTICE_CARD, REVIEW = "practice_card", "review"
POOLED, SLOT, FREED_SLOT, COMPARED_SLOTS = "pooled", "slot", "freed_slot", "compared_slots"
#: The end of the names under which a place keeps what was drawn, behind the element's path.
DRAWN: Final = " drawn"
#: How many slots a series has; stored as a counter.
SLOT_COUNT: Final = "slot_count"
#: The kind of item whose answers identify people.
EMAIL: Final = "email"
#: The names of answers of embedded pages have a dot, which names of items can't have.
_EMBEDDED: Final = "."
_ADDRESS_ALONE: Final = re.compile(r"\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*")
#: Fields of the storage itself.
_STORAGE: Final = frozenset({"v", "s", "w", "mark", UNKNOWN})

#: What of a private annotation no person reads.
_PRIVATE_WORDS: Final = frozenset({"exact", "prefix", "suffix", "start", "end", "note"})

Record = dict[str, Any]


def responses_of(engine: Engine, participant_id: int) -> Iterator[Item]:
    """Yield a participant's responses, in order."""
    pk, prefix = keys.response(participant_id, 0)[0], keys.RESPONSES
    return (item for item in engine.query(pk, prefix) if item["kind"] == RESPONSE)


def grades_of(engine: Engine, participant_id: int) -> Iterator[Item]:
    """Yield the grades that people have given to a participant's answers, in order."""
    return engine.query(keys.place(participant_id)[0], keys.GRADES)


def events_of(engine: Engine, participant_id: int) -> Iterator[Item]:
    """Yield the batches of events on a participant's pages, in order."""
    return engine.query(keys.place(participant_id)[0], keys.EVENTS)


def uploads_of(engine: Engine, participant_id: int) -> Iterator[Item]:
    """Yield the uploads of a participant that answers refer to."""
    return (item for item in engine.query(*keys.uploads(participant_id)) if item.get("stored_at"))


def readings_of(engine: Engine, participant_id: int) -> Iterator[Item]:
    """Yield what a participant has opened in books, by path."""
    return engine.query(*keys.readings(participant_id))


def reviews_of(engine: Engine, participant_id: int) -> Iterator[Item]:
    """Yield the reviews of a participant who practises, in order."""
    return engine.query(keys.place(participant_id)[0], keys.REVIEWS)


def annotations_by(engine: Engine, participant_id: int) -> Iterator[Item]:
    """Yield the annotations of a participant, by path."""
    return engine.query(keys.place(participant_id)[0], keys.ANNOTATIONS)


def without_private_words(item: Mapping[str, Any]) -> Record:
    """Return an annotation; of one that is for its reader alone, neither the text nor the note."""
    if item.get("visibility") != "private":
        return dict(item)
    return {name: value for name, value in item.items() if name not in _PRIVATE_WORDS}


class StudySource:
    """The records of a study, in the order in which they were read, as often as they are asked for."""

    #: The status of each participant who has a place, by id.
    statuses: Mapping[int, str]

    def __iter__(self) -> Iterator[Record]:
        """Yield each record, as it is stored, with its key and kind; finish one iteration before the next."""
        return iter(())

    def of_kind(self, *kinds: str) -> Iterator[Record]:
        """Yield the records of some kinds."""
        return (record for record in self if record["kind"] in kinds)


class StudyRecords(StudySource):
    """The records of a study in a temporary file; empty for an experiment that isn't a study."""

    def __init__(self) -> None:
        """Begin without records."""
        self._file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - `__exit__` closes it
        self._statuses: dict[int, str] = {}
        self.statuses = self._statuses
        self._has_classes = False

    @classmethod
    def read(
        cls, engine: Engine, people: Iterable[Item], networks: Iterable[Item], *, scrub: bool = False
    ) -> Self:
        """Read all records of a run."""
        records = cls()
        for person in people:
            own = list(records_of_person(engine, person, scrub=scrub))
            if own:
                records._statuses[person["id"]] = person["status"]
            records._add(own)
        # Lazy import: that module imports this one.
        from .classes.class_rows import class_numbers
        from .classes.class_spool import class_count, records_of_class

        classes = class_numbers(engine)
        records._has_classes = bool(classes)
        if records:
            for network in networks:
                records._add(records_of_group(engine, network["id"]))
            records._add(records_of_slots(engine))
            records._add(class_count(engine))
            for number in classes:
                records._add(records_of_class(engine, number, scrub=scrub))
        return records

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __bool__(self) -> bool:
        return bool(self.statuses) or self._has_classes

    def __iter__(self) -> Iterator[Record]:
        """Yield each record, as it is stored, with its key and kind; finish one iteration before the next."""
        self._file.seek(0)
        for line in self._file:
            yield json.loads(line)

    def _add(self, found: Iterable[Record]) -> None:
        self._file.writelines(json_text(record) + "\n" for record in found)


def records_of_person(engine: Engine, person: Item, *, scrub: bool) -> Iterator[Record]:
    """Yield the records of a participant who has a place, which comes after their answers; else nothing."""
    place = engine.get([keys.place(person["id"])]).get(keys.place(person["id"]))
    if place is None:
        return
    addresses: set[str] = set()
    for item in responses_of(engine, person["id"]):
        record = without_storage(item)
        if scrub:
            addresses |= _scrub_response(record)
        yield record
    pk = keys.place(person["id"])[0]
    uploads, grades = uploads_of(engine, person["id"]), grades_of(engine, person["id"])
    for item in engine.query(pk, keys.TRIALS):
        record = without_storage(item)
        if scrub:
            _scrub_trials(record)
        yield record
    yield from map(without_storage, (*grades, *engine.query(pk, keys.EVENTS), *uploads))
    yield from map(without_storage, engine.query(*keys.visits(person["id"])))
    yield from map(without_storage, readings_of(engine, person["id"]))
    yield from map(without_storage, engine.query(*keys.practice_cards(person["id"])))
    yield from map(without_storage, reviews_of(engine, person["id"]))
    for item in annotations_by(engine, person["id"]):
        record = without_storage(item)
        yield without_private_words(record) if scrub else record
    record = without_storage(place)
    # The message that enforces time limits isn't exported; the app records it again.
    record.pop("wake_at", None)
    if scrub:
        _scrub_place(record, addresses)
    yield record
    yield from map(without_storage, _shared_by(engine, person["id"], place))


def _shared_by(engine: Engine, participant_id: int, place: Item) -> Iterator[Item]:
    """Yield what a participant has in collections of the run: a wait, answers for peers, a cohort."""
    waits = keys.pooled(place.get("path", ""), participant_id)
    pooled = engine.get([waits])
    yield from pooled.values()
    shared = [
        keys.peer_answer(item, scope, participant_id, serial)
        for item, scope, serial in place.get("shared", ())
    ]
    yield from engine.get(shared).values()
    cohorts = {place.get("cohort"), pooled.get(waits, {}).get("cohort")}
    # Each cohort is added once, with its first member, whose id its name has.
    own = [keys.cohort(name) for name in cohorts if name and name.endswith(f"#{participant_id}")]
    yield from engine.get(own).values()


def records_of_group(engine: Engine, network_id: int) -> Iterator[Record]:
    """Yield a network's group, if it is one, and the rows of its live elements."""
    group = engine.get([keys.study_group(network_id)])
    yield from map(without_storage, group.values())
    if group:
        yield from map(without_storage, engine.query(keys.live_rows(network_id)))


def records_of_slots(engine: Engine) -> Iterator[Record]:
    """Yield the slots of the designs of a study, and their counts."""
    prefix = keys.slot_count("")[1]
    for counter in list(engine.query(keys.COUNTER, prefix)):
        series = counter["sk"].removeprefix(prefix)
        yield {"kind": SLOT_COUNT, "series": series, "count": counter["v"]}
        for pk in (keys.slot(series, 0)[0], keys.freed_slots(series)):
            for item in engine.query(pk):
                record = without_storage(item)
                if record["kind"] == FREED_SLOT:
                    # When it is stored again, each item begins with its first version.
                    record["slot_version"] = 1
                yield record


def without_storage(item: Item) -> Record:
    """Return an item's own fields, in an order that is the same on every engine."""
    return {name: value for name, value in sorted(item.items()) if name not in _STORAGE}


def _scrub_response(record: Record) -> set[str]:
    """Replace answers that identify people; return the items that asked for them."""
    found = {entry["item"] for entry in record.get("answers", ()) if entry["kind"] == EMAIL}
    if "answers" in record:
        record["answers"] = [
            {**entry, "answer": _scrubbed(entry["item"], entry["answer"], found)}
            if "answer" in entry
            else entry
            for entry in record["answers"]
        ]
    return found


def _scrub_place(record: Record, addresses: set[str]) -> None:
    # The seat of a member of a class is the id in their entry link.
    record.pop("class_seat", None)
    if "answers" in record:
        record["answers"] = {
            scope: {name: _scrubbed(name, value, addresses) for name, value in answers.items()}
            for scope, answers in record["answers"].items()
        }


def _scrub_trials(record: Record) -> None:
    if "trials" in record:
        record["trials"] = _without_addresses(record["trials"])


def _scrubbed(name: str, answer: Any, addresses: set[str]) -> Any:
    if name in addresses:
        return None if answer is None else ADDRESS
    return _without_addresses(answer) if _EMBEDDED in name else answer


def _without_addresses(value: Any) -> Any:
    """Return a value in which each text that is an email address is replaced."""
    if isinstance(value, str):
        return ADDRESS if _ADDRESS_ALONE.fullmatch(value) else value
    if isinstance(value, Mapping):
        return {name: _without_addresses(held) for name, held in value.items()}
    return [_without_addresses(held) for held in value] if isinstance(value, list) else value
