"""Makes the rows of a study's wide tables in parts, from records that are read behind a position."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from chalicelib.export.rows import AT_ONCE, Chunk, Position
from chalicelib.export.study_spool import LIVE_ROW, PLACE, TRIAL_BATCH, Record, StudySource
from chalicelib.export.study_tables import WIDE_ROWS
from chalicelib.export.table_schema import GROUPS_WIDE, LIVE_ROWS, PARTICIPANTS_WIDE, TRIALS
from chalicelib.model import keys
from chalicelib.storage.engine import Engine

from .pieces import PieceRecords

#: The kind of record that completes some rows of a table: those before it add to them.
_COMPLETING: Final = {TRIALS: TRIAL_BATCH, LIVE_ROWS: LIVE_ROW, PARTICIPANTS_WIDE: PLACE}


def wide_chunks(table: str, records: PieceRecords, after: Position | None) -> Iterator[Chunk]:
    """Yield the rows of a wide table behind a position."""
    if table == GROUPS_WIDE:
        # A group's row has the answers of its members, who may be anywhere: all records are read each time.
        first = after[0] if after else 0
        for number, row in enumerate(WIDE_ROWS[table](records), start=1):
            if number > first:
                yield [number], [row]
        return
    waiting = _FewRecords(records.statuses)
    for position, record in records.behind(after):
        waiting.held.append(record)
        if record["kind"] == _COMPLETING[table]:
            yield position, list(WIDE_ROWS[table](waiting))
            waiting.held.clear()


class _FewRecords(StudySource):
    """Some records of a study."""

    def __init__(self, statuses: Mapping[int, str]) -> None:
        self.statuses = statuses
        self.held: list[Record] = []

    def __iter__(self) -> Iterator[Record]:
        return iter(self.held)


class StatusesOfPeople(Mapping[int, str]):
    """The statuses of participants, which are read as they are asked for, many at once."""

    def __init__(self, engine: Engine) -> None:
        """`engine`: the run's."""
        self._engine = engine
        self._found: dict[int, str] = {}

    def __getitem__(self, participant_id: int) -> str:
        if participant_id not in self._found:
            wanted = map(keys.participant, range(participant_id, participant_id + AT_ONCE))
            found = self._engine.get_fields(wanted, ("id", "status"))
            self._found = {item["id"]: item["status"] for item in found.values()}
        return self._found[participant_id]

    def __iter__(self) -> Iterator[int]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)
