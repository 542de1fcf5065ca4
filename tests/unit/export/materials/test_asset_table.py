"""Uploaded assets are a table of the export, without the users who uploaded them in a shared one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.export import rows, write_zip
from chalicelib.export.rows import chunks
from chalicelib.export.table_schema import ASSETS
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.ports.exports import ExportOptions
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.study.assets.asset import Asset, AssetSpace
from petri.data import Data
from tests.unit.export.runs import a_run, at_minute
from tests.unit.export.test_export_parts import DEFAULT_LIMITS, TINY, Job, contents, whole

NAMES = ("dot.png", "happy.png", "talk.mp3")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SQLiteEngine]:
    engine = SQLiteEngine(tmp_path / "run.sqlite")
    a_run(engine)
    with at_minute(engine, 40) as work:
        for number, name in enumerate(NAMES):
            sha256 = str(number) * 64
            ending, group = name[-3:], "sound" if name.endswith("mp3") else "picture"
            asset = Asset(
                sha256, name, 10, f"x/{ending}", ending, group, alt="A text", created=str(iso(work.now))
            )
            asset.created_by = "user:ada"
            asset.deleted = str(iso(work.now)) if name == "dot.png" else None
            work.put_item(keys.asset(sha256), Asset.kind, asset.to_fields())
            work.put_item(keys.asset_name(name), "asset_name", {"asset": sha256})
        work.put_item(keys.ASSET_SPACE, AssetSpace.kind, AssetSpace(30, 3).to_fields())
        work.commit()
    yield engine
    engine.close()


def exported(engine: SQLiteEngine, path: Path, *, scrub: bool) -> Data:
    return Data(write_zip(engine, path, app_id="r", scrub=scrub))


def test_the_table_says_what_was_uploaded_and_where_it_is(engine: SQLiteEngine, tmp_path: Path) -> None:
    dot, happy, talk = exported(engine, tmp_path, scrub=False).table(ASSETS).list
    assert [one["name"] for one in (dot, happy, talk)] == list(NAMES)
    assert happy["address"] == f"/static/uploaded/{'1' * 64}.png"
    assert (happy["size"], happy["is_decorative"], happy["created_by"]) == (10, False, "user:ada")
    assert (bool(dot["deleted"]), bool(happy["deleted"])) == (True, False)


def test_a_shared_export_has_no_users(engine: SQLiteEngine, tmp_path: Path) -> None:
    found = exported(engine, tmp_path, scrub=True).table(ASSETS).list
    assert {one["created_by"] for one in found} == {None}
    assert [one["alt"] for one in found] == ["A text"] * 3


@pytest.mark.parametrize("limits", [TINY, DEFAULT_LIMITS])
def test_an_export_job_writes_the_same_table(engine: SQLiteEngine, tmp_path: Path, limits: Any) -> None:
    job = Job(engine, tmp_path, limits)
    part = job.write(ExportOptions())
    assert contents(job.zip(part)) == contents(whole(engine, tmp_path, excel_safe=True))
    assert part.tables[ASSETS] == 3


def test_the_table_continues_behind_each_position(
    engine: SQLiteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[chunks.__module__], "CHUNK", 1)
    position, found = None, []
    while (chunk := next(chunks(engine, ASSETS, position), None)) is not None:
        position, some = chunk
        found += some
    assert found == list(rows(engine, ASSETS))


def test_a_run_without_assets_has_no_such_table(tmp_path: Path) -> None:
    engine = SQLiteEngine(tmp_path / "bare.sqlite")
    a_run(engine)
    assert ASSETS not in exported(engine, tmp_path, scrub=True).manifest["tables"]
    engine.close()
