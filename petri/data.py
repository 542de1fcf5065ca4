"""Data of finished runs: `Data` opens an export, `Table` one of its tables, in many formats.

    from petri.data import Data
    data = Data("3f2c-data.zip")
    data.infos.df.groupby("network_id").size()

docs/data.md says what the columns hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from chalicelib.experiment.text_files import find_encoding_problem
from chalicelib.export.cell_types import column_types, read_typed_rows
from chalicelib.export.csv_format import format_row
from chalicelib.export.data_errors import DataError, MalformedTableError
from chalicelib.export.export_reader import Export
from chalicelib.export.formats.workbooks import workbook
from chalicelib.export.table_schema import (
    ANNOTATIONS,
    CLASS_TABLES,
    COLUMNS,
    CORE_TABLES,
    EVENTS,
    GROUPS_WIDE,
    LIVE_ROWS,
    MESSAGE_TABLES,
    MESSAGES,
    PAGE_TIMES,
    PARTICIPANTS_WIDE,
    READING,
    RESPONSES,
    REVIEWS,
    STUDY_TABLES,
    TABLES,
    TRIALS,
    UPLOADS,
    WIDE_COLUMNS,
)
from chalicelib.model.record import to_json_value
from petri._public import present_as
from petri.report import Report

from . import data_formats
from .network_graph import network_graph

__all__ = ["Data", "DataError", "MalformedTableError", "Report", "Table"]

present_as(__name__, globals(), ["DataError", "MalformedTableError"])

__all__ = ["Data", "DataError", "MalformedTableError", "Report", "Table"]

#: A row by its columns, and a row of values with the line of the file that it begins on. (Table's own
#: properties are called list and dict, so that inside it these words mean something else.)
Row = dict[str, Any]
Values = list[Any]
Numbered = Iterable[tuple[int, Values]]
Rows = list[Row]
RowsById = dict[int, Row]


class Table:
    """One table of an export. `Table("info.csv")` reads a file; `data.infos` gives one of a zip.

    What is read is typed: ids are whole numbers, times are aware datetimes, `failed` is True or False,
    `details` an object, and what is empty is None.
    """

    def __init__(self, path: Path | str) -> None:
        """Read a CSV that Petri or Dallinger wrote; DataError names the file and line that is wrong."""
        path = Path(path)
        try:
            with path.open(encoding="utf-8", newline="") as file:
                header, rows = read_typed_rows(file, path.stem, str(path))
                self._keep(path.stem, header, rows)
        except OSError as error:
            raise DataError(f"{path} can't be read: {error.strerror}. Name a table's CSV file.") from error
        except UnicodeDecodeError as error:
            found = find_encoding_problem(path.read_bytes())
            seems = "" if found is None else f", but seems to be {found[1]}"
            raise DataError(f"{path} isn't UTF-8{seems}: save it as UTF-8 and try again.") from error

    @classmethod
    def of(cls, name: str, header: Sequence[str], rows: Numbered) -> Table:
        """Make a table of typed rows, each with its line."""
        table = cls.__new__(cls)
        table._keep(name, header, rows)  # noqa: SLF001 - it is this class's own
        return table

    def _keep(self, name: str, header: Sequence[str], rows: Numbered) -> None:
        self.name = name
        self.columns = [*header]
        self._values = [values for _, values in rows]

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.list)

    def __repr__(self) -> str:
        return f"<Table {self.name}: {len(self)} rows>"

    @property
    def list(self) -> Rows:
        """A list of rows, each a dictionary with the values that the API's JSON has."""
        return [
            {name: to_json_value(value) for name, value in zip(self.columns, row, strict=True)}
            for row in self._values
        ]

    @property
    def dict(self) -> RowsById:
        """The rows by their id."""
        if "id" not in self.columns:
            raise DataError(f"The table {self.name} has no column id to find rows by: use .list.")
        return {row["id"]: row for row in self.list}

    @property
    def df(self) -> Any:
        """A pandas DataFrame: times as datetimes in UTC, ids as integers, missing ones as <NA>."""
        columns = [[row[place] for row in self._values] for place in range(len(self.columns))]
        types = column_types(self.name, self.columns)
        return data_formats.frame(dict(zip(self.columns, zip(types, columns, strict=True), strict=True)))

    @property
    def csv(self) -> str:
        """Comma-separated values, as in the export."""
        return "".join(map(format_row, [self.columns, *map(self._row_for_csv, self._values)]))

    @staticmethod
    def _row_for_csv(row: Sequence[Any]) -> Values:
        return [data_formats.moment_text(value) for value in row]

    @property
    def tsv(self) -> str:
        """Tab-separated values."""
        return str(self._as("tsv"))

    @property
    def html(self) -> str:
        """An HTML table."""
        return str(self._as("html"))

    @property
    def latex(self) -> str:
        """A LaTeX table, for the package booktabs."""
        return str(self._as("latex"))

    @property
    def yaml(self) -> str:
        """A YAML list of rows."""
        return str(self._as("yaml"))

    @property
    def xlsx(self) -> bytes:
        """An Excel workbook, as bytes to write into a file."""
        return bytes(self._as("xlsx"))

    @property
    def ods(self) -> bytes:
        """An OpenDocument spreadsheet, as bytes to write into a file."""
        return bytes(self._as("ods"))

    @property
    def xls(self) -> bytes:
        """Not made any more: DataError, which names what is."""
        raise DataError(
            "The old Excel format .xls isn't made: it can't hold long texts or more than 65,536 rows. "
            "Use .xlsx, which every Excel since 2007 opens."
        )

    def _as(self, form: str) -> Any:
        return data_formats.FORMATS[form](self.name, self.columns, self._values)


class Data:
    """The data of one run: a zip that `petri export` wrote (or Dallinger did), or its folder.

    Each table is read when it is first used. `manifest` tells how the export was made.
    """

    def __init__(self, path: Path | str) -> None:
        """Open an export; DataError when it isn't one."""
        self.path = Path(path)
        with Export(self.path) as export:
            self.manifest: Mapping[str, Any] = export.manifest
            #: Whether the run was one of a study.
            self.is_study = RESPONSES in export.tables
            messages = [table for table in (*CLASS_TABLES, *MESSAGE_TABLES) if table in export.tables]
            self._tables = (*TABLES, *messages, *(STUDY_TABLES if self.is_study else ()))

    def __repr__(self) -> str:
        return f"<Data {self.path}>"

    def table(self, name: str) -> Table:
        """Return a table by its word in the export, such as "info"."""
        with Export(self.path) as export:
            known = {**COLUMNS, **WIDE_COLUMNS}
            if name not in export.tables and name in known and name not in CORE_TABLES:
                return Table.of(name, known[name], ())
            export.require((name,))
            with export.rows(name) as (header, rows):
                return Table.of(name, header, rows)

    @property
    def xlsx(self) -> bytes:
        """An Excel workbook with a sheet for each table, as bytes to write into a file."""
        return workbook(
            (table.name, table.columns, table._values)  # noqa: SLF001 - tables of this class
            for table in map(self.table, self._tables)
        )

    def wide(self, of: str = "participants") -> Table:
        """Return a study's answers with one row for each participant, or for each of the "groups".

        A column is named after an item, and after its rounds: `offer.2` has the answers of the second round.
        For groups, the member's role or number comes first: `proposer.offer.2`.
        """
        names = {"participants": PARTICIPANTS_WIDE, "groups": GROUPS_WIDE}
        if of not in names:
            raise DataError(f"There is no wide table of {of!r}; write 'participants' or 'groups'.")
        return self.table(names[of])

    def graph(self, network_id: int | None = None) -> Any:
        """Return the networks as one networkx.DiGraph, or one of them.

        Nodes are node ids, with the columns of the node table and `infos` as attributes. Edges are vectors,
        with the columns of the vector table and `transmissions`. The networks' own rows are in
        `graph.graph["networks"]`, by id. DataError when networkx isn't installed, or when there is no network
        of this id.
        """
        networks = self.networks.list
        if network_id is not None:
            networks = [row for row in networks if row["id"] == network_id]
            if not networks:
                raise DataError(f"There is no network {network_id} in {self.path}; data.networks lists them.")
        known = {row["id"] for row in networks}
        nodes, vectors, transmissions, infos = (
            [row for row in table.list if row["network_id"] in known]
            for table in (self.nodes, self.vectors, self.transmissions, self.infos)
        )
        return network_graph(networks, nodes, vectors, transmissions, infos)

    @cached_property
    def messages(self) -> Table:
        """What people who manage the run wrote to participants; `message_receipt` says who has seen it."""
        return self.table(MESSAGES)

    @cached_property
    def responses(self) -> Table:
        """The answers of a study, one row for each."""
        return self.table(RESPONSES)

    @cached_property
    def trials(self) -> Table:
        """The trials of a study that ran in the browser, one row for each."""
        return self.table(TRIALS)

    @cached_property
    def events(self) -> Table:
        """What pages of a study have logged, one row for each event."""
        return self.table(EVENTS)

    @cached_property
    def uploads(self) -> Table:
        """The files that answers of a study refer to, one row for each."""
        return self.table(UPLOADS)

    @cached_property
    def reading(self) -> Table:
        """What participants have opened in books: a row for each page, test, chapter and book."""
        return self.table(READING)

    @cached_property
    def annotations(self) -> Table:
        """What readers have marked and noted in books; private annotations without their text."""
        return self.table(ANNOTATIONS)

    @cached_property
    def reviews(self) -> Table:
        """The answers of readers who practise, one row for each."""
        return self.table(REVIEWS)

    @cached_property
    def live(self) -> Table:
        """The rows of a study's live elements and chats."""
        return self.table(LIVE_ROWS)

    @cached_property
    def page_times(self) -> Table:
        """How long participants of a study took for each page."""
        return self.table(PAGE_TIMES)

    @cached_property
    def codebook(self) -> Mapping[str, Any]:
        """A study's items, conditions and columns; empty for other experiments."""
        with Export(self.path) as export:
            return export.codebook

    @cached_property
    def infos(self) -> Table:
        """The infos."""
        return self.table("info")

    @cached_property
    def networks(self) -> Table:
        """The networks."""
        return self.table("network")

    @cached_property
    def nodes(self) -> Table:
        """The nodes."""
        return self.table("node")

    @cached_property
    def notifications(self) -> Table:
        """The notifications, which are reports of recruiters and pages."""
        return self.table("notification")

    @cached_property
    def participants(self) -> Table:
        """The participants."""
        return self.table("participant")

    @cached_property
    def payments(self) -> Table:
        """The payments; empty for Dallinger's exports."""
        return self.table("payment")

    @cached_property
    def questions(self) -> Table:
        """The questions, which are answers outside of networks."""
        return self.table("question")

    @cached_property
    def recruitments(self) -> Table:
        """The recruitments, which are requests to recruiters."""
        return self.table("recruitment")

    @cached_property
    def transformations(self) -> Table:
        """The transformations."""
        return self.table("transformation")

    @cached_property
    def transmissions(self) -> Table:
        """The transmissions."""
        return self.table("transmission")

    @cached_property
    def vectors(self) -> Table:
        """The vectors."""
        return self.table("vector")
