"""Reads a list of people as Moodle, Canvas, Stud.IP and spreadsheets export it: a heading, then rows."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from chalicelib.errors import BadRequest, InvalidState
from chalicelib.immutable import immutable

from .member_identity import MemberIdentity, checked_identity

MAX_ROWS: Final = 5000
_DELIMITERS: Final = ("\t", ";", ",")
#: What the columns are called, in lower case and without punctuation.
_HEADINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        heading: column
        for column, headings in {
            "name": ("name", "full name", "fullname", "student", "student name", "display name"),
            "first": ("first name", "firstname", "first", "given name", "forename", "vorname"),
            "last": ("last name", "lastname", "last", "surname", "family name", "nachname"),
            "email": ("email", "e mail", "email address", "e mail address", "mail"),
            "number": (
                *("student number", "student id", "id number", "idnumber", "number", "sis user id"),
                *("matriculation number", "matrikelnummer", "matrikel nr", "matrikel"),
            ),
        }.items()
        for heading in headings
    }
)
_NO_LETTERS: Final = re.compile(r"[\W_]+")
#: A row of Canvas that isn't about a person.
_POINTS_POSSIBLE: Final = "points possible"
#: How an Excel workbook, and any other zip, begins.
_ZIP: Final = "PK\x03\x04"


@immutable()
class RosterRow:
    """A row of a list: the person, or what is wrong with it."""

    #: The row in the list; the heading is row 1.
    row: int
    identity: MemberIdentity | None
    problem: str = ""


def read_roster(text: str) -> list[RosterRow]:
    """Return the rows of a list; InvalidState when it has no heading with a name, or too many rows."""
    lines = _lines(text)
    columns = _columns(lines[0] if lines else [])
    if len(lines) - 1 > MAX_ROWS:
        raise InvalidState(f"The list has more than {MAX_ROWS:,} rows. Divide it.", code="roster_too_long")
    rows: list[RosterRow] = []
    seen: dict[str, int] = {}
    for number, cells in enumerate(lines[1:], 2):
        given = {name: cells[at].strip() for name, at in columns.items() if at < len(cells)}
        if any(given.values()) and given.get("name", "").casefold() != _POINTS_POSSIBLE:
            rows.append(_without_doubles(_row(number, given), seen))
    return rows


def _lines(text: str) -> list[list[str]]:
    if text.startswith(_ZIP):
        raise InvalidState(
            "This is a workbook or a zip, not a text, whatever its name says. Save the table as CSV, or "
            "paste its rows.",
            code="roster_unreadable",
        )
    text = text.removeprefix("\ufeff").replace("\x00", "").strip("\r\n")
    heading = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=heading.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise InvalidState(
            f"The list can't be read: {error}. Export it again as CSV, or paste it from the spreadsheet.",
            code="roster_unreadable",
        ) from error


def _columns(heading: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for at, cell in enumerate(heading):
        column = _HEADINGS.get(_NO_LETTERS.sub(" ", cell.casefold()).strip())
        if column is not None:
            found.setdefault(column, at)
    if "name" not in found and "last" not in found:
        raise InvalidState(
            "The first row must name the columns: Name, or First name and Last name, and Email or Student "
            "number.",
            code="roster_without_heading",
        )
    return found


def _row(number: int, given: Mapping[str, str]) -> RosterRow:
    last, first = given.get("last", ""), given.get("first", "")
    name = given.get("name") or (f"{last}, {first}" if last and first else last or first)
    email, student_number = given.get("email", ""), given.get("number", "")
    if not email and not student_number:
        problem = "It has neither an email address nor a student number, by which a person is recognized."
        return RosterRow(number, None, problem)
    try:
        return RosterRow(number, checked_identity(name, email, student_number))
    except BadRequest as error:
        return RosterRow(number, None, str(error))


def _without_doubles(row: RosterRow, seen: dict[str, int]) -> RosterRow:
    """Return a row; one with the address or the number of an earlier row has a problem."""
    claims = () if row.identity is None else row.identity.claims
    for claim in claims:
        if claim in seen:
            return RosterRow(
                row.row, None, f"Row {seen[claim]} has the same email address or student number."
            )
    seen.update(dict.fromkeys(claims, row.row))
    return row
