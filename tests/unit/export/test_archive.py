from __future__ import annotations

import json
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.export_memory import fill
from chalicelib.errors import NotFound
from chalicelib.export import TABLES, DataError, Export, MalformedTableError, rows, write_zip
from chalicelib.storage.engine import Engine
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from tests.unit.export.runs import a_run

SECRETS = ("W1", "A1", "H1", "FP1", "example.org", "ref-")


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[SQLiteEngine]:
    engine = SQLiteEngine(tmp_path / "run.sqlite")
    yield engine
    engine.close()


@pytest.fixture
def engine(empty: SQLiteEngine) -> SQLiteEngine:
    a_run(empty)
    return empty


def text_of(path: Path, name: str) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name).decode()


def read_all(export: Export, file: str) -> None:
    with export.lines(file) as lines:
        list(lines)


def test_a_zip_is_named_after_the_run(engine: Engine, tmp_path: Path) -> None:
    assert write_zip(engine, tmp_path, app_id="3f2c").name == "3f2c-data.zip"


def test_a_zip_may_be_given_another_name(engine: Engine, tmp_path: Path) -> None:
    assert write_zip(engine, tmp_path / "new" / "mine.zip", app_id="3f2c") == tmp_path / "new" / "mine.zip"


def test_an_id_that_leads_elsewhere_is_refused(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="name a file"):
        write_zip(engine, tmp_path, app_id="../elsewhere")


def test_a_zip_holds_every_table(engine: Engine, tmp_path: Path) -> None:
    with zipfile.ZipFile(write_zip(engine, tmp_path, app_id="r")) as archive:
        assert {f"data/{table}.csv" for table in TABLES} <= set(archive.namelist())


def test_the_zip_says_whose_it_is(engine: Engine, tmp_path: Path) -> None:
    assert text_of(write_zip(engine, tmp_path, app_id="r7"), "experiment_id.md") == "r7\n"


@pytest.mark.parametrize("secret", SECRETS)
def test_a_scrubbed_zip_tells_nobodys_id(engine: Engine, tmp_path: Path, secret: str) -> None:
    log = tmp_path / "server.log"
    log.write_text('{"worker": "W1", "assignment": "A1", "print": "FP1", "to": "ann@example.org"}\n')
    path = write_zip(engine, tmp_path, app_id="r", log=log)
    with zipfile.ZipFile(path) as archive:
        assert not [name for name in archive.namelist() if secret in archive.read(name).decode()]


def test_an_unscrubbed_zip_tells_who_took_part(engine: Engine, tmp_path: Path) -> None:
    assert "W1:A1" in text_of(write_zip(engine, tmp_path, app_id="r", scrub=False), "data/participant.csv")


def test_the_log_comes_along(engine: Engine, tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text("all is well\n")
    assert text_of(write_zip(engine, tmp_path, app_id="r", log=log), "run.log") == "all is well\n"


def test_a_log_that_is_not_there_is_an_error(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Export without it"):
        write_zip(engine, tmp_path, app_id="r", log=tmp_path / "none.log")


def test_an_export_that_fails_leaves_the_older_one(engine: Engine, tmp_path: Path) -> None:
    path = write_zip(engine, tmp_path, app_id="r")
    before = path.read_bytes()
    with pytest.raises(DataError):
        write_zip(engine, tmp_path, app_id="r", log=tmp_path / "none.log")
    assert (path.read_bytes(), list(tmp_path.glob("*.partial"))) == (before, [])


def test_the_manifest_tells_how_the_zip_was_made(engine: Engine, tmp_path: Path) -> None:
    path = write_zip(engine, tmp_path, app_id="r", manifest={"config": {"mode": "debug"}})
    manifest: dict[str, Any] = json.loads(text_of(path, "manifest.json"))
    assert (manifest["app_id"], manifest["scrubbed"], manifest["config"]) == ("r", True, {"mode": "debug"})


def test_an_empty_run_gives_tables_with_headers_only(empty: Engine, tmp_path: Path) -> None:
    path = write_zip(empty, tmp_path, app_id="r")
    assert text_of(path, "data/info.csv").count("\n") == 1


def test_a_table_that_is_none_is_refused(empty: Engine) -> None:
    with pytest.raises(NotFound, match="the tables are network, info"):
        rows(empty, "infos")


@pytest.mark.slow
@pytest.mark.parametrize(("infos", "limit"), [(2_000, 2.5e6), (20_000, 2.5e6)])
def test_memory_does_not_grow_with_the_run(
    empty: SQLiteEngine, tmp_path: Path, infos: int, limit: float
) -> None:
    fill(empty, infos)
    tracemalloc.start()
    write_zip(empty, tmp_path, app_id="r")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < limit


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"There is no .*none\.zip"):
        Export(tmp_path / "none.zip")


def test_a_file_that_is_not_a_zip_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_text("hello")
    with pytest.raises(DataError, match=r"x\.zip isn't a zip"):
        Export(tmp_path / "x.zip")


def test_a_zip_without_tables_is_not_an_export(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("README", "hello")
    with pytest.raises(DataError, match="holds no tables"):
        Export(tmp_path / "x.zip")


def test_missing_tables_are_named(tmp_path: Path) -> None:
    (tmp_path / "info.csv").write_text("id\n")
    with Export(tmp_path) as export, pytest.raises(DataError, match=r"lacks network\.csv, notification\.csv"):
        export.require()


def test_a_damaged_member_is_named(engine: Engine, tmp_path: Path) -> None:
    path = write_zip(engine, tmp_path, app_id="r")
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("data/info.csv").header_offset
    content = bytearray(path.read_bytes())
    content[start + 60 : start + 90] = bytes(30)
    path.write_bytes(content)
    with Export(path) as export, pytest.raises(DataError, match=r"info\.csv .*damaged"):
        read_all(export, "info.csv")


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "info.csv").write_bytes(b"id,contents\n1,\xff\n")
    with Export(tmp_path) as export, pytest.raises(DataError, match="UTF-8"):
        read_all(export, "info.csv")


def test_a_manifest_that_is_not_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "info.csv").write_text("id\n")
    (tmp_path / "manifest.json").write_text("{")
    with Export(tmp_path) as export, pytest.raises(MalformedTableError, match=r"manifest\.json"):
        _ = export.manifest
