"""Assignments and points given in gradebooks in exports, and when a run is continued from one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from chalicelib.export import rows, write_zip
from chalicelib.export.export_reader import Export
from chalicelib.export.rows import chunks
from chalicelib.ports.exports import ExportOptions
from chalicelib.storage.engine import Engine
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.importing import load_zip
from petri.data import Data
from tests.contract.factories import dump
from tests.study.contract.players import Seat
from tests.unit.export.test_export_parts import DEFAULT_LIMITS, TINY, Job, contents, whole

from .classroom import Classroom, Course

KINDS = ("class_assignment", "gradebook", "deadline_exception", "given_points")


@pytest.fixture
def room(sqlite: Engine, seat_players: Seat) -> Classroom:
    """A class with two assignments, a member who has points, and one who hasn't begun."""
    room = Classroom(seat_players(sqlite, Course, 0))
    room.assign("Week 1", "item capital 10", "page reading 2.5", due="2026-12-01T18:00", minutes=30)
    room.assign("Week 2", "item half 4", weight="3")
    ada = room.enter("Ada")
    ada.post(capital="Paris")
    room.allow(ada, 1, factor="1.5", reason="A private reason")
    room.give(ada, 1, "9", "Private words", entry="item:capital")
    room.give(ada, 2, None, "Only words")
    room.seats[0] = room.member("Bob")
    room.release(1)
    return room


def exported(room: Classroom, folder: Path, *, scrub: bool) -> Path:
    return write_zip(room.table.engine, folder, app_id="r", scrub=scrub)


def test_assignments_and_points_are_tables(room: Classroom, tmp_path: Path) -> None:
    data = Data(exported(room, tmp_path, scrub=False))
    first, second = data.table("assignment").list
    assert (first["name"], first["possible"], first["minutes"], first["pause"]) == ("Week 1", 12.5, 30, True)
    assert (bool(first["released_at"]), bool(second["released_at"]), second["weight"]) == (True, False, 3)
    given, words = data.table("gradebook").list
    assert (given["assignment"], given["participant_id"], given["entry"]) == (1, 1, "item:capital")
    assert (given["points"], given["comment"], bool(given["given_by"])) == (9, "Private words", True)
    assert (words["points"], words["comment"]) == (None, "Only words")


def test_a_shared_export_has_points_without_seats_comments_reasons_and_graders(
    room: Classroom, tmp_path: Path
) -> None:
    path = exported(room, tmp_path, scrub=True)
    given, words = Data(path).table("gradebook").list
    assert (given["points"], given["comment"], given["given_by"]) == (9, None, None)
    assert words["comment"] is None
    with Export(path) as export:
        records = [record for _, record in export.study_records()]
    assert [record["kind"] for record in records if record["kind"] in KINDS] == [
        "gradebook",
        "class_assignment",
        "class_assignment",
    ]
    everything = str(contents(path))
    for private in ("Private words", "Only words", "private reason", *room.seats.values()):
        assert private not in everything


def test_a_run_that_is_loaded_has_the_same_gradebook(room: Classroom, tmp_path: Path) -> None:
    loaded = SQLiteEngine(tmp_path / "loaded.sqlite")
    load_zip(exported(room, tmp_path, scrub=False), loaded)

    def kept(engine: Engine) -> list[dict[str, Any]]:
        items = [item for item in dump(engine).values() if item["kind"] in KINDS]
        return sorted(({**item, "v": 0} for item in items), key=lambda item: (item["pk"], item["sk"]))

    assert kept(loaded) == kept(room.table.engine)
    assert len(kept(loaded)) == 6
    loaded.close()


def test_an_export_of_a_run_without_assignments_has_no_such_tables(
    sqlite: Engine, seat_players: Seat, tmp_path: Path
) -> None:
    room = Classroom(seat_players(sqlite, Course, 0))
    room.enter("Ada").post(capital="Paris")
    with Export(exported(room, tmp_path, scrub=False)) as export:
        assert {"assignment", "gradebook"}.isdisjoint(export.tables)


@pytest.mark.parametrize("limits", [TINY, DEFAULT_LIMITS])
@pytest.mark.parametrize("unscrubbed", [True, False])
def test_an_export_in_parts_has_the_same_tables(
    room: Classroom, tmp_path: Path, limits: Any, unscrubbed: bool
) -> None:
    engine = room.table.engine
    assert isinstance(engine, SQLiteEngine)
    job = Job(engine, tmp_path, limits)
    part = job.write(ExportOptions(unscrubbed=unscrubbed))
    assert contents(job.zip(part)) == contents(whole(engine, tmp_path, scrub=not unscrubbed, excel_safe=True))
    assert (part.tables["assignment"], part.tables["gradebook"]) == (2, 2)


def test_the_tables_continue_behind_each_position(room: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[chunks.__module__], "CHUNK", 1)
    other = Classroom(room.table)
    other.assign("Elsewhere")
    for table in ("assignment", "gradebook"):
        position, found = None, []
        while (chunk := next(chunks(room.table.engine, table, position), None)) is not None:
            position, some = chunk
            found += some
        assert found == list(rows(room.table.engine, table))
        assert len(found) == {"assignment": 3, "gradebook": 2}[table]
