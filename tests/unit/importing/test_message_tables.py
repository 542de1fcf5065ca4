"""Messages to participants are tables of the export, and come back when it is loaded."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.export import MalformedTableError, rows, write_zip
from chalicelib.export.rows import chunks
from chalicelib.export.table_schema import MESSAGE_TABLES
from chalicelib.model import keys
from chalicelib.ports.exports import ExportOptions
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.importing import load_zip
from petri.data import Data
from tests.unit.export.runs import a_run, write_messages
from tests.unit.export.test_export_parts import DEFAULT_LIMITS, TINY, Job, contents, whole


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SQLiteEngine]:
    engine = SQLiteEngine(tmp_path / "run.sqlite")
    a_run(engine)
    write_messages(engine)
    yield engine
    engine.close()


def exported(engine: SQLiteEngine, path: Path, *, scrub: bool) -> Data:
    return Data(write_zip(engine, path, app_id="r", scrub=scrub))


def test_the_tables_say_what_was_written_to_whom_and_who_has_seen_it(
    engine: SQLiteEngine, tmp_path: Path
) -> None:
    data = exported(engine, tmp_path, scrub=False)
    one, to_all = data.messages.list
    assert (one["text"], one["participant_ids"], one["author_name"]) == ("Dear Ann, W2 is paid", [2], "Ada")
    assert (to_all["audience"], to_all["includes_later"], to_all["recipients"]) == ("all", True, 3)
    receipts = data.table("message_receipt").list
    assert [(row["message_id"], row["participant_id"]) for row in receipts] == [(1, 2), (2, 1), (2, 2)]
    assert [bool(row["closed"]) for row in receipts] == [False, True, False]
    assert data.manifest["tables"]["message"]["rows"] == 2


def test_a_shared_export_has_neither_authors_nor_words_to_one_participant(
    engine: SQLiteEngine, tmp_path: Path
) -> None:
    one, to_all = exported(engine, tmp_path, scrub=True).messages.list
    assert one["text"] == ""
    assert to_all["text"] == 'Write to "[address]", assignment-1'
    assert {row[name] for row in (one, to_all) for name in ("author", "author_name")} == {None}


@pytest.mark.parametrize("limits", [TINY, DEFAULT_LIMITS])
def test_an_export_job_writes_the_same_tables(engine: SQLiteEngine, tmp_path: Path, limits: Any) -> None:
    job = Job(engine, tmp_path, limits)
    part = job.write(ExportOptions())
    assert contents(job.zip(part)) == contents(whole(engine, tmp_path, excel_safe=True))
    assert (part.tables["message"], part.tables["message_receipt"]) == (2, 3)


@pytest.mark.parametrize("table", MESSAGE_TABLES)
def test_a_table_of_messages_continues_behind_each_position(
    engine: SQLiteEngine, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    monkeypatch.setattr(sys.modules[chunks.__module__], "CHUNK", 1)
    position, found = None, []
    while (chunk := next(chunks(engine, table, position), None)) is not None:
        position, some = chunk
        found += some
    assert found == list(rows(engine, table))


def test_a_loaded_run_shows_its_messages_to_the_same_participants(
    engine: SQLiteEngine, tmp_path: Path
) -> None:
    path = write_zip(engine, tmp_path, app_id="r", scrub=False)
    loaded = SQLiteEngine(tmp_path / "loaded.sqlite")
    load_zip(path, loaded)
    wanted = [
        *(keys.run_message(number) for number in (1, 2)),
        *(keys.message_box(2), keys.message_receipt(1, 2), keys.message_receipt(2, 1), keys.MESSAGES_HEADER),
    ]
    assert {key: {**item, "v": 1} for key, item in loaded.get(wanted).items()} == {
        key: {**item, "v": 1} for key, item in engine.get(wanted).items()
    }
    loaded.close()


@pytest.mark.parametrize(
    ("table", "old", "new", "problem"),
    [
        ("message", ",participants,[2],", ",participants,[7],", "participant 7, whom participant.csv"),
        ("message", ",participants,[2],", ",everyone,[2],", "isn't a message"),
        ("message_receipt", "\n1,2,", "\n9,2,", "9 isn't a message of"),
        ("message_receipt", "\n1,2,", "\n1,7,", "participant 7"),
    ],
)
def test_messages_that_fit_nowhere_are_refused_with_their_place(
    engine: SQLiteEngine, tmp_path: Path, table: str, old: str, new: str, problem: str
) -> None:
    path = write_zip(engine, tmp_path, app_id="r", scrub=False)
    broken = tmp_path / "broken.zip"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(broken, "w") as target:
        for name in source.namelist():
            text = source.read(name)
            if name == f"data/{table}.csv":
                changed = text.replace(old.encode(), new.encode())
                assert changed != text, text
                text = changed
            target.writestr(name, text)
    empty = SQLiteEngine(tmp_path / "empty.sqlite")
    with pytest.raises(MalformedTableError, match=problem) as refused:
        load_zip(broken, empty)
    assert (refused.value.file, refused.value.line) == (f"{table}.csv", 2)
    assert not empty.get([keys.HEADER, keys.EXPERIMENT])
    empty.close()
