"""The ports of export jobs: what writes the parts of an export, and the store of its files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from datetime import timedelta
from typing import Any, Final, Protocol

from chalicelib.immutable import immutable

#: The code of errors after which another attempt at a part would fail as well.
DATA_ERROR: Final = "data_error"
#: For how long a finished export is kept. The bucket's lifecycle deletes what was written earlier.
KEPT_FOR: Final = timedelta(days=7)


@immutable()
class ExportOptions:
    """What an export contains."""

    #: Whether it contains who the participants are.
    unscrubbed: bool = False
    #: Whether texts that a spreadsheet would run as formulas begin with an apostrophe.
    excel_safe: bool = True
    #: Whether it is a data set by the rules of Psych-DS: only the tables of a study.
    psych_ds: bool = False
    #: Whether it contains the files that participants uploaded.
    uploads: bool = False

    @property
    def is_personal(self) -> bool:
        """Whether it may show who a participant is."""
        return self.unscrubbed or self.uploads


@immutable()
class ExportPart:
    """How far an export has got with a part."""

    #: What the writer needs for the next part, as JSON.
    state: Mapping[str, Any]
    #: How many rows of tables are written by now, in how many files, and in which file the last part ended.
    rows: int
    files: int
    file: str
    #: The name of the finished file; None before the last part.
    name: str | None = None
    size: int = 0
    sha256: str = ""
    #: The rows of each table of a finished export.
    tables: Mapping[str, int] = field(default_factory=dict)


class ExportWriter(Protocol):
    """Writes exports part by part. A part that is written again, after a crash, replaces the lost one."""

    def write_part(
        self, export_id: str, options: ExportOptions, state: Mapping[str, Any] | None
    ) -> ExportPart | None:
        """Write the next part, for much less than the time limit of a worker; None while it is being written.

        `state`: that of the part before; None for the first one. VendorError when the files can't be stored,
        DataError for an export that can't be written at all.
        """

    def link(self, export_id: str, name: str, download_name: str) -> str:
        """Return an address, valid for minutes, at which a browser downloads a finished export."""

    def remove(self, export_id: str, keep: str | None = None) -> None:
        """Remove the files of an export, but the finished one with the name `keep`."""


class ExportFiles(Protocol):
    """Stores the files of exports; each is there completely or not at all."""

    def put(self, export_id: str, name: str, content: Iterable[bytes]) -> None:
        """Write a file. Its name is one that no other attempt uses."""

    def read(self, export_id: str, name: str) -> Iterator[bytes]:
        """Yield the content of a file; NotFound without one."""

    def link(self, export_id: str, name: str, download_name: str) -> str:
        """Return an address, valid for minutes, at which a browser downloads a file as an attachment."""

    def remove(self, export_id: str, keep: str | None = None) -> None:
        """Remove the files of an export, but the one with the name `keep`."""
