"""Lists what belongs to participants, newest participant first: their answers, trials, events, uploads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from chalicelib.model import keys
from chalicelib.operations.shared.context import Context

from .listing import (
    COST_OF_QUERY,
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
from .participant_lists import may_view_personal_data, numbers_from
from .record_rows import QuestionRow
from .row_reading import Item, read_row
from .study_rows import EventRow, GradeRow, ReadingRow, ResponseRow, ReviewRow, TrialRow, UploadRow

Row = TypeVar("Row")
#: What stands for an answer that identifies people, for those who may not view personal data.
HIDDEN_ADDRESS: Final = "(address)"
EMAIL: Final = "email"


@dataclass(frozen=True, slots=True)
class ParticipantRecordList(Generic[Row]):
    """Lists the records of a kind, which are stored with their participants."""

    kind: str
    prefix: str
    #: The values of the rows of an item, besides those that the item has.
    entries: Callable[[Item], list[Mapping[str, Any]]]
    row: type[Row]
    #: The column that the filter `type` compares.
    type: str
    #: The columns that a search looks at.
    searched: tuple[str, ...]

    def __call__(
        self,
        ctx: Context,
        record_filter: RecordFilter = NO_FILTER,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Listing[Row]:
        """Return records, newest participant first, and of each participant in the order of their keys."""
        require_limit(limit)
        return collect(_look(ctx, self, record_filter, cursor, batch_size(record_filter, limit)), limit)


def _only(item: Item) -> list[Mapping[str, Any]]:
    del item
    return [{}]


def _stored_upload(item: Item) -> list[Mapping[str, Any]]:
    """A file that no answer refers to isn't listed."""
    return [{}] if item.get("stored_at") else []


def _entries(name: str) -> Callable[[Item], list[Mapping[str, Any]]]:
    return lambda item: item.get(name, [])


list_questions: Final = ParticipantRecordList(
    "question", keys.QUESTIONS, _only, QuestionRow, "type", ("id", "participant_id")
)
list_responses: Final = ParticipantRecordList(
    "response", keys.RESPONSES, _entries("answers"), ResponseRow, "item", ("participant_id", "item", "page")
)
list_grades: Final = ParticipantRecordList(
    "grade", keys.GRADES, _entries("answers"), GradeRow, "item", ("participant_id", "item", "graded_by")
)
list_trials: Final = ParticipantRecordList(
    "trial_batch", keys.TRIALS, _entries("trials"), TrialRow, "page", ("participant_id", "page")
)
list_events: Final = ParticipantRecordList(
    "event_batch", keys.EVENTS, _entries("events"), EventRow, "event", ("participant_id", "page", "item")
)
list_readings: Final = ParticipantRecordList(
    "reading", keys.READING, _only, ReadingRow, "what", ("participant_id", "path")
)
list_reviews: Final = ParticipantRecordList(
    "review", keys.REVIEWS, _only, ReviewRow, "item", ("participant_id", "item", "page")
)
list_uploads: Final = ParticipantRecordList(
    "upload", keys.UPLOADS, _stored_upload, UploadRow, "type", ("participant_id", "item", "reference")
)


@dataclass(frozen=True, slots=True)
class _Position:
    """Where a list continues: at a participant, behind a key, behind so many rows of the next item."""

    participant_id: int
    after: str = ""
    skip: int = 0

    def __str__(self) -> str:
        return write_cursor(self.participant_id, self.skip, self.after)


def _look(
    ctx: Context,
    kind: ParticipantRecordList[Row],
    record_filter: RecordFilter,
    cursor: str | None,
    batch: int,
) -> Iterator[Looked[Row]]:
    begin: _Position | None = None
    if cursor is not None:
        (newest, skip), after = read_cursor(cursor, 2)
        begin = _Position(newest, after, skip)
    for number in numbers_from(ctx, record_filter, None if begin is None else begin.participant_id):
        position = begin if begin is not None and begin.participant_id == number else _Position(number)
        yield from _of_participant(ctx, kind, record_filter, position, batch)
        end = write_cursor(max(0, number - 1), 0, "")
        yield Looked(end, None, cost=COST_OF_QUERY, is_record=False)


def _of_participant(
    ctx: Context,
    kind: ParticipantRecordList[Row],
    record_filter: RecordFilter,
    position: _Position,
    batch: int,
) -> Iterator[Looked[Row]]:
    number, skip = position.participant_id, position.skip
    after = position.after or None
    while True:
        page = ctx.uow.page(
            keys.participant(number)[0], prefix=kind.prefix, after=after, limit=batch, newest_first=True
        )
        for item in page.items:
            entries = kind.entries(item) if item["kind"] == kind.kind else []
            before = after or ""
            for index, entry in enumerate(entries):
                if index < skip:
                    continue
                is_last = index + 1 == len(entries)
                behind = _Position(number, item["sk"]) if is_last else _Position(number, before, index + 1)
                row = _row(ctx, kind, record_filter, item, entry)
                yield Looked(str(behind), row)
            after, skip = item["sk"], 0
        if page.after is None:
            return


def _row(
    ctx: Context,
    kind: ParticipantRecordList[Row],
    record_filter: RecordFilter,
    item: Item,
    entry: Mapping[str, Any],
) -> Row | None:
    # The item's own kind isn't that of the answer.
    merged = {**{name: value for name, value in item.items() if name != "kind"}, **entry}
    if not (
        record_filter.type in (None, merged.get(kind.type))
        and record_filter.network_id in (None, item.get("network_id"))
        and record_filter.node_id in (None, item.get("node_id"))
        and record_filter.failed in (None, bool(item.get("failed")))
        and (record_filter.text is None or contains(record_filter.text, *_ids(kind, merged)))
    ):
        return None
    if merged.get("kind") == EMAIL and merged.get("answer") and not may_view_personal_data(ctx):
        merged["answer"] = HIDDEN_ADDRESS
    return read_row(kind.row, merged)


def _ids(kind: ParticipantRecordList[Row], merged: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(merged.get(name) for name in kind.searched)
