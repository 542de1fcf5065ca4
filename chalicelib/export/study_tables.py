"""The tables of a study: answers and pages in rows, and one row for each participant and group."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, Final

from .study_spool import (
    ANNOTATION,
    DRAWN,
    EVENT_BATCH,
    GRADE,
    GROUP,
    LIVE_ROW,
    PLACE,
    READ_PAGE,
    RESPONSE,
    REVIEW,
    TRIAL_BATCH,
    UPLOAD,
    VISIT,
    Record,
    StudySource,
    without_private_words,
)
from .table_schema import (
    ANNOTATIONS,
    EVENTS,
    GROUPS_WIDE,
    LIVE_ROWS,
    PAGE_TIMES,
    PARTICIPANTS_WIDE,
    READING,
    RESPONSES,
    REVIEWS,
    STUDY_COLUMNS,
    TRIALS,
    UPLOADS,
    WIDE_COLUMNS,
    Row,
)

#: The rounds in a path such as `rounds[2]/branch[then]/propose`.
_ROUNDS: Final = re.compile(r"\[(\d+)\]")
_MARKS: Final = re.compile(r"\[[^\]]*\]")


def response_rows(responses: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """Yield a row for each answer."""
    for response in responses:
        for entry in response.get("answers", ()):
            row = {name: response.get(name) for name in STUDY_COLUMNS[RESPONSES]}
            row.update({name: entry[name] for name in row.keys() & entry.keys()})
            row["by"] = response.get("by", "participant")
            row["visit"] = response.get("visit", 1)
            if row["points"] is not None:
                row["points"] = Decimal(row["points"])
            yield row


def page_rows(responses: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """Yield a row for each page that was answered or left."""
    for response in responses:
        row = {name: response.get(name) for name in STUDY_COLUMNS[PAGE_TIMES]}
        row["by"] = response.get("by", "participant")
        row["visit"] = response.get("visit", 1)
        yield row


def event_rows(batches: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """Yield a row for each event on a page."""
    for batch in batches:
        for event in batch.get("events", ()):
            yield {name: event.get(name, batch.get(name)) for name in STUDY_COLUMNS[EVENTS]}


def upload_rows(uploads: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """Yield a row for each file that an answer refers to."""
    for upload in uploads:
        yield {name: upload.get(name) for name in STUDY_COLUMNS[UPLOADS]}


def reading_rows(readings: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """Yield a row for each page, test, chapter and book that a participant has opened."""
    for reading in readings:
        yield {name: reading.get(name) for name in STUDY_COLUMNS[READING]}


def annotation_rows(annotations: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """Yield a row for each annotation; the words of a private one are left out."""
    for annotation in map(without_private_words, annotations):
        yield {name: annotation.get(name) for name in STUDY_COLUMNS[ANNOTATIONS]}


def review_rows(reviews: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """Yield a row for each review of a reader who practises."""
    for review in reviews:
        yield {name: review.get(name) for name in STUDY_COLUMNS[REVIEWS]}


#: How the rows of each table whose columns are fixed are made, and of which kinds of records.
FIXED_ROWS: Final[
    Mapping[str, tuple[tuple[str, ...], Callable[[Iterable[Mapping[str, Any]]], Iterator[Row]]]]
] = {
    RESPONSES: ((RESPONSE, GRADE), response_rows),
    PAGE_TIMES: ((RESPONSE,), page_rows),
    EVENTS: ((EVENT_BATCH,), event_rows),
    UPLOADS: ((UPLOAD,), upload_rows),
    READING: ((READ_PAGE,), reading_rows),
    ANNOTATIONS: ((ANNOTATION,), annotation_rows),
    REVIEWS: ((REVIEW,), review_rows),
}


@dataclass(frozen=True)
class WideTable:
    """A table whose columns are those that any of its rows has; a row is made when it is asked for."""

    columns: tuple[str, ...]
    #: The names of all rows' columns precede the rows, so each is made twice rather than kept.
    rows: Iterable[Row]


def wide_tables(records: StudySource) -> dict[str, WideTable]:
    """Return the tables whose columns depend on the study, by name."""
    return {
        table: _wide(_Rows(partial(make, records)), WIDE_COLUMNS[table]) for table, make in WIDE_ROWS.items()
    }


def wide_columns(records: StudySource, table: str) -> tuple[str, ...]:
    """Return the columns of one of the tables whose columns depend on the study."""
    return _wide(_Rows(partial(WIDE_ROWS[table], records)), WIDE_COLUMNS[table]).columns


class _Rows:
    """Rows that can be iterated several times."""

    def __init__(self, make: Callable[[], Iterator[Row]]) -> None:
        self._make = make

    def __iter__(self) -> Iterator[Row]:
        return self._make()


def _wide(rows: _Rows, first: tuple[str, ...]) -> WideTable:
    seen: dict[str, None] = dict.fromkeys(first)
    for row in rows:
        seen.update(dict.fromkeys(row))
    return WideTable(tuple(sorted(seen, key=_Order(seen))), rows)


class _Order:
    """Sorts columns: conditions before answers, each in the order of their first row, and by round."""

    def __init__(self, seen: Iterable[str]) -> None:
        self._first: dict[str, int] = {}
        for name in seen:
            self._first.setdefault(_stem(name), len(self._first))

    def __call__(self, name: str) -> tuple[int, list[int]]:
        stem = _stem(name)
        return self._first[stem], [int(part) for part in name[len(stem) :].split(".") if part]


def _stem(column: str) -> str:
    """Return a column without its rounds: `offer` of `offer.2.1`."""
    return re.sub(r"(\.\d+)+$", "", column)


def _trials(records: StudySource) -> Iterator[Row]:
    """Yield a row for each trial, with a column for each of its stimulus, or of what a library recorded."""
    for batch in records.of_kind(TRIAL_BATCH):
        for trial in batch.get("trials", ()):
            row = {name: trial.get(name, batch.get(name)) for name in WIDE_COLUMNS[TRIALS]}
            row["by"] = batch.get("by", "participant")
            row["visit"] = batch.get("visit", 1)
            for what in ("stimulus", "data"):
                row.update({f"{what}.{name}": value for name, value in trial.get(what, {}).items()})
            yield row


def _live_rows(records: StudySource) -> Iterator[Row]:
    """Yield each row of live elements and chats, with a column for each of its values."""
    for record in records.of_kind(LIVE_ROW):
        row: Row = {name: record.get(name) for name in WIDE_COLUMNS[LIVE_ROWS]}
        row.update({f"value.{name}": value for name, value in record.get("values", {}).items()})
        yield row


def _participants(records: StudySource) -> Iterator[Row]:
    """Yield each participant's row; their responses and visits precede their place."""
    answers: Row = {}
    visits: Row = {}
    for record in records:
        if record["kind"] == RESPONSE:
            answers.update(_answers(record))
        elif record["kind"] == VISIT:
            visits |= _visit(record)
        elif record["kind"] == PLACE:
            number = record["participant_id"]
            yield {
                "participant_id": number,
                "status": records.statuses[number],
                "ended": record.get("ended"),
                "network_id": record.get("network_id"),
                "role": record.get("role"),
                "points": Decimal(record.get("points", "0")),
                **({"cohort": record["cohort"]} if "cohort" in record else {}),
                "visit": record.get("visit", 1),
                **visits,
                **_conditions(record),
                **_drawn(record),
                **{_apart(name): answer for name, answer in answers.items()},
            }
            answers, visits = {}, {}


def _answers(response: Record) -> Row:
    """Return the answers of a response by column: the later visit, the item, and the rounds around it."""
    rounds = "".join(f".{number}" for number in _ROUNDS.findall(response.get("path", "")))
    visit = response.get("visit", 1)
    prefix = f"visit_{visit}." if visit > 1 else ""
    return {f"{prefix}{entry['item']}{rounds}": entry.get("answer") for entry in response.get("answers", ())}


def _visit(record: Record) -> Row:
    """Return the columns of a participant's visit to a later session."""
    return {
        f"visit_{record['number']}.{column}": record.get(field, default)
        for column, field, default in (
            ("session", "session", None),
            ("status", "status", "waiting"),
            ("began_at", "began_at", None),
            ("ended_at", "ended_at", None),
        )
    }


def _apart(name: str) -> str:
    """Return the column of an item, which may have the name of a column that each table has."""
    return f"answer.{name}" if name in WIDE_COLUMNS[PARTICIPANTS_WIDE] else name


def _drawn(record: Record) -> Row:
    """Return the items and elements that were drawn for a participant, by element and round."""
    found: Row = {}
    for name, drawn in record.get("draws", {}).items():
        path = name.removesuffix(DRAWN)
        if path != name:
            rounds = "".join(f".{number}" for number in _ROUNDS.findall(path))
            found[f"drawn.{_MARKS.sub('', path)}{rounds}"] = drawn
    return found


def _conditions(record: Record) -> Row:
    return {f"condition.{name}": level for name, level in record.get("condition", {}).items()}


def _groups(records: StudySource) -> Iterator[Row]:
    """Yield each group's row, with its members' answers; one column for each item, round and member."""
    groups = {record["network_id"]: record for record in records.of_kind(GROUP)}
    answers: dict[int, dict[int, Row]] = {}
    for response in records.of_kind(RESPONSE):
        if response.get("network_id") in groups:
            of_group = answers.setdefault(response["network_id"], {})
            of_group.setdefault(response["participant_id"], {}).update(_answers(response))
    for number in sorted(groups):
        group = groups[number]
        row: Row = {name: group.get(name) for name in WIDE_COLUMNS[GROUPS_WIDE]}
        row["stopped"] = row["stopped"] or group.get("ended_early")
        row.update(_conditions(group))
        row.update({f"state.{name}": value for name, value in group.get("state", {}).items()})
        for label, member in _labelled(group.get("members", [])):
            row[f"{label}.participant_id"] = member["participant_id"]
            own = answers.get(number, {}).get(member["participant_id"], {})
            row.update({f"{label}.{name}": value for name, value in own.items()})
        yield row


def _labelled(members: list[Record]) -> Iterator[tuple[str, Record]]:
    """Yield a group's members with the words that tell them apart: their role, or a number."""
    roles = Counter(member.get("role") or "member" for member in members)
    numbers: Counter[str] = Counter()
    for member in members:
        role = member.get("role") or "member"
        numbers[role] += 1
        is_only = roles[role] == 1 and role != "member"
        yield (role if is_only else f"{role}_{numbers[role]}"), member


#: How the rows of each wide table are made from the records.
WIDE_ROWS: Final[dict[str, Callable[[StudySource], Iterator[Row]]]] = {
    TRIALS: _trials,
    LIVE_ROWS: _live_rows,
    PARTICIPANTS_WIDE: _participants,
    GROUPS_WIDE: _groups,
}
