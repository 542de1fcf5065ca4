"""The state of an export between two of its parts, which is stored as JSON in the record of the job."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Entry:
    """A file of the zip, as far as it is written."""

    #: The names of its pieces in the store, in order.
    pieces: list[str] = field(default_factory=list)
    lines: int = 0
    size: int = 0
    packed: int = 0
    crc: int = 0
    #: Of an entry that one part has written; others are read again for theirs.
    sha256: str = ""
    is_complete: bool = False


@dataclass
class ExportState:
    """How far an export has got."""

    #: The number of the next step, and where in it the next part begins.
    step: int = 0
    position: list[Any] | None = None
    part: int = 0
    entries: dict[str, Entry] = field(default_factory=dict)
    #: The piece with the columns of each table whose columns depend on the study.
    columns: dict[str, str] = field(default_factory=dict)
    #: When the export began, and the entries of the zip: the name in it, and the name here.
    exported: str = ""
    layout: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def read(cls, stored: Mapping[str, Any] | None) -> ExportState:
        """Return the state that was stored; None: the first part begins."""
        if stored is None:
            return cls()
        own = copy.deepcopy(dict(stored))
        entries = {name: Entry(**entry) for name, entry in own["entries"].items()}
        layout = [(name, entry) for name, entry in own["layout"]]
        return cls(**{**own, "entries": entries, "layout": layout})

    def as_json(self) -> dict[str, Any]:
        """Return the state as JSON values."""
        return asdict(self)

    @property
    def rows(self) -> int:
        """How many rows of tables are written; the first line of a table names its columns."""
        tables = (entry for name, entry in self.entries.items() if name.endswith(".csv"))
        return sum(max(entry.lines - 1, 0) for entry in tables)
