"""Classes and their members in exports, and when a run is continued from one."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from chalicelib.export import write_zip
from chalicelib.export.data_errors import MalformedTableError
from chalicelib.export.export_reader import Export
from chalicelib.export.rows import chunks, rows
from chalicelib.operations.classes import manage_members
from chalicelib.operations.classes.class_records import add_member, create_class, membership_of
from chalicelib.operations.classes.joining_members import join_class
from chalicelib.ports.exports import ExportOptions
from chalicelib.storage.engine import Engine
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.study.classes.study_class import StudyClass
from infra.importing import load_zip
from petri.data import Data
from tests.contract.factories import ANY_CALLER, dump
from tests.study.contract.players import Seat
from tests.unit.export.test_export_parts import DEFAULT_LIMITS, TINY, Job, contents, whole

from .classroom import Classroom, Course

KINDS = {
    *("study_class", "class_code", "class_member", "class_identity", "class_charge", "class_reference"),
    *("class_assignment", "gradebook", "deadline_exception", "given_points"),
}
PRIVATE = ("Ada", "Bob", "ada@example.org", "b-4711", "receipt-7", "private reason", "private words")


def a_class(table: Any) -> Classroom:
    """Two classes: one with a fee, grades, a member who has begun and one who has been removed."""
    room = Classroom(table)
    study_class = StudyClass(0, "Later", "", instructors=["ann"], fee="5.50", starts="2026-12-01")
    second = room.operate(create_class, study_class).number
    room.assign("Week 1", "item capital 10")
    ada = room.enter("Ada")
    ada.post(capital="Paris")
    room.allow(ada, 1, factor="1.5", reason="A private reason")
    room.give(ada, 1, "9", "private words", entry="item:capital")
    room.release(1)
    seat = room.operate(add_member, second, name="Bob", email="ada@example.org", student_number="b-4711").seat
    room.operate(manage_members.record_fee, seat, "receipt-7")
    room.operate(manage_members.remove_member, seat)
    return room


@pytest.fixture
def room(sqlite: Engine, seat_players: Seat) -> Classroom:
    return a_class(seat_players(sqlite, Course, 0))


def kept(engine: Engine) -> list[dict[str, Any]]:
    items = [item for item in dump(engine).values() if item["kind"] in KINDS]
    return sorted(({**item, "v": 0} for item in items), key=lambda item: (item["pk"], item["sk"]))


def exported(room: Classroom, folder: Path, *, scrub: bool) -> Path:
    return write_zip(room.table.engine, folder, app_id="r", scrub=scrub)


def test_classes_and_members_are_tables(room: Classroom, tmp_path: Path) -> None:
    data = Data(exported(room, tmp_path, scrub=False))
    first, second = data.table("class").list
    assert (first["class_number"], first["name"], first["time_zone"]) == (1, "Statistics", "Europe/Berlin")
    assert (first["fee"], first["starts"], first["is_open"]) == (None, None, True)
    assert (second["fee"], second["starts"], second["instructors"]) == (5.5, "2026-12-01", '["ann"]')
    assert first["join_code"] != second["join_code"]
    ada, bob = data.table("class_member").list
    assert (ada["participant_id"], ada["name"], ada["left_at"], ada["fee_paid"]) == (1, "Ada", None, False)
    assert (bob["participant_id"], bob["email"], bool(bob["left_at"])) == (None, "ada@example.org", True)
    assert (bob["fee_paid"], bob["charge"], bob["student_number"]) == (True, "receipt-7", "b-4711")


def test_a_shared_export_says_neither_who_members_and_instructors_are_nor_how_one_joins(
    room: Classroom, tmp_path: Path
) -> None:
    path = exported(room, tmp_path, scrub=True)
    data = Data(path)
    assert [(one["participant_id"], one["fee_paid"]) for one in data.table("class_member").list] == [
        (1, False),
        (None, True),
    ]
    personal = ("member", "name", "email", "student_number", "charge", "link_sent_at")
    assert {one[name] for one in data.table("class_member").list for name in personal} == {None}
    assert {one[name] for one in data.table("class").list for name in ("join_code", "instructors")} == {None}
    codes = [item["join_code"] for item in kept(room.table.engine) if item["kind"] == "study_class"]
    seats = [item["seat"] for item in kept(room.table.engine) if item["kind"] == "class_member"]
    everything = str(contents(path))
    assert [one for one in (*PRIVATE, *codes, *seats) if one in everything] == []


@pytest.mark.parametrize(("source", "target"), [("sqlite", "dynamodb"), ("dynamodb", "sqlite")])
def test_a_run_that_is_loaded_has_the_same_classes_members_assignments_and_grades(
    source: str, target: str, seat_players: Seat, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    room = a_class(seat_players(request.getfixturevalue(source), Course, 0))
    loaded = request.getfixturevalue(target)
    load_zip(exported(room, tmp_path, scrub=False), loaded)
    assert kept(loaded) == kept(room.table.engine)
    assert {item["kind"] for item in kept(loaded)} == KINDS
    again = Classroom(seat_players(loaded, Course, 0))
    assert again.number == 3
    again.number = 1
    assert [(row.name, row.total) for row in again.book().rows] == [
        (row.name, row.total) for row in room.book().rows
    ]
    assert again.operate(membership_of, 1).name == "Ada"
    [code] = [item["join_code"] for item in kept(loaded) if item.get("number") == 1 and "join_code" in item]
    joined = again.table.app.run(join_class, code, "Eve", "eve@example.org", caller=ANY_CALLER)
    assert joined.class_name == "Statistics"


def test_a_shared_export_is_loaded_with_classes_that_no_person_can_join(
    room: Classroom, seat_players: Seat, tmp_path: Path
) -> None:
    loaded = SQLiteEngine(tmp_path / "loaded.sqlite")
    load_zip(exported(room, tmp_path, scrub=True), loaded)
    assert [item["kind"] for item in kept(loaded)] == [
        *("study_class", "study_class", "gradebook", "class_assignment"),
    ]
    assert [item["join_code"] for item in kept(loaded) if item["kind"] == "study_class"] == ["", ""]
    assert Classroom(seat_players(loaded, Course, 0)).number == 3
    loaded.close()


def test_a_class_whose_members_have_not_begun_is_exported_and_loaded(
    sqlite: Engine, seat_players: Seat, tmp_path: Path
) -> None:
    room = Classroom(seat_players(sqlite, Course, 0))
    room.member("Ada")
    path = exported(room, tmp_path, scrub=False)
    with Export(path) as export:
        assert {"class", "class_member"}.issubset(export.tables)
        assert {"assignment", "gradebook"}.isdisjoint(export.tables)
    loaded = SQLiteEngine(tmp_path / "loaded.sqlite")
    load_zip(path, loaded)
    assert kept(loaded) == kept(sqlite)
    assert len(kept(loaded)) == 3
    loaded.close()


def test_an_export_of_a_run_without_a_class_has_no_such_tables(
    sqlite: Engine, seat_players: Seat, tmp_path: Path
) -> None:
    seat_players(sqlite, Course, 1)
    with Export(write_zip(sqlite, tmp_path, app_id="r")) as export:
        assert {"class", "class_member"}.isdisjoint(export.tables)


@pytest.mark.parametrize("limits", [TINY, DEFAULT_LIMITS])
@pytest.mark.parametrize("unscrubbed", [True, False])
@pytest.mark.parametrize("begun", [True, False])
def test_an_export_in_parts_has_the_same_classes(
    sqlite: Engine, seat_players: Seat, tmp_path: Path, limits: Any, unscrubbed: bool, begun: bool
) -> None:
    table = seat_players(sqlite, Course, 0)
    room = a_class(table) if begun else Classroom(table)
    engine = room.table.engine
    assert isinstance(engine, SQLiteEngine)
    if not begun:
        room.member("Ada")
        Classroom(room.table).member("Bob")
    job = Job(engine, tmp_path, limits)
    part = job.write(ExportOptions(unscrubbed=unscrubbed))
    assert contents(job.zip(part)) == contents(whole(engine, tmp_path, scrub=not unscrubbed, excel_safe=True))
    assert (part.tables["class"], part.tables["class_member"]) == (2, 2)


def test_the_tables_continue_behind_each_position(room: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[chunks.__module__], "CHUNK", 1)
    for table in ("class", "class_member"):
        position, found = None, []
        while (chunk := next(chunks(room.table.engine, table, position), None)) is not None:
            position, some = chunk
            found += some
        assert found == list(rows(room.table.engine, table))
        assert len(found) == 2


@pytest.mark.parametrize(
    ("known", "edited"),
    [
        ('"pk":"part#1","seat":', '"pk":"part#7","seat":'),
        ('"pk":"classcode#', '"pk":"user#'),
        ('"pk":"classmember#2"', '"pk":"classmember#x"'),
        ('"kind":"class_count","count":2', '"kind":"class_count","count":0'),
    ],
)
def test_a_record_of_a_class_that_was_edited_is_refused_with_its_line(
    room: Classroom, tmp_path: Path, known: str, edited: str
) -> None:
    path = exported(room, tmp_path, scrub=False)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "files")
    records = tmp_path / "files" / "study.jsonl"
    text = records.read_text(encoding="utf-8")
    assert known in text
    records.write_text(text.replace(known, edited), encoding="utf-8")
    with pytest.raises(MalformedTableError, match=r"study\.jsonl"):
        load_zip(tmp_path / "files", SQLiteEngine(tmp_path / "loaded.sqlite"))
