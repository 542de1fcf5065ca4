"""Reads assignments of a class from a TOML file."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from chalicelib.errors import BadRequest
from chalicelib.experiment.text_files import read_text
from chalicelib.operations.assignments.assignment_fields import AssignmentFields

_TABLE: Final = "assignment"
#: What each field of an assignment holds, where it isn't a text.
_TYPES: Final[Mapping[str, type]] = {
    **dict.fromkeys(("enforced", "pause", "feedback"), bool),
    **dict.fromkeys(("minutes", "threshold"), int),
    "parts": list,
}


def read_assignment_file(path: Path) -> list[AssignmentFields]:
    """Return the assignments that the tables `[[assignment]]` of a file define, in order.

    NotUTF8Error for another encoding; BadRequest for a file that isn't TOML, a table without name or parts, a
    field that no assignment has, and two tables with one name: by its name, a file that is set again finds
    what is there.
    """
    try:
        found = tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise BadRequest(f"{path.name} isn't TOML: {error}.") from error
    tables = found.get(_TABLE)
    if set(found) != {_TABLE} or not isinstance(tables, list):
        raise BadRequest(f"{path.name} must have tables [[{_TABLE}]], and nothing else.")
    wanted = [_fields(path.name, number, table) for number, table in enumerate(tables, start=1)]
    names = [" ".join(one.name.split()) for one in wanted]
    for name in names:
        if names.count(name) > 1:
            raise BadRequest(f"{path.name} has two assignments with the name {name!r}. Rename one.")
    return wanted


def _fields(file: str, number: int, table: Any) -> AssignmentFields:
    where = f"{file}, assignment {number}"
    known = {one.name for one in dataclasses.fields(AssignmentFields)}
    if not isinstance(table, dict) or not {"name", "parts"} <= set(table):
        raise BadRequest(f"{where}: it needs a name and parts.")
    if unknown := sorted(set(table) - known):
        raise BadRequest(f"{where}: there is no {unknown[0]!r}; the fields are {', '.join(sorted(known))}.")
    for name, value in table.items():
        wanted = _TYPES.get(name, str)
        are_texts = not isinstance(value, list) or all(isinstance(one, str) for one in value)
        if type(value) is not wanted or not are_texts:
            raise BadRequest(f"{where}: {name} must be {_written(wanted)}, not {value!r}.")
    return AssignmentFields(**table)


def _written(wanted: type) -> str:
    words = {bool: "true or false", int: "a whole number", list: "a list of texts", str: "a text in quotes"}
    return words[wanted]
