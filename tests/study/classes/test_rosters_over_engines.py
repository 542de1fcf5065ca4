"""Lists of people are imported into a class: usual headings, doubled rows, imports that are sent again."""

from __future__ import annotations

from collections import Counter

import pytest

from chalicelib.errors import Forbidden, InvalidState, NotFound
from chalicelib.operations.classes import import_roster as roster
from chalicelib.operations.classes import manage_members
from chalicelib.operations.classes.roster_reading import read_roster
from chalicelib.storage.engine import Engine
from tests.study.classes.test_managed_classes_over_engines import ANN, BOB, ZOE, School
from tests.study.contract.players import Seat, sums


@pytest.mark.parametrize(
    "text",
    [
        "First name,Last name,ID number,Email address\nAda,Lovelace,4711,ada@example.org",
        "Surname,First name,Email address,ID number\r\nLovelace,Ada,ada@example.org,4711\r\n",
        'Student,ID,SIS User ID,Email\n"    Points Possible",,,\n"Lovelace, Ada",12,4711,ada@example.org',
        "\ufeffTitel;Vorname;Nachname;Matrikelnummer;E-Mail\n;Ada;Lovelace;4711;ada@example.org\n;;;;\n",
        "Name\tE-mail\tStudent number\nLovelace, Ada\tada@example.org\t4711",
    ],
)
def test_lists_of_moodle_canvas_studip_and_spreadsheets_are_read(text: str) -> None:
    [row] = read_roster(text)
    assert row.identity is not None
    found = (row.identity.name, row.identity.email, row.identity.student_number)
    assert found == ("Lovelace, Ada", "ada@example.org", "4711")


@pytest.mark.parametrize("text", ["", "Ada;ada@example.org", "Email\nada@example.org", 'Name\n"Ada'])
def test_a_list_without_a_heading_or_with_an_open_quote_is_refused(text: str) -> None:
    with pytest.raises(InvalidState):
        read_roster(text)


def test_a_workbook_that_is_called_a_list_is_refused_with_what_to_do() -> None:
    workbook = b"PK\x03\x04\x14\x00Name,Email\nAda,ada@example.org".decode("cp1252")
    with pytest.raises(InvalidState, match="Save the table as CSV"):
        read_roster(workbook)


def test_a_row_with_a_problem_says_what_is_wrong() -> None:
    text = "Name,Email\nAda,\n,x@example.org\nBob,bob\nCy,cy@example.org\nCy B,CY@example.org"
    problems = [one.problem for one in read_roster(text)]
    words = ["neither an email", "Enter a name", "Enter an email", "", "Row 5 has the same"]
    assert all(word in problem for word, problem in zip(words, problems, strict=True))
    assert problems[3] == ""


def imported(school: School, number: int, text: str) -> Counter[str]:
    first: int | None = 0
    found: Counter[str] = Counter()
    while first is not None:
        part = school.do(ANN, roster.import_roster, number, text, first)
        found.update(str(one.result) for one in part.rows)
        first = part.next
    return found


def test_an_import_that_was_interrupted_is_sent_again_and_adds_no_one_twice(
    engine: Engine, seat_players: Seat
) -> None:
    school = School(seat_players(engine, sums(2), 0))
    number = school.open()
    lines = [f"=Person {one},p{one}@example.org" for one in range(30)]
    text = "\n".join(["Name,Email", *lines, "Nameless,"])
    preview = school.do(ANN, roster.preview_roster, number, text)
    assert Counter(str(one.result) for one in preview.rows) == {"new": 30, "problem": 1}
    assert school.do(ANN, manage_members.list_members, number, after=None, limit=50).rows == []
    school.do(ANN, roster.import_roster, number, text)
    assert imported(school, number, text) == {"already": 25, "new": 5, "problem": 1}
    assert imported(school, number, text) == {"already": 30, "problem": 1}
    links = school.do(ANN, roster.links_of_members, number)
    assert len({one.link for one in links}) == 30
    school.do(ANN, manage_members.remove_member, links[0].id)
    assert imported(school, number, text)["returned"] == 1


def test_a_row_between_two_members_is_a_problem_and_others_see_no_list(
    sqlite: Engine, seat_players: Seat
) -> None:
    school = School(seat_players(sqlite, sums(2), 0))
    number = school.open()
    school.add(number, "Ada", email="ada@example.org")
    school.add(number, "Bob", student_number="7")
    text = "Name,Email,Number\nEve,ada@example.org,7"
    assert imported(school, number, text) == {"problem": 1}
    with pytest.raises(NotFound):
        school.do(BOB, roster.links_of_members, number)
    with pytest.raises(Forbidden):
        school.do(ZOE, roster.links_of_members, number)
