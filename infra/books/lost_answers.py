"""Finds stored answers whose question an import would remove."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from chalicelib.export.export_reader import Export
from chalicelib.export.rows import participants_stored
from chalicelib.export.study_spool import responses_of
from chalicelib.storage.engine import Engine
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.local.lifecycle import origin
from infra.local.lifecycle.run_paths import RunPaths


@dataclass(frozen=True, slots=True)
class DataPlaces:
    """Where to look for answers, besides the runs in the study's folder."""

    #: the folder in which the command is called, which may have runs of the study too
    here: Path
    #: exports of deployed apps
    exports: Sequence[Path] = ()
    #: the ids of deployed apps, each with a function that opens its table for a with block
    apps: Mapping[str, Callable[[], AbstractContextManager[Engine]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LostAnswer:
    """An answer whose question would be gone; it stays in the data."""

    #: the id of the run or app, or the name of the export
    run: str
    participant_id: int
    item: str
    answered_at: str

    def __str__(self) -> str:
        return f"{self.run}, participant {self.participant_id}: {self.item}, answered {self.answered_at}"


def lost_answers(study: Path, items: Collection[str], places: DataPlaces) -> Iterator[LostAnswer]:
    """Yield the answers to these items in the runs, apps and exports of a study.

    Without items, no app is opened.
    """
    if not items:
        return
    for run, database in _databases(study, places.here):
        with contextlib.closing(SQLiteEngine(database, read_only=True)) as engine:
            yield from _of_run(run, engine, items)
    for app, opened in places.apps.items():
        with opened() as engine:
            yield from _of_run(app, engine, items)
    for export in places.exports:
        yield from _of_export(export, items)


def _databases(study: Path, here: Path) -> Iterator[tuple[str, Path]]:
    """Yield the local runs of a study: those in its own folder, and those in `here` that it started."""
    study = study.resolve()
    for root in dict.fromkeys((study, here.resolve())):
        for database in sorted((root / "runs").glob("*.sqlite")):
            noted = origin.noted(database.stem, RunPaths(root))
            is_of_study = noted.folder.resolve() == study if noted is not None else root == study
            if is_of_study:
                yield database.stem, database


def _of_run(run: str, engine: Engine, items: Collection[str]) -> Iterator[LostAnswer]:
    for person in participants_stored(engine):
        for response in responses_of(engine, person["id"]):
            for entry in response["answers"]:
                if entry["item"] in items:
                    yield LostAnswer(run, person["id"], entry["item"], response.get("answered_at") or "")


def _of_export(export: Path, items: Collection[str]) -> Iterator[LostAnswer]:
    with Export(export) as opened:
        if "response" not in opened.tables:
            return
        with opened.rows("response") as (header, rows):
            for _, values in rows:
                row = dict(zip(header, values, strict=True))
                if row["item"] in items and row.get("by") not in ("grader", "peer"):
                    yield LostAnswer(
                        export.name, row["participant_id"], row["item"], str(row.get("answered_at") or "")
                    )
