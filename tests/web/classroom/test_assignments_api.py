"""/api/v1/assignments and /api/v1/gradebooks, as instructors and their programs call them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.access.rights import ROLES, Actor, Right
from chalicelib.api import perform
from chalicelib.api.operation_table import OPERATIONS, find
from chalicelib.api.request_reader import parameters_of
from chalicelib.errors import Forbidden, NotFound
from chalicelib.operations.classes.class_records import read_class, store_class
from chalicelib.operations.shared.context import Context, caller_of
from tests.study.assignments.classroom import Classroom, Course
from tests.study.contract.players import Player, Table
from tests.study.studies import OpenStudy, open_study
from tests.web.world import OPERATOR_TOKEN, Said, World

__all__ = ["open_study"]


class Desk:
    """A class of a run over HTTP, with an instructor who has the operator's token."""

    def __init__(self, here: World) -> None:
        self.here = here
        self.room = Classroom(Table(here.app, here.engine, here.clock))

    def call(self, method: str, path: str, **fields: Any) -> Said:
        if method == "GET":
            return self.here.get(f"/api/v1/{path}", fields, token=OPERATOR_TOKEN)
        body = json.dumps(fields).encode()
        return self.here.call(
            method, f"/api/v1/{path}", body=body, content_type="application/json", token=OPERATOR_TOKEN
        )

    def create(self, **fields: Any) -> Said:
        given = {"class_id": self.room.number, "name": "Homework", "parts": ["item capital 10"]}
        return self.call("POST", "assignments", **{**given, **fields})

    def seat(self, player: Player) -> str:
        return self.room.seats[player.id]


@pytest.fixture
def desk(open_study: OpenStudy) -> Desk:
    return Desk(open_study(Course))


def test_an_assignment_is_set_read_listed_changed_and_deleted(desk: Desk) -> None:
    said = desk.create(due="2026-12-01T18:00", parts=["item capital 10", "page reading 2.5"])
    assert (said.status, said["id"], said["possible"]) == (200, "1-1", "12.5")
    assert (said["due"], said["time_zone"]) == ("2026-12-01T17:00:00.000000Z", "Europe/Berlin")
    assert [one["label"] for one in said["parts"]] == ["What is the capital of France?", "reading"]
    changed = desk.call("PATCH", "assignments/1-1", minutes=30, threshold=60, weight="2")
    # What isn't sent stays.
    assert (changed["minutes"], changed["due"], changed["name"]) == (30, said["due"], "Homework")
    assert desk.call("GET", "assignments/1-1").body == changed.body
    cleared = desk.call("PATCH", "assignments/1-1", minutes=0, threshold=0, due="")
    assert (cleared["minutes"], cleared["threshold"], cleared["due"]) == (None, None, None)
    listed = desk.call("GET", "assignments", class_id=1)
    assert (listed["class_name"], [one["id"] for one in listed["assignments"]]) == ("Statistics", ["1-1"])
    assert desk.call("DELETE", "assignments/1-1").status == 200
    assert desk.call("GET", "assignments/1-1").code == "class_assignment_not_found"
    assert desk.call("GET", "assignments", class_id=1)["assignments"] == []


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"parts": []}, "parts"),
        ({"parts": ["item nowhere 1"]}, "parts"),
        ({"parts": ["item capital 1", "item capital 2"]}, "parts"),
        ({"due": "tomorrow"}, "due"),
        ({"due": "0001-01-01T00:00"}, "due"),
        ({"due": "9999-12-31T23:59:59-12:00"}, "due"),
        ({"due": "2027-03-28T02:30"}, "due"),
        ({"enforced": True}, "due"),
        ({"due": "2026-12-01T18:00", "visible_from": "2026-12-02T18:00"}, "visible_from"),
        ({"minutes": -1}, "minutes"),
        ({"threshold": 101}, "threshold"),
        ({"counts": "worst"}, "counts"),
        ({"grading": "dice"}, "grading"),
        ({"weight": "heavy"}, "weight"),
    ],
)
def test_a_field_that_is_not_valid_is_named_and_nothing_is_stored(
    desk: Desk, fields: dict[str, Any], wrong: str
) -> None:
    desk.create()
    with desk.here.unchanged():
        for said in (desk.create(**fields), desk.call("PATCH", "assignments/1-1", **fields)):
            assert (said.status, said.code, said["field"]) == (422, "invalid_field", wrong)


def test_a_part_that_the_study_has_lost_does_not_keep_an_assignment_from_being_changed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.create()
    kept = {name: item for name, item in Course.items().items() if name != "capital"}
    monkeypatch.setattr(Course, "items", lambda *_: kept)
    said = desk.call("PATCH", "assignments/1-1", name="Other")
    assert (said.status, said["name"], said["parts"][0]["label"]) == (200, "Other", "")
    assert desk.call("PATCH", "assignments/1-1", parts=["item capital 9"])["field"] == "parts"


def test_one_member_gets_an_exception_and_loses_it_again(desk: Desk) -> None:
    desk.create(due="2026-12-01T18:00")
    seat = desk.seat(desk.room.enter("Ada Lovelace"))
    terms = {"due": "2026-12-03", "factor": "1.50", "reason": "Ill"}
    row = desk.call("POST", "assignments/1-1/exceptions", seat=seat, **terms)["exception"]
    assert (row["due"], row["factor"], row["reason"]) == ("2026-12-02T23:00:00.000000Z", "1.5", "Ill")
    assert desk.call("GET", "assignments/1-1/exceptions")["exceptions"] == [{**row, "name": "Ada Lovelace"}]
    assert desk.call("GET", "assignments/1-1")["exceptions"] == 1
    assert desk.call("GET", "assignments/1-1/member", seat=seat)["exception"]["due"] == row["due"]
    assert desk.call("DELETE", "assignments/1-1/exceptions", seat=seat)["exception"] is None
    assert desk.call("GET", "assignments/1-1/exceptions")["exceptions"] == []
    refused = desk.call("POST", "assignments/1-1/exceptions", seat=seat, factor="0.5")
    assert (refused.status, refused["field"]) == (422, "factor")
    assert desk.call("POST", "assignments/1-1/exceptions", seat="nobody", factor="2").status == 404


def test_points_with_a_comment_are_given_for_a_part_and_as_a_total_and_removed(desk: Desk) -> None:
    desk.create(parts=["item capital 10", "item essay 4"])
    ada = desk.room.enter("Ada")
    for answers in ({"capital": "Paris"}, {"half": 4}, {"essay": "Because"}):
        ada.post(**answers)
    seat = desk.seat(ada)

    def member() -> Said:
        return desk.call("GET", "assignments/1-1/member", seat=seat)

    assert (member()["points"], member()["waiting"], member()["possible"]) == ("10.0000", 1, "14")
    capital, essay = member()["parts"]
    assert (capital["points"], essay["points"], essay["is_waiting"]) == ("10.0000", None, True)
    assert essay["attempts"][0]["answers"] == [
        {"item": "essay", "label": "Why?", "answer": "Because", "percent": None}
    ]
    given = {"part": "item:essay", "points": "3.50", "comment": "Good"}
    assert desk.call("POST", "assignments/1-1/grade", seat=seat, **given).status == 200
    assert [member()["parts"][1][one] for one in ("points", "comment")] == ["3.50", "Good"]
    desk.call("POST", "assignments/1-1/grade", seat=seat, points="0.00")
    said = member()
    assert (said["points"], said["computed"], said["is_given"]) == ("0.00", "13.5000", True)
    assert desk.call("GET", "assignments/1-1")["points_given"] == 2
    desk.call("DELETE", "assignments/1-1/grade", seat=seat)
    assert (member()["points"], member()["is_given"]) == ("13.5000", False)
    for fields, wrong in (
        ({"points": "15.00"}, "points"),
        ({"part": "item:half", "points": "1.00"}, "part"),
        ({"points": "-1.00"}, "points"),
    ):
        refused = desk.call("POST", "assignments/1-1/grade", seat=seat, **fields)
        assert (refused.status, refused["field"]) == (422, wrong)


def test_an_assignment_is_deleted_with_the_number_of_points_that_people_have_given(desk: Desk) -> None:
    desk.create()
    ada = desk.room.enter("Ada")
    desk.call("POST", "assignments/1-1/grade", seat=desk.seat(ada), points="3.00")
    refused = desk.call("DELETE", "assignments/1-1")
    assert (refused.status, refused.code) == (409, "assignment_has_points")
    assert "points_given = 1" in refused["error_text"]
    assert desk.call("DELETE", "assignments/1-1", points_given=1).status == 200
    desk.here.work()
    assert desk.here.items("given_points") == []


def test_grades_are_released_and_withdrawn_for_one_assignment_and_for_all(desk: Desk) -> None:
    for name in ("First", "Second", "Third"):
        desk.create(name=name)

    def released() -> list[bool]:
        return [one["is_released"] for one in desk.call("GET", "gradebooks/1")["columns"]]

    assert desk.call("POST", "assignments/1-2/release")["released_at"] is not None
    assert released() == [False, True, False]
    assert desk.call("POST", "gradebooks/1/release").body["left"] == 0
    assert released() == [True, True, True]
    assert desk.call("DELETE", "assignments/1-3/release")["released_at"] is None
    assert desk.call("DELETE", "gradebooks/1/release").status == 200
    assert released() == [False, False, False]


def test_releasing_more_assignments_than_a_commit_takes_says_how_many_are_left(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.operations.assignments.manage_assignments.MAX_RELEASED", 2)
    for name in ("First", "Second", "Third"):
        desk.create(name=name)
    assert [desk.call("POST", "gradebooks/1/release")["left"] for _ in range(3)] == [1, 0, 0]


def test_the_gradebook_is_read_by_pages_of_members_and_its_figures_count_all_of_them(desk: Desk) -> None:
    desk.create()
    for name, city in (("Ada C", "Paris"), ("Bob B", "Lyon"), ("Cem A", "Paris")):
        desk.room.enter(name).post(capital=city)
    desk.room.member("Dan D")
    first = desk.call("GET", "gradebooks/1", limit=3)
    assert ([row["name"] for row in first["rows"]], first["members"]) == (["Cem A", "Bob B", "Ada C"], 4)
    last = desk.call("GET", "gradebooks/1", limit=3, after=first["next"])
    assert ([row["name"] for row in last["rows"]], last["next"]) == (["Dan D"], None)
    # Blank isn't zero.
    assert [row["cells"][0]["points"] for row in (*first["rows"], *last["rows"])] == [
        "10.0000",
        "0.0000",
        "10.0000",
        None,
    ]
    figures = desk.call("GET", "gradebooks/1/figures")
    assert (figures["mean"], figures["median"], figures["graded"], figures["members"]) == (
        "6.6667",
        "10.0000",
        3,
        4,
    )
    assert desk.call("PATCH", "gradebooks/1", total="weighted")["total"] == "weighted"
    assert desk.call("GET", "gradebooks/1")["rows"][0]["total"] == "100.0000"
    refused = desk.call("PATCH", "gradebooks/1", total="luck")
    assert (refused.status, refused["field"]) == (422, "total")


def test_the_parts_that_an_assignment_can_have_are_listed(desk: Desk) -> None:
    said = desk.call("GET", "assignments/parts")
    assert [(one["name"], one["page"], one["grading"]) for one in said["items"]] == [
        ("capital", "capital", "all_or_nothing"),
        ("half", "half", "all_or_nothing"),
        ("essay", "essay", "manual"),
    ]
    assert [(one["path"], one["items"]) for one in said["pages"]][-1] == ("reading", [])


@pytest.mark.parametrize(
    "id_", ["1", "1-", "-1", "01-1", "1-01", "1-1-1", "x-1", "9-1", "1-9", "1-9999999999999999"]
)
def test_an_id_of_something_else_is_not_found(desk: Desk, id_: str) -> None:
    desk.create()
    assert desk.call("GET", f"assignments/{id_}").status == 404


def test_instructors_see_and_grade_the_classes_of_their_own_alone_in_every_operation(desk: Desk) -> None:
    desk.create()
    seat = desk.room.member("Ada")

    def teach(ctx: Context) -> None:
        study_class = read_class(ctx, desk.room.number)
        study_class.instructors = ["ann"]
        store_class(ctx, study_class)

    desk.room.operate(teach)
    about_class = [
        one
        for one in OPERATIONS
        if one.resource in ("assignments", "gradebooks") and one.name != "assignments.parts"
    ]
    assert len(about_class) == 20

    def call(name: str, username: str, rights: frozenset[Right]) -> None:
        fields: dict[str, Any] = {"id": "1" if name.startswith("gradebooks") else "1-1", "seat": seat}
        fields |= {"class_id": 1, "name": "Other", "parts": ("item half 1",), "total": "sum", "factor": 2}
        operation = find(name)
        names = operation.parameters.__dataclass_fields__
        known = {one: value for one, value in fields.items() if one in names and one != "factor"}
        asked = parameters_of(operation, known)
        caller = caller_of(Actor(f"user:{username}", username, rights))
        desk.here.app.run(perform.perform, operation, asked, caller=caller)

    with desk.here.unchanged():
        for one in about_class:
            with pytest.raises(NotFound, match="There is no class 1"):
                call(one.name, "bob", ROLES["Assistant"])
            with pytest.raises(Forbidden):
                call(one.name, "ann", ROLES["Assistant"] - {Right.GRADE})
    for one in sorted(about_class, key=lambda each: each.name == "assignments.delete"):
        call(one.name, "ann", ROLES["Assistant"])


def test_instructors_see_the_names_of_their_class_and_others_need_the_right_to(desk: Desk) -> None:
    desk.create()
    ada = desk.room.enter("Ada")
    desk.room.allow(ada, 1, factor="2")

    def teach(ctx: Context) -> None:
        study_class = read_class(ctx, desk.room.number)
        study_class.instructors = ["ann"]
        store_class(ctx, study_class)

    desk.room.operate(teach)
    rights = frozenset({Right.GRADE, Right.MANAGE_LAB, Right.VIEW})
    for name, fields in (
        ("gradebooks.read", {"id": "1"}),
        ("gradebooks.questions", {"id": "1"}),
        ("assignments.exceptions", {"id": "1-1"}),
        ("assignments.member", {"id": "1-1", "seat": desk.seat(ada)}),
    ):
        operation = find(name)
        asked = parameters_of(operation, fields)
        for who, granted, sees in (
            ("zoe", rights, False),
            ("zoe", rights | {Right.VIEW_PERSONAL_DATA}, True),
            ("ann", ROLES["Assistant"] - {Right.VIEW_PERSONAL_DATA}, True),
        ):
            caller = caller_of(Actor(f"user:{who}", who, granted))
            answer = desk.here.app.run(perform.perform, operation, asked, caller=caller)
            assert ("Ada" in repr(answer)) is sees, (name, who)


def test_a_repeated_request_is_answered_again_and_acts_once(desk: Desk) -> None:
    body = json.dumps({"class_id": 1, "name": "Once", "parts": ["item half 1"]}).encode()
    said = [
        desk.here.call(
            "POST",
            "/api/v1/assignments",
            body=body,
            content_type="application/json",
            token=OPERATOR_TOKEN,
            request_id="once",
        )
        for _ in range(2)
    ]
    assert said[0].body == said[1].body
    assert len(desk.here.items("class_assignment")) == 1


def test_each_change_is_audited_once_and_without_comments(desk: Desk) -> None:
    desk.create()
    seat = desk.room.member("Ada")
    desk.call("PATCH", "assignments/1-1", name="Other")
    desk.call("POST", "assignments/1-1/exceptions", seat=seat, factor="2.00", reason="Ill")
    desk.call("DELETE", "assignments/1-1/exceptions", seat=seat)
    desk.call("POST", "assignments/1-1/grade", seat=seat, points="1.00", comment="Private words")
    desk.call("DELETE", "assignments/1-1/grade", seat=seat)
    desk.call("POST", "gradebooks/1/release")
    desk.call("DELETE", "assignments/1-1/release")
    desk.call("PATCH", "gradebooks/1", total="weighted")
    desk.call("DELETE", "assignments/1-1")
    entries = [one["operation"] for one in desk.here.items("audit_entry")]
    assert [one for one in entries if one.startswith(("assignments", "gradebooks"))] == [
        "assignments.create",
        "assignments.change",
        "assignments.except",
        "assignments.except",
        "gradebooks.grade",
        "gradebooks.grade",
        "gradebooks.release",
        "assignments.release",
        "gradebooks.change",
        "assignments.delete",
    ]
    values = str(desk.here.items("audit_values"))
    assert "Private words" not in values
    assert "Ill" not in values
