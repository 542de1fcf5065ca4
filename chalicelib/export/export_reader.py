"""Opens exports of Petri or Dallinger: a zip, or the folder that it was unpacked into."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import IO, Any, Self

from chalicelib.experiment.text_files import find_encoding_problem

from .archive import EXCEL_SAFE, MANIFEST, STRUCTURE, STUDY
from .cell_types import read_typed_rows
from .csv_format import strip_excel_mark
from .data_errors import DataError, MalformedTableError
from .dataset_description import CODEBOOK
from .table_schema import ASSETS, CLASS_TABLES, CORE_TABLES, MESSAGE_TABLES, STUDY_TABLES, TABLES, Row
from .upload_files import FOLDER

#: Bytes up to which an archive may unpack to any multiple of its size, and the most times beyond.
LARGE, MOST_TIMES = 100 * 1024 * 1024, 200


class Export:
    """The files of an export. Use as a context, or call `close`."""

    def __init__(self, path: Path | str) -> None:
        """Open a zip or a folder; DataError when it is neither, or contains no table."""
        self.path = Path(path)
        self._zip = _opened(self.path)
        self._files = self._found_files()
        every = (*TABLES, *CLASS_TABLES, *MESSAGE_TABLES, ASSETS, *STUDY_TABLES)
        self.tables = tuple(table for table in every if f"{table}.csv" in self._files)
        if not self.tables:
            self.close()
            raise DataError(
                f"{self.path} holds no tables: an export has files such as data/info.csv. "
                "Give the zip or the folder of an export."
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the zip."""
        if self._zip is not None:
            self._zip.close()

    def _found_files(self) -> dict[str, str]:
        """Find files by their own name, in data/ or at the top."""
        if self._zip is not None:
            names = [name for name in self._zip.namelist() if not name.startswith("__MACOSX/")]
        else:
            folders = (self.path, self.path / "data")
            names = [str(file) for folder in folders if folder.is_dir() for file in sorted(folder.iterdir())]
        return {PurePosixPath(name).name: name for name in names}

    @contextmanager
    def lines(self, file: str) -> Iterator[Iterator[str]]:
        """Open a file of the export as lines with their ends; DataError when it isn't UTF-8 or damaged."""
        try:
            with io.TextIOWrapper(self._binary(file), encoding="utf-8", newline="") as text:
                yield iter(text)
        except UnicodeDecodeError as error:
            found = _encoding(error)
            raise DataError(
                f"{file} in {self.path} isn't UTF-8 but seems to be {found}; save it as UTF-8 and try again."
            ) from error
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise DataError(f"{file} in {self.path} is damaged; fetch the zip again.") from error

    def _binary(self, file: str) -> IO[bytes]:
        name = self._files.get(file)
        if name is None:
            raise DataError(f"{self.path} has no {file}. Was it exported completely?")
        return Path(name).open("rb") if self._zip is None else self._zip.open(name)

    def require(self, tables: tuple[str, ...] = CORE_TABLES) -> None:
        """Raise DataError naming the tables that are missing."""
        missing = [f"{table}.csv" for table in tables if table not in self.tables]
        if missing:
            raise DataError(f"{self.path} lacks {', '.join(missing)}. Was it exported completely?")

    @contextmanager
    def rows(self, table: str) -> Iterator[tuple[list[str], Iterator[tuple[int, list[Any]]]]]:
        """Open a table: its header, and its rows as typed values with their lines."""
        file = f"{table}.csv"
        with self.lines(file) as lines:
            header, rows = read_typed_rows(lines, table, file)
            yield header, _without_marks(rows) if self.manifest.get(EXCEL_SAFE) else rows

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest of the export; empty for Dallinger's."""
        if MANIFEST not in self._files:
            return {}
        with self.lines(MANIFEST) as lines:
            found = _json("".join(lines), MANIFEST, 1)
        if not isinstance(found, dict):
            raise MalformedTableError(MANIFEST, 1, "this isn't a JSON object. Was the file edited?")
        return found

    @property
    def codebook(self) -> dict[str, Any]:
        """The code book of a study; empty for other experiments."""
        if CODEBOOK not in self._files:
            return {}
        with self.lines(CODEBOOK) as lines:
            found = _json("".join(lines), CODEBOOK, 1)
        return dict(found) if isinstance(found, dict) else {}

    def study_records(self) -> Iterator[tuple[int, Row]]:
        """Yield the records of a study with their lines; nothing for another experiment."""
        if STUDY not in self._files:
            return
        with self.lines(STUDY) as lines:
            for number, line in enumerate(lines, start=1):
                record = _json(line, STUDY, number)
                if not isinstance(record, dict):
                    raise MalformedTableError(STUDY, number, "this isn't a JSON object. Was the file edited?")
                yield number, record

    def has_upload(self, reference: str) -> bool:
        """Whether the export contains an uploaded file."""
        return f"{FOLDER}{reference}" in self._upload_names

    def upload(self, reference: str, sha256: str) -> Iterator[bytes]:
        """Yield the content of an uploaded file; DataError at its end when its SHA-256 is another one."""
        digest = hashlib.sha256()
        name = f"{FOLDER}{reference}"
        with (self.path / name).open("rb") if self._zip is None else self._zip.open(name) as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
                yield chunk
        if digest.hexdigest() != sha256:
            raise DataError(f"{name} in {self.path} isn't the file that was stored; fetch the export again.")

    @cached_property
    def _upload_names(self) -> frozenset[str]:
        if self._zip is not None:
            return frozenset(name for name in self._zip.namelist() if name.startswith(FOLDER))
        found = (self.path / FOLDER).glob("*/*")
        return frozenset(each.relative_to(self.path).as_posix() for each in found)

    def structures(self) -> Iterator[Row]:
        """Yield what is kept beside the tables: {experiment}, then {network, structure, unanswered}s.

        Nothing for Dallinger's.
        """
        if STRUCTURE in self._files:
            with self.lines(STRUCTURE) as lines:
                for number, line in enumerate(lines, start=1):
                    yield _structure(line, number)

    @property
    def has_structures(self) -> bool:
        """Whether the export contains the structures of its networks."""
        return STRUCTURE in self._files


def _without_marks(rows: Iterator[tuple[int, list[Any]]]) -> Iterator[tuple[int, list[Any]]]:
    return ((line, [strip_excel_mark(value) for value in row]) for line, row in rows)


def _encoding(error: UnicodeDecodeError) -> str:
    found = find_encoding_problem(error.object)
    return "another encoding" if found is None else found[1]


def _opened(path: Path) -> zipfile.ZipFile | None:
    if path.is_dir():
        return None
    try:
        return _bounded(zipfile.ZipFile(path))
    except FileNotFoundError as error:
        raise DataError(f"There is no {path}. Name the zip that `petri export` printed.") from error
    except zipfile.BadZipFile as error:
        raise DataError(f"{path} isn't a zip, or it is incomplete; fetch or export it again.") from error
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror}.") from error


def _bounded(archive: zipfile.ZipFile) -> zipfile.ZipFile:
    """Return an archive; refuse one that unpacks to far more than its size, as a zip bomb does."""
    unpacked = sum(entry.file_size for entry in archive.infolist())
    packed = sum(entry.compress_size for entry in archive.infolist())
    if unpacked > LARGE and unpacked > MOST_TIMES * max(1, packed):
        archive.close()
        raise DataError(
            f"{archive.filename} unpacks from {packed:,} to {unpacked:,} bytes, as no export does; check "
            "the file."
        )
    return archive


def _json(text: str, file: str, line: int) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise MalformedTableError(file, line, "this isn't JSON. Was the file edited?") from error
    except RecursionError as error:
        raise MalformedTableError(file, line, "this JSON is nested too deep. Was the file edited?") from error


def _structure(text: str, line: int) -> Row:
    """Read what is kept of the experiment, or of one network."""
    facts = _json(text, STRUCTURE, line)
    is_experiment = isinstance(facts, dict) and isinstance(facts.get("experiment"), dict)
    is_network = (
        isinstance(facts, dict)
        and isinstance(facts.get("network"), int)
        and isinstance(facts.get("structure"), dict)
        and isinstance(facts.get("unanswered", []), list)
    )
    if not (is_experiment or is_network):
        raise MalformedTableError(
            STRUCTURE, line, "this is neither {experiment} nor {network, structure}. Was the file edited?"
        )
    return dict(facts)
