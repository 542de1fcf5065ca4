"""Defines the errors of data files."""

from __future__ import annotations

from chalicelib.errors import PetriError
from chalicelib.ports.exports import DATA_ERROR


class DataError(PetriError):
    """A file of data can't be read or written as it is; the message says which, and what to do."""

    code = DATA_ERROR


class MalformedTableError(DataError):
    """A table has an invalid cell or row; the message names file and line."""

    code = "malformed_table"

    def __init__(self, file: str, line: int, problem: str) -> None:
        """Name the file, the line that the row begins on (the header is line 1), and what is wrong."""
        super().__init__(f"{file}, line {line}: {problem}")
        self.file = file
        self.line = line
