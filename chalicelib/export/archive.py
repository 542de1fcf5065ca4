"""Writes the zip of a run: tables as CSV, the log, and a manifest that says how it was made.

- experiment_id.md: the run's id
- manifest.json: versions, date, settings, rows and checksum of each table
- data/<table>.csv: the tables
- data/class.csv, class_member.csv: classes and their members, if there are any
- data/assignment.csv, gradebook.csv: assignments of classes and points given in gradebooks, if there are any
- data/message.csv, message_receipt.csv: what people who manage the run wrote to participants, if they did
- data/response.csv, trial.csv, live.csv, event.csv, upload.csv, reading.csv, annotation.csv, review.csv
  page_times.csv and *_wide.csv: a study's tables
- uploads/<participant>/<name>: the files that participants have uploaded, in an export with files
- codebook.json, dataset_description.json: what the columns of a study hold; the latter for Psych-DS
- study.jsonl: the records of a study, with which `petri load` continues the run
- structure.jsonl: the state of the experiment and its networks, with which `petri load` continues the run
- run.log: the run's log, where there is one
- code.zip: the code that ran, where it was stored
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.ports import FileStore
from chalicelib.storage.engine import Engine
from chalicelib.version import VERSION

from .classes.class_rows import class_tables
from .csv_format import excel_safe, format_row, json_text
from .data_errors import DataError
from .dataset_description import (
    CODEBOOK,
    DESCRIPTION,
    codebook,
    codebook_in,
    description,
    inferred_codebook,
)
from .materials.asset_table import has_assets
from .personal_data import remove_personal_code, remove_personal_settings
from .rows import has_answered, has_messages, ids_stored, nodes_of, participants_stored, roots, rows
from .scrub import Scrubber
from .study_spool import UPLOAD, StudyRecords
from .study_tables import FIXED_ROWS, wide_tables
from .table_schema import (
    ANNOTATIONS,
    ASSETS,
    COLUMNS,
    EVENTS,
    MESSAGE_TABLES,
    PAGE_TIMES,
    READING,
    RESPONSES,
    REVIEWS,
    STUDY_COLUMNS,
    UPLOADS,
    Row,
    file_of,
)
from .upload_files import write_files

ID_FILE: Final = "experiment_id.md"
MANIFEST: Final = "manifest.json"
STRUCTURE: Final = "structure.jsonl"
STUDY: Final = "study.jsonl"
LOG: Final = "run.log"
CODE: Final = "code.zip"
#: The manifest's word for tables in which texts that look like formulas begin with an apostrophe.
EXCEL_SAFE: Final = "excel_safe"
#: Records are read before those they refer to, so that the export of a live run has no dangling references.
READING_ORDER: Final = (
    "payment",
    "question",
    "notification",
    "recruitment",
    "transmission",
    "transformation",
    "vector",
    "info",
    "node",
    "participant",
    "network",
)
#: The state of the experiment that is needed to continue the run.
#: The tables of a study whose columns are fixed: those before the wide tables, and those behind them.
FIRST_TABLES: Final = (RESPONSES, PAGE_TIMES, EVENTS)
LAST_TABLES: Final = (UPLOADS, READING, ANNOTATIONS, REVIEWS)
KEPT_STATE: Final = ("launched", "closed", "asked", "state")
_GOOD_ID: Final = re.compile(r"[\w.-]+")


def write_zip(
    engine: Engine,
    target: Path | str,
    *,
    app_id: str,
    scrub: bool = True,
    log: Path | str | None = None,
    code: Path | str | None = None,
    manifest: Mapping[str, Any] | None = None,
    excel_safe: bool = False,
    files: FileStore | None = None,
) -> Path:
    """Write a run's data and return the path of the zip.

    target: a folder, for `<app_id>-data.zip` in it, or a path that ends in .zip. scrub: leave out who
    the participants are. log: the run's log file. code: an archive of the code that ran. manifest: what to
    add to the manifest, such as the settings without secrets. excel_safe: put an apostrophe before texts that
    a spreadsheet would run as formulas. files: the store of uploaded files, to include them, which identify
    people more often than not. An existing file is replaced when the new one is complete.
    """
    if not _GOOD_ID.fullmatch(app_id):
        raise DataError(f"{app_id!r} can't name a file: use letters, digits, dots and hyphens for the id.")
    path = Path(target)
    if path.suffix != ".zip":
        path /= f"{app_id}-data.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
            writer = _Writer(engine, archive, scrub=scrub, excel_safe=excel_safe, files=files)
            writer.write(app_id, log, manifest or {}, codebook_in(code))
            if code is not None and scrub:
                archive.writestr(CODE, remove_personal_code(Path(code)), zipfile.ZIP_STORED)
            elif code is not None:
                archive.write(code, CODE, zipfile.ZIP_STORED)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


class _Writer:
    """Fills one zip."""

    def __init__(
        self,
        engine: Engine,
        archive: zipfile.ZipFile,
        *,
        scrub: bool,
        excel_safe: bool = False,
        files: FileStore | None = None,
    ) -> None:
        self._files = files
        self._uploads: dict[str, Any] = {}
        self._engine = engine
        self._excel_safe = excel_safe
        self._archive = archive
        self._scrubber = Scrubber(participants_stored(engine), ids_stored(engine)) if scrub else None

    def write(
        self,
        app_id: str,
        log: Path | str | None,
        more: Mapping[str, Any],
        known: Mapping[str, Any] | None = None,
    ) -> None:
        self._archive.writestr(ID_FILE, app_id + "\n")
        if log is not None:
            self._write_lines(LOG, _log_lines(Path(log), self._clean_line))
        messages = MESSAGE_TABLES if has_messages(self._engine) else ()
        assets = (ASSETS,) if has_assets(self._engine) else ()
        order = (*class_tables(self._engine), *messages, *assets, *READING_ORDER)
        tables = {
            **self._write_study(app_id, more, known),
            **{table: self._write_table(table, COLUMNS[table], self._rows(table)) for table in order},
        }
        self._write_lines(STRUCTURE, (line for _, line in structure_lines(self._engine, self._scrubber)))
        how = {"scrubbed": self._scrubber is not None, EXCEL_SAFE: self._excel_safe}
        self._archive.writestr(
            MANIFEST, manifest_text(app_id, how, more, {**self._uploads, "tables": tables})
        )

    def _clean_line(self, line: str) -> str:
        return line if self._scrubber is None else self._scrubber.log_line(line)

    def _clean_row(self, table: str, row: Row) -> Row:
        return row if self._scrubber is None else self._scrubber.row(table, row)

    def _rows(self, table: str) -> Iterator[Row]:
        return (self._clean_row(table, row) for row in rows(self._engine, table))

    def _write_study(
        self, app_id: str, more: Mapping[str, Any], known: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """Write the files of a study; nothing for another experiment."""
        people, networks = participants_stored(self._engine), roots(self._engine)
        scrub = self._scrubber is not None
        with StudyRecords.read(self._engine, people, networks, scrub=scrub) as records:
            if not records:
                return {}
            wide = wide_tables(records)
            tables = {
                **{name: self._write_fixed(name, records) for name in FIRST_TABLES},
                **{name: self._write_table(name, table.columns, table.rows) for name, table in wide.items()},
                **{name: self._write_fixed(name, records) for name in LAST_TABLES},
            }
            if self._files is not None:
                self._uploads["uploads"] = write_files(self._archive, self._files, records.of_kind(UPLOAD))
            self._write_lines(STUDY, (json_text(record) + "\n" for record in records))
            book = known or inferred_codebook(records)
        told = describe_study(app_id, more, [one for t in wide.values() for one in t.columns], book)
        self._archive.writestr(CODEBOOK, indented_json(codebook(book)))
        self._archive.writestr(DESCRIPTION, indented_json(told))
        return tables

    def _write_fixed(self, table: str, records: StudyRecords) -> dict[str, Any]:
        kinds, made = FIXED_ROWS[table]
        return self._write_table(table, COLUMNS[table], made(records.of_kind(*kinds)))

    def _write_table(self, table: str, columns: Sequence[str], found: Iterable[Row]) -> dict[str, Any]:
        def lines() -> Iterator[str]:
            yield format_row(columns)
            for row in found:
                yield table_line(row, columns, is_excel_safe=self._excel_safe)

        written, checksum = self._write_lines(file_of(table), lines())
        return {"rows": written - 1, "sha256": checksum}

    def _write_lines(self, name: str, lines: Iterable[str]) -> tuple[int, str]:
        """Write a file of the zip line by line; return how many there were, and their sha256."""
        count, checksum = 0, hashlib.sha256()
        with self._archive.open(name, "w", force_zip64=True) as file:
            for line in lines:
                written = line.encode()
                file.write(written)
                checksum.update(written)
                count += 1
        return count, checksum.hexdigest()


def table_line(row: Row, columns: Sequence[str], *, is_excel_safe: bool) -> str:
    """Return a row of a table as a line of CSV."""
    values = (row.get(name) for name in columns)
    return format_row(map(excel_safe, values) if is_excel_safe else values)


def describe_study(
    app_id: str, more: Mapping[str, Any], wide: Sequence[str], book: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the metadata of a study's data; `wide`: the columns of the tables that depend on the study."""
    fixed = (column for table in (*FIRST_TABLES, *LAST_TABLES) for column in STUDY_COLUMNS[table])
    columns = [*fixed, *wide]
    recorded = more.get("settings", {})
    title, about = recorded.get("title"), recorded.get("description")
    about = str(about) if about else f"The data of run {app_id}."
    return description(str(title) if title else app_id, about, columns, book)


def indented_json(value: Any) -> str:
    """Return a value as JSON that people can read."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n"


def manifest_text(
    app_id: str, how: Mapping[str, Any], more: Mapping[str, Any], contents: Mapping[str, Any]
) -> str:
    """Return the manifest of an export.

    `how`: in which way the tables were written; `more`: versions and settings; `contents`: what there is.
    """
    shared = remove_personal_settings(more, "settings") if how["scrubbed"] else more
    facts = {**_circumstances(app_id), **how, **shared, **contents}
    return json.dumps(facts, indent=2, ensure_ascii=False) + "\n"


def _log_lines(path: Path, clean: Callable[[str], str]) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as log:
            yield from map(clean, log)
    except OSError as error:
        raise DataError(f"The log {path} can't be read: {error.strerror}. Export without it.") from error


def structure_lines(
    engine: Engine, scrubber: Scrubber | None, after: int | None = None
) -> Iterator[tuple[int, str]]:
    """Yield what is needed to continue the run: its state, then each network, with the network's id.

    `after`: only the networks behind this id, without the state.
    """
    if after is None:
        stored = engine.get([keys.EXPERIMENT]).get(keys.EXPERIMENT, {})
        kept = {name: stored[name] for name in KEPT_STATE if name in stored}
        yield 0, json_text({"experiment": kept if scrubber is None else scrubber.value(kept)}) + "\n"
    for root in roots(engine, (after or 0) + 1):
        waited_for = [node["id"] for node in nodes_of(engine, root) if not has_answered(node)]
        structure = root.get("structure", {})
        shown = structure if scrubber is None else scrubber.value(structure)
        facts = {"network": root["id"], "structure": shown, "unanswered": waited_for}
        yield root["id"], json_text(facts) + "\n"


def _circumstances(app_id: str) -> dict[str, Any]:
    return {
        "app_id": app_id,
        "petri": VERSION,
        "python": platform.python_version(),
        "exported": iso(datetime.now(UTC)),
    }
