"""An export that is written in many small parts is the same as one that is written at once."""

from __future__ import annotations

import hashlib
import json
import os
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.export_memory import fill
from chalicelib.export import DataError, Export, write_zip
from chalicelib.export.jobs.export_state import ExportState
from chalicelib.export.jobs.part import PartLimits
from chalicelib.export.jobs.part_writer import DEFAULT_LIMITS, PartWriter
from chalicelib.export.jobs.run_facts import RunFacts
from chalicelib.export.jobs.zip_layout import ZipEntry, zip_of
from chalicelib.export.psych_ds import CHANGES, write_psych_ds
from chalicelib.ports.exports import ExportOptions, ExportPart
from chalicelib.storage.files.folder_exports import FolderExports
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from tests.unit.export.runs import BEGIN, a_run
from tests.unit.export.study_runs import a_study
from tests.web.clock import HandClock

ID = "e1"
#: Every chunk of rows ends a part.
TINY = PartLimits(seconds=0)


@pytest.fixture(params=["experiment", "study"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SQLiteEngine]:
    engine = SQLiteEngine(tmp_path / "run.sqlite")
    (a_run if request.param == "experiment" else a_study)(engine)
    yield engine
    engine.close()


class Job:
    """An export job without its record: parts follow one another until the zip is there."""

    def __init__(
        self, engine: SQLiteEngine, root: Path, limits: PartLimits = TINY, log: Path | None = None
    ) -> None:
        self.files = FolderExports(root / "exports", HandClock())
        facts = RunFacts("r", manifest=lambda: {"settings": {"title": "A run"}}, log=log)
        self.writer = PartWriter(engine, self.files, facts, HandClock(), limits)
        self.root = root

    def write(self, options: ExportOptions) -> ExportPart:
        state: Any = None
        while (part := self.writer.write_part(ID, options, state)).name is None:
            # As it is stored.
            state = json.loads(json.dumps(part.state))
        return part

    def zip(self, part: ExportPart) -> Path:
        assert part.name is not None
        return self.root / "exports" / ID / part.name


def contents(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        found: dict[str, Any] = {name: archive.read(name) for name in archive.namelist()}
    if "manifest.json" in found:
        found["manifest.json"] = {**json.loads(found["manifest.json"]), "exported": None}
    return found


def whole(engine: SQLiteEngine, root: Path, **how: Any) -> Path:
    return write_zip(engine, root / "whole.zip", app_id="r", manifest={"settings": {"title": "A run"}}, **how)


@pytest.mark.parametrize("unscrubbed", [False, True])
def test_parts_add_up_to_the_whole_export(engine: SQLiteEngine, tmp_path: Path, unscrubbed: bool) -> None:
    log = tmp_path / "run.log"
    log.write_text('{"message": "W1 arrived", "for_exports": "1 arrived"}\n{"message": "ann@example.org"}\n')
    job = Job(engine, tmp_path, log=log)
    part = job.write(ExportOptions(unscrubbed=unscrubbed))
    found = contents(job.zip(part))
    assert found == contents(whole(engine, tmp_path, scrub=not unscrubbed, excel_safe=True, log=log))
    assert ExportState.read(part.state).part > len(part.tables)
    assert part.size == job.zip(part).stat().st_size
    assert part.sha256 == hashlib.sha256(job.zip(part).read_bytes()).hexdigest()
    assert part.tables["participant"] == 3
    with Export(job.zip(part)) as export:
        export.require()


def test_one_large_part_writes_the_same(engine: SQLiteEngine, tmp_path: Path) -> None:
    job = Job(engine, tmp_path, DEFAULT_LIMITS)
    part = job.write(ExportOptions(excel_safe=False))
    assert contents(job.zip(part)) == contents(whole(engine, tmp_path))
    assert ExportState.read(part.state).part < len(part.tables)


def test_a_part_that_is_lost_is_written_again_and_leaves_nothing_in_the_zip(
    engine: SQLiteEngine, tmp_path: Path
) -> None:
    job, state = Job(engine, tmp_path), None
    while True:
        # A worker that ended before its commit: what it has stored isn't in the state that goes on.
        lost = job.writer.write_part(ID, ExportOptions(), state)
        part = job.writer.write_part(ID, ExportOptions(), state)
        assert (lost.rows, lost.files, lost.file) == (part.rows, part.files, part.file)
        if part.name is not None:
            break
        state = part.state
    assert contents(job.zip(part)) == contents(whole(engine, tmp_path, excel_safe=True))
    job.files.remove(ID, part.name)
    assert [file.name for file in (tmp_path / "exports" / ID).iterdir()] == [part.name]


def test_a_psych_ds_data_set_is_that_of_the_command(tmp_path: Path) -> None:
    engine = SQLiteEngine(tmp_path / "run.sqlite")
    a_study(engine)
    job = Job(engine, tmp_path)
    part = job.write(ExportOptions(excel_safe=False, psych_ds=True))
    expected = contents(write_psych_ds(whole(engine, tmp_path), tmp_path / "psych-ds.zip"))
    found = contents(job.zip(part))
    # The day of the export is that of each one's clock.
    assert found.pop(f"{CHANGES}.md").startswith(b"# Changes\n\n- ")
    expected.pop(f"{CHANGES}.md")
    assert found == expected
    engine.close()


def test_an_experiment_has_no_psych_ds_data_set(tmp_path: Path) -> None:
    engine = SQLiteEngine(tmp_path / "run.sqlite")
    a_run(engine)
    with pytest.raises(DataError, match="no data of a study"):
        Job(engine, tmp_path).write(ExportOptions(excel_safe=False, psych_ds=True))
    engine.close()


def test_an_export_beyond_the_limit_is_refused_before_it_is_composed(
    engine: SQLiteEngine, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="petri export"):
        Job(engine, tmp_path, PartLimits(zip_size=1000)).write(ExportOptions())


@pytest.mark.slow
@pytest.mark.parametrize("infos", [1_000, 6_000])
def test_memory_does_not_grow_with_the_run(tmp_path: Path, infos: int) -> None:
    engine = SQLiteEngine(tmp_path / "run.sqlite")
    fill(engine, infos)
    job = Job(engine, tmp_path, PartLimits(size=1 << 20))
    tracemalloc.start()
    part = job.write(ExportOptions())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert part.tables["info"] == infos
    # Above 1 MB of a table, a part ends.
    assert ExportState.read(part.state).part > infos // 4_000
    assert peak < 6e6
    engine.close()


def test_a_zip_beyond_four_gigabytes_can_be_opened(tmp_path: Path) -> None:
    """Sparse files stand for the data."""
    huge, target = 5 << 30, tmp_path / "huge.zip"
    with target.open("wb") as file:

        def hole() -> Iterator[bytes]:
            file.seek(huge, os.SEEK_CUR)
            yield b""

        deflate = zlib.compressobj(wbits=-15)
        packed = deflate.compress(b"id\n") + deflate.flush()
        entries = [
            ZipEntry("a.csv", 0, huge, huge, hole()),
            ZipEntry("b.csv", zlib.crc32(b"id\n"), 3, len(packed), [packed]),
        ]
        for chunk in zip_of(entries, BEGIN):
            file.write(chunk)
    with zipfile.ZipFile(target) as archive:
        assert [(each.filename, each.file_size) for each in archive.infolist()] == [
            ("a.csv", huge),
            ("b.csv", 3),
        ]
        assert archive.read("b.csv") == b"id\n"
