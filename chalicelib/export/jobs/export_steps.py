"""The steps of an export job, in order; a part takes as many as it has time for, or a piece of one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any, Final

from chalicelib.export import archive
from chalicelib.export.archive import EXCEL_SAFE, READING_ORDER
from chalicelib.export.classes.class_rows import class_numbers, class_tables
from chalicelib.export.classes.class_spool import class_count, records_of_class
from chalicelib.export.csv_format import format_row, json_text
from chalicelib.export.data_errors import DataError
from chalicelib.export.dataset_description import (
    CODEBOOK,
    DESCRIPTION,
    codebook,
    codebook_in,
    inferred_codebook,
)
from chalicelib.export.materials.asset_table import has_assets
from chalicelib.export.personal_data import remove_personal_code
from chalicelib.export.psych_ds import CHANGES, DOCUMENTED_CODEBOOK, psych_ds_name, psych_ds_texts
from chalicelib.export.rows import AT_ONCE, Position, chunks, has_messages, participants_stored, roots
from chalicelib.export.scrub import WRITTEN_BY_US
from chalicelib.export.study_spool import (
    Record,
    records_of_group,
    records_of_person,
    records_of_slots,
)
from chalicelib.export.study_tables import FIXED_ROWS, wide_columns
from chalicelib.export.table_schema import (
    ASSETS,
    CLASS_TABLES,
    COLUMNS,
    MESSAGE_TABLES,
    STUDY_TABLES,
    WIDE_COLUMNS,
    Row,
    file_of,
)
from chalicelib.model import keys

from .part import PartInProgress
from .pieces import PieceRecords
from .study_parts import StatusesOfPeople, wide_chunks
from .upload_entries import LISTED, described, is_exported, summary

#: A step: writes what the part has time for, and returns whether the step is finished.
Step = Callable[[PartInProgress], bool]
#: Lines that are read at once from the log.
_LINES: Final = 500


def _write_id(part: PartInProgress) -> bool:
    part.write(archive.ID_FILE, [part.facts.app_id + "\n"])
    part.finish_entry()
    return True


def _write_log(part: PartInProgress) -> bool:
    """Write the log up to its length at the beginning; the position has that too, since it grows."""
    log, clean = part.facts.log, part.scrubber
    if log is None or not log.exists():
        return True

    def found(after: Position | None) -> Iterator[tuple[Position, list[str]]]:
        begin, end = after or (0, log.stat().st_size)
        with log.open("rb") as file:
            file.seek(begin)
            while file.tell() < end and (lines := list(islice(file, _LINES))):
                texts = [line.decode("utf-8", "replace") for line in lines]
                begin += sum(map(len, lines))
                yield [begin, end], texts if clean is None else list(map(clean.log_line, texts))

    return part.write_lines(archive.LOG, found)


def _write_study(part: PartInProgress) -> bool:
    """Write the records of a study, from which its tables are made; leave them out for an experiment."""
    is_finished = part.write_lines(archive.STUDY, partial(_study_lines, part))
    if is_finished and not part.state.entries[archive.STUDY].lines:
        part.drop(archive.STUDY)
    return is_finished


def _study_lines(part: PartInProgress, after: Position | None) -> Iterator[tuple[Position, list[str]]]:
    return ((position, [json_text(one) + "\n" for one in some]) for position, some in _study(part, after))


def _study(part: PartInProgress, after: Position | None) -> Iterator[tuple[Position, Iterable[Record]]]:
    phase, last = after or ("people", 0)
    if phase == "people":
        yield from _study_of_people(part, last)
        phase, last = "networks", 0
    classes = class_numbers(part.engine)
    if not (classes or _has_lines(part, archive.STUDY)):
        return
    if phase == "networks":
        for root in roots(part.engine, last + 1):
            yield ["networks", root["id"]], records_of_group(part.engine, root["id"])
        yield ["slots", 0], records_of_slots(part.engine)
        phase = "slots"
    if phase == "slots":
        yield ["classes", 0], class_count(part.engine)
        last = 0
    for number in classes:
        if number > last:
            records = records_of_class(part.engine, number, scrub=not part.options.unscrubbed)
            yield ["classes", number], records


def _study_of_people(part: PartInProgress, last: int) -> Iterator[tuple[Position, Iterable[Record]]]:
    people = participants_stored(part.engine, last + 1)
    while some := list(islice(people, AT_ONCE)):
        places = part.engine.get([keys.place(person["id"]) for person in some])
        for person in some:
            if keys.place(person["id"]) in places:
                records = records_of_person(part.engine, person, scrub=not part.options.unscrubbed)
                yield ["people", person["id"]], records
        yield ["people", some[-1]["id"]], ()


def _has_lines(part: PartInProgress, name: str) -> bool:
    return name in part.state.entries and part.state.entries[name].lines > 0


# -- the tables ---------------------------------------------------------------------------------------


def _write_table(table: str, part: PartInProgress) -> bool:
    """Write a table of records."""

    def found(after: Position | None) -> Iterator[tuple[Position, list[str]]]:
        for position, rows in chunks(part.engine, table, after):
            yield position, _lines_of(part, COLUMNS[table], (_clean(part, table, row) for row in rows))

    return part.write_lines(file_of(table), found, format_row(COLUMNS[table]))


def _clean(part: PartInProgress, table: str, row: Row) -> Row:
    if part.options.unscrubbed or table not in WRITTEN_BY_US:
        return row
    return row if part.scrubber is None else part.scrubber.row(table, row)


def _lines_of(part: PartInProgress, columns: Iterable[str], rows: Iterable[Row]) -> list[str]:
    names = tuple(columns)
    return [archive.table_line(row, names, is_excel_safe=part.options.excel_safe) for row in rows]


def _records(part: PartInProgress) -> PieceRecords:
    return PieceRecords(part.store, part.state.entries[archive.STUDY], StatusesOfPeople(part.engine))


def _write_study_table(table: str, part: PartInProgress) -> bool:
    """Write a table of a study whose columns are fixed."""
    kinds, made = FIXED_ROWS[table]

    def found(after: Position | None) -> Iterator[tuple[Position, list[str]]]:
        for position, record in _records(part).behind(after):
            rows = made([record]) if record["kind"] in kinds else ()
            yield position, _lines_of(part, COLUMNS[table], rows)

    return part.write_lines(file_of(table), found, format_row(COLUMNS[table]))


def _find_columns(table: str, part: PartInProgress) -> bool:
    """Find the columns of a table that depend on the study: this reads all of its records at once."""
    columns = wide_columns(_records(part), table)
    name = part.store.new_name(part.state.part)
    part.store.put(name, [json.dumps(columns).encode()])
    part.state.columns[table] = name
    return True


def _columns(part: PartInProgress, table: str) -> list[str]:
    found: list[str] = json.loads(b"".join(part.store.read(part.state.columns[table])))
    return found


def _write_wide_table(table: str, part: PartInProgress) -> bool:
    """Write a table whose columns depend on the study."""
    columns = _columns(part, table)

    def found(after: Position | None) -> Iterator[tuple[Position, list[str]]]:
        for position, rows in wide_chunks(table, _records(part), after):
            yield position, _lines_of(part, columns, rows)

    return part.write_lines(file_of(table), found, format_row(columns))


# -- what describes the tables ------------------------------------------------------------------------


def _describe(part: PartInProgress) -> bool:
    """Write the code book and the metadata of a study."""
    book = _known_codebook(part) or inferred_codebook(_records(part))
    wide = [column for table in WIDE_COLUMNS for column in _columns(part, table)]
    told = archive.describe_study(part.facts.app_id, part.facts.manifest(), wide, book)
    part.write_whole(CODEBOOK, archive.indented_json(codebook(book)).encode())
    part.write_whole(DESCRIPTION, archive.indented_json(told).encode())
    if part.options.psych_ds:
        tables = [table for table in STUDY_TABLES if file_of(table) in part.state.entries]
        for name, text in psych_ds_texts(told, tables, part.state.exported).items():
            if name != DESCRIPTION:
                part.write_whole(name, text.encode())
    return True


def _known_codebook(part: PartInProgress) -> dict[str, Any] | None:
    code = part.facts.code()
    return None if code is None else codebook_in(code)


def _write_structure(part: PartInProgress) -> bool:
    def found(after: Position | None) -> Iterator[tuple[Position, list[str]]]:
        lines = archive.structure_lines(part.engine, part.scrubber, after[0] if after else None)
        return (([number], [line]) for number, line in lines)

    return part.write_lines(archive.STRUCTURE, found)


def _write_code(part: PartInProgress) -> bool:
    code = part.facts.code()
    if code is not None:
        part.write_whole(archive.CODE, code if part.options.unscrubbed else remove_personal_code(code))
    return True


def _write_checksums(part: PartInProgress) -> bool:
    """Find the checksums of tables that several parts have written."""
    tables = (entry for name, entry in part.state.entries.items() if name.endswith(".csv"))
    pending = [entry for entry in tables if not entry.sha256]
    for number, entry in enumerate(pending, start=1):
        entry.sha256 = part.store.sha256(entry)
        if part.is_full:
            return number == len(pending)
    return True


def _write_manifest(part: PartInProgress) -> bool:
    tables = {
        name.removeprefix("data/").removesuffix(".csv"): {"rows": entry.lines - 1, "sha256": entry.sha256}
        for name, entry in part.state.entries.items()
        if name.endswith(".csv")
    }
    how = {"scrubbed": not part.options.unscrubbed, EXCEL_SAFE: part.options.excel_safe}
    uploads = {"uploads": summary(part.store, part.state)} if LISTED in part.state.entries else {}
    text = archive.manifest_text(part.facts.app_id, how, part.facts.manifest(), {**uploads, "tables": tables})
    part.write_whole(archive.MANIFEST, text.encode())
    return True


def _list_uploads(part: PartInProgress) -> bool:
    """Read the files that participants uploaded, and list them with their checksums."""
    if not part.options.uploads:
        return True
    if part.state.position is None:
        size = sum(int(record["size"]) for record in _records(part) if is_exported(record))
        most = part.limits.zip_size
        if size > most:
            raise DataError(
                f"The files that participants uploaded have {size / 2**30:.1f} GB, and an export job writes "
                f"{most / 2**30:.1f} GB at most. Use the command petri export --uploads instead."
            )

    def found(after: Position | None) -> Iterator[tuple[Position, list[str]]]:
        for position, record in _records(part).behind(after):
            is_file = is_exported(record)
            yield position, [json_text(described(part.uploads, record)) + "\n"] if is_file else []

    return part.write_lines(LISTED, found)


def _lay_out(part: PartInProgress) -> bool:
    """Decide which entries the zip has, under which names."""
    names = [name for name in part.state.entries if name != LISTED]
    if not part.options.psych_ds:
        part.state.layout = [(name, name) for name in names]
        return True
    own = {CODEBOOK: DOCUMENTED_CODEBOOK, **{file_of(table): psych_ds_name(table) for table in STUDY_TABLES}}
    texts = {DESCRIPTION, "README.md", f"{CHANGES}.md"}
    part.state.layout = [(own.get(name, name), name) for name in names if name in own or name in texts]
    return True


def _require_study(part: PartInProgress) -> bool:
    if part.options.psych_ds and archive.STUDY not in part.state.entries:
        raise DataError("This run has no data of a study; only those can be exported as Psych-DS.")
    return True


def _of_study(step: Step) -> Step:
    """Return a step that does nothing for an experiment that isn't a study."""
    return lambda part: archive.STUDY not in part.state.entries or step(part)


def _of_records(step: Step) -> Step:
    """Return a step that does nothing for a Psych-DS data set, which has only the tables of a study."""
    return lambda part: part.options.psych_ds or step(part)


def _write_class_table(table: str, part: PartInProgress) -> bool:
    """Write a table of classes, for a run that can have a row in it."""
    return table not in class_tables(part.engine) or _write_table(table, part)


def _of_messages(step: Step) -> Step:
    """Return a step that does nothing for a run in which no message was written."""
    return lambda part: not has_messages(part.engine) or step(part)


def _of_assets(step: Step) -> Step:
    """Return a step that does nothing for a run to which no asset was uploaded."""
    return lambda part: not has_assets(part.engine) or step(part)


#: Each step with whether it can only be taken at once, and so begins a part of its own.
STEPS: Final[tuple[tuple[Step, bool], ...]] = (
    (_of_records(_write_id), False),
    (_of_records(_write_log), False),
    (_write_study, False),
    (_require_study, False),
    *((_of_study(partial(_write_study_table, table)), False) for table in archive.FIRST_TABLES),
    *(
        step
        for table in WIDE_COLUMNS
        for step in (
            (_of_study(partial(_find_columns, table)), True),
            (_of_study(partial(_write_wide_table, table)), False),
        )
    ),
    *((_of_study(partial(_write_study_table, table)), False) for table in archive.LAST_TABLES),
    (_of_study(_list_uploads), False),
    (_of_study(_describe), True),
    *((_of_records(partial(_write_class_table, table)), False) for table in CLASS_TABLES),
    *((_of_records(_of_messages(partial(_write_table, table))), False) for table in MESSAGE_TABLES),
    (_of_records(_of_assets(partial(_write_table, ASSETS))), False),
    *((_of_records(partial(_write_table, table)), False) for table in READING_ORDER),
    (_of_records(_write_structure), False),
    (_of_records(_write_code), False),
    (_of_records(_write_checksums), False),
    (_of_records(_write_manifest), False),
    (_lay_out, False),
)
