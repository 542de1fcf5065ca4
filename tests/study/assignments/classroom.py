"""A class with members over an engine, its instructor, and a study with two assignments' worth of items."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from chalicelib.operations.assignments.assignment_fields import AssignmentFields
from chalicelib.operations.assignments.except_member import except_member
from chalicelib.operations.assignments.gradebook import (
    Gradebook,
    GradebookFigures,
    GradebookRow,
    give_points,
    read_figures,
    read_gradebook,
)
from chalicelib.operations.assignments.manage_assignments import release_grades, set_assignment
from chalicelib.operations.assignments.own_class import own_class
from chalicelib.operations.classes.class_records import add_member, create_class
from chalicelib.operations.participant.create_participant import create_participant
from chalicelib.operations.participant.entry_verification import EntryRequest
from chalicelib.operations.shared.context import OPERATOR_CALLER, PARTICIPANT, Caller
from chalicelib.study.assignments.assignment_records import ClassAssignment
from chalicelib.study.classes.study_class import StudyClass
from petri.study import End, Form, Page, Study, choice, number, text
from tests.contract.factories import ANY_CALLER
from tests.study.contract.players import Player, Table


class Course(Study):
    """Two questions that rules grade, one that a person grades, and a page to read."""

    capital = choice(
        "What is the capital of France?",
        ["Paris", "Lyon"],
        right="Paris",
        feedback={"correct": "Well done", "incorrect": "Look it up"},
    )
    half = number("What is half of ten?", right=5, points=2)
    essay = text("Why?", grading="manual", points=4)
    timeline = (
        Form("capital", ask="capital"),
        Form("half", ask="half"),
        Form("essay", ask="essay"),
        Page("reading"),
        End(),
    )


class Classroom:
    """A class of a run, and its instructor."""

    def __init__(self, table: Table, time_zone: str = "Europe/Berlin") -> None:
        self.table = table
        created = StudyClass(0, "Statistics", "", time_zone=time_zone)
        self.number: int = self.operate(create_class, created).number
        self.seats: dict[int, str] = {}

    def operate(self, operation: Any, *args: Any, **more: Any) -> Any:
        return self.table.app.run(operation, *args, caller=OPERATOR_CALLER, **more)

    def assign(self, name: str = "Homework", *parts: str, **fields: Any) -> int:
        """Set an assignment; return its number."""
        what = AssignmentFields(name=name, parts=parts or ("item capital 10",), **fields)
        assignment: ClassAssignment = self.operate(set_assignment, self.number, what)
        return assignment.number

    def member(self, name: str) -> str:
        """Add a member who hasn't begun; return their seat."""
        seat: str = self.operate(add_member, self.number, name=name).seat
        return seat

    def enter(self, name: str) -> Player:
        """Add a member who opens their link and the first page."""
        seat = self.member(name)
        entry = EntryRequest(worker_id=seat, hit_id="h", assignment_id=seat)
        created = self.table.app.run(create_participant, entry, caller=ANY_CALLER)
        player = Player(self.table.app, int(created["participant"]["id"]))
        self.table.players.append(player)
        self.seats[player.id] = seat
        player.get()
        return player

    def allow(self, player: Player, number: int, **terms: Any) -> None:
        self.operate(except_member, self.number, number, self.seats[player.id], **terms)

    def give(
        self, player: Player, number: int, points: str | None, comment: str = "", entry: str = ""
    ) -> None:
        given = None if points is None else Decimal(points)
        self.operate(give_points, self.number, number, self.seats[player.id], entry, given, comment)

    def release(self, number: int, *, is_released: bool = True) -> None:
        self.operate(release_grades, self.number, number, is_released=is_released)

    def book(self) -> Gradebook:
        book: Gradebook = self.operate(read_gradebook, self.number)
        return book

    def figures(self) -> GradebookFigures:
        figures: GradebookFigures = self.operate(read_figures, self.number)
        return figures

    def row(self, player: Player) -> GradebookRow:
        return next(row for row in self.book().rows if row.participant_id == player.id)

    def own_page(self, player: Player) -> str:
        """What a member reads about their class."""
        caller = Caller(PARTICIPANT, player.id, player.serial)
        return str(self.table.app.run(own_class, caller=caller).html)
