"""A study that is exported and loaded is the same study, over every engine."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib.export import MalformedTableError, rows, write_zip
from chalicelib.model import keys
from chalicelib.storage.engine import Engine
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.importing import check_zip, load_zip
from tests.contract.factories import dump
from tests.contract.unit_of_work.test_export_round_trip import members
from tests.unit.export.study_runs import a_study

STUDY_KINDS = {
    "event_batch",
    "place",
    "response",
    "trial_batch",
    "study_group",
    "live_row",
    "visit",
    "peer_answer",
    "pooled",
    "cohort",
    "slot",
    "freed_slot",
    "compared_slots",
}


@pytest.fixture
def origin(tmp_path: Path) -> Any:
    """A study's run in a store of its own."""
    engine = SQLiteEngine(tmp_path / "origin.sqlite")
    a_study(engine)
    yield engine
    engine.close()


def study_items(engine: Engine) -> dict[keys.Key, dict[str, Any]]:
    """The stored records of a study, without what the storage adds."""
    return {
        key: {name: value for name, value in item.items() if name not in ("v", "w")}
        for key, item in dump(engine).items()
        if item["kind"] in STUDY_KINDS
    }


@pytest.mark.parametrize("scrub", [True, False])
def test_a_loaded_study_is_exported_the_same(
    origin: Engine, engine: Engine, tmp_path: Path, scrub: bool
) -> None:
    first = write_zip(origin, tmp_path / "first.zip", app_id="run", scrub=scrub)
    load_zip(first, engine)
    second = write_zip(engine, tmp_path / "second.zip", app_id="run", scrub=scrub)
    assert members(second) == members(first)


def test_every_record_of_a_study_is_there_again(origin: Engine, engine: Engine, tmp_path: Path) -> None:
    load_zip(write_zip(origin, tmp_path, app_id="run", scrub=False), engine)
    expected = study_items(origin)
    # The message that enforces time limits isn't exported; the app records it again.
    del expected[keys.place(3)]["wake_at"]
    assert {item["kind"] for item in expected.values()} == STUDY_KINDS
    assert study_items(engine) == expected
    assert engine.increment(keys.slot_count("conditions")) == 3


def test_every_engine_keeps_the_answers(engine: Engine, origin: Engine) -> None:
    a_study(engine)
    assert list(rows(engine, "response")) == list(rows(origin, "response"))
    assert list(rows(engine, "page_times")) == list(rows(origin, "page_times"))


def edited(path: Path, target: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Path:
    """Return a copy of an export with its first place changed."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            text = source.read(name).decode()
            if name == "study.jsonl":
                records = [json.loads(line) for line in text.splitlines()]
                place = next(index for index, one in enumerate(records) if one["kind"] == "place")
                records[place] = change(records[place])
                text = "".join(json.dumps(record) + "\n" for record in records)
            copy.writestr(name, text)
    return target


#: Changes of a place that must not be loaded.
EDITS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "another kind": lambda place: {**place, "kind": "participant"},
    "an unknown kind": lambda place: {**place, "kind": "secrets"},
    "no kind": lambda place: {name: value for name, value in place.items() if name != "kind"},
    "another key": lambda place: {**place, "pk": "experiment", "sk": "#"},
    "an unknown participant": lambda place: {**place, "participant_id": 99, "pk": "part#99"},
    "a text for a participant": lambda place: {**place, "participant_id": "1"},
    "an unknown network": lambda place: {**place, "network_id": 77},
    "a list for a network": lambda place: {**place, "network_id": [1]},
    "an unknown node": lambda place: {**place, "node_id": 77},
    "a count of slots below one": lambda place: {"kind": "slot_count", "series": "x", "count": 0},
    "a text for a count": lambda place: {"kind": "slot_count", "series": "x", "count": "5"},
    "not an object": lambda place: [1],
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_record_that_was_edited_is_refused_before_anything_is_written(
    origin: Engine, sqlite: SQLiteEngine, tmp_path: Path, edit: str
) -> None:
    first = write_zip(origin, tmp_path / "first.zip", app_id="run")
    path = edited(first, tmp_path / "edited.zip", EDITS[edit])
    with pytest.raises(MalformedTableError, match=r"study\.jsonl"):
        load_zip(path, sqlite)
    assert dump(sqlite) == {}


def test_a_record_that_occurs_twice_is_refused(origin: Engine, tmp_path: Path) -> None:
    path = write_zip(origin, tmp_path / "first.zip", app_id="run")
    folder = tmp_path / "unpacked"
    shutil.unpack_archive(path, folder)
    file = folder / "study.jsonl"
    file.write_text(file.read_text(encoding="utf-8") * 2, encoding="utf-8")
    with pytest.raises(MalformedTableError, match=r"study\.jsonl"):
        check_zip(folder)
