"""Uploads in an export: listed always, included on request, restored by a load, and erased for good."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from chalicelib.export import DataError, write_zip
from chalicelib.messaging.system_clock import SystemClock
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.operations.study.answers.uploads import erase_uploads
from chalicelib.storage.files.folder_files import FolderFiles
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.importing import load_zip
from petri.data import Data
from tests.study.studies import answer

from .conftest import PNG, Files


@pytest.fixture
def sent(files: Files) -> dict[str, Any]:
    """What a participant has sent, beside a file that they replaced."""
    person = files.here.arrive()
    files.send(person)
    last = files.send(person)
    answer(person, sketch=last)
    return last


def exported(run: Files, folder: Path, **how: Any) -> Path:
    return write_zip(run.here.engine, folder, app_id="run", **how)


def test_an_export_lists_files_and_includes_them_on_request(
    files: Files, sent: dict[str, Any], tmp_path: Path
) -> None:
    listed = exported(files, tmp_path / "listed")
    (row,) = Data(listed).uploads.list
    assert {name: row[name] for name in sent} == sent
    assert (row["participant_id"], row["item"], row["page"], row["erased_at"]) == (1, "sketch", "draw", None)
    with zipfile.ZipFile(listed) as archive:
        assert not [name for name in archive.namelist() if name.startswith("uploads/")]
    with zipfile.ZipFile(exported(files, tmp_path / "whole", files=files.store)) as archive:
        assert archive.read(f"uploads/{sent['reference']}") == PNG
        assert json.loads(archive.read("manifest.json"))["uploads"] == {
            "files": 1,
            "missing": [],
            "changed": [],
        }


@pytest.mark.parametrize("is_unpacked", [False, True])
def test_a_load_restores_the_files(
    files: Files, sent: dict[str, Any], tmp_path: Path, is_unpacked: bool
) -> None:
    archive = exported(files, tmp_path / "export", files=files.store, scrub=False)
    if is_unpacked:
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(tmp_path / "unpacked")
        archive = tmp_path / "unpacked"
    store, engine = FolderFiles(tmp_path / "loaded", SystemClock()), SQLiteEngine(tmp_path / "loaded.sqlite")
    load_zip(archive, engine, store)
    assert b"".join(store.read(sent["reference"])) == PNG
    again = write_zip(engine, tmp_path / "again", app_id="run", files=store, scrub=False)
    engine.close()
    assert Data(again).uploads.list == Data(archive).uploads.list


def test_a_load_refuses_a_file_that_was_changed(files: Files, sent: dict[str, Any], tmp_path: Path) -> None:
    archive = exported(files, tmp_path / "export", files=files.store, scrub=False)
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path / "unpacked")
    (tmp_path / "unpacked" / "uploads" / sent["reference"]).write_bytes(b"other")
    store, engine = FolderFiles(tmp_path / "loaded", SystemClock()), SQLiteEngine(":memory:")
    with pytest.raises(DataError, match="isn't the file that was stored"):
        load_zip(tmp_path / "unpacked", engine, store)
    assert store.find(sent["reference"]) is None
    engine.close()


def test_an_erased_file_is_in_no_export(files: Files, sent: dict[str, Any], tmp_path: Path) -> None:
    files.here.app.run(erase_uploads, 1, caller=OPERATOR_CALLER)
    archive = exported(files, tmp_path, files=files.store)
    (row,) = Data(archive).uploads.list
    assert row["erased_at"]
    assert row["sha256"] == hashlib.sha256(PNG).hexdigest() == sent["sha256"]
    with zipfile.ZipFile(archive) as packed:
        assert not [name for name in packed.namelist() if name.startswith("uploads/")]
        assert json.loads(packed.read("manifest.json"))["uploads"]["files"] == 0


def test_a_missing_file_is_named_in_the_manifest(files: Files, sent: dict[str, Any], tmp_path: Path) -> None:
    files.store.delete(1)
    with zipfile.ZipFile(exported(files, tmp_path, files=files.store)) as packed:
        assert json.loads(packed.read("manifest.json"))["uploads"]["missing"] == [sent["reference"]]
