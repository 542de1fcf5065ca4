"""A class ends after its last day: members who have begun see that, and keep what they have answered."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.errors import Forbidden, InvalidState
from chalicelib.operations.classes import manage_classes, manage_members
from chalicelib.operations.classes.class_settings import ClassSettings
from chalicelib.operations.shared.context import PARTICIPANT, Caller
from chalicelib.operations.study_live.messages import take_message
from chalicelib.storage.engine import Engine
from petri.study import Book, Chapter, End, Form, Study, number, text, upload
from tests.study.assignments.classroom import Classroom
from tests.study.contract.players import Player, Seat

#: From noon (UTC) to the end of the day in Berlin.
UNTIL_MIDNIGHT = 11 * 3600


class Essays(Study):
    """Pages that take answers, drafts and files."""

    first = number("One?", right=1)
    essay = text("Why?")
    photo = upload("A picture?", accept=(".png",))
    timeline = (
        Form("first", ask="first"),
        Form("essay", ask="essay", keep_draft=True),
        Form("photo", ask="photo"),
        End(),
    )


@pytest.fixture
def room(engine: Engine, seat_players: Seat) -> Classroom:
    """A class in Berlin whose last day is today."""
    room = Classroom(seat_players(engine, Essays, 0))
    change(room, ends="2026-03-01")
    return room


def change(room: Classroom, **settings: Any) -> None:
    room.operate(manage_classes.change_class, room.number, ClassSettings(**settings))


def answers(room: Classroom) -> list[Any]:
    return [entry["answer"] for item in room.table.items("response") for entry in item["answers"]]


@pytest.mark.parametrize(
    ("seconds", "page"), [(UNTIL_MIDNIGHT - 0.001, "first"), (UNTIL_MIDNIGHT, "class_over")]
)
def test_a_page_is_shown_until_the_end_of_the_last_day_in_the_time_zone_of_the_class(
    room: Classroom, seconds: float, page: str
) -> None:
    ada = room.enter("Ada")
    assert ada.last["page"] == "first"
    serial = ada.last["serial"]
    room.table.clock.turn(seconds=seconds)
    assert (ada.get()["page"], ada.last["serial"]) == (page, serial)
    assert ada.last["own_class"] == "My class"
    if page == "class_over":
        assert "The last day was 2026-03-01 (Europe/Berlin)." in ada.last["html"]
        assert (ada.last["button"], ada.last["poll_seconds"], ada.last["items"]) == (None, 60, {})


@pytest.mark.parametrize(("late", "stored"), [(1.999, [1]), (2.0, [])])
def test_an_answer_that_was_under_way_at_the_end_is_taken_and_no_later_one(
    room: Classroom, late: float, stored: list[int]
) -> None:
    ada = room.enter("Ada")
    room.table.clock.turn(seconds=UNTIL_MIDNIGHT + late)
    assert ada.post(first=1)["page"] == "class_over"
    assert answers(room) == stored
    change(room, ends="")
    assert ada.get()["page"] == ("essay" if stored else "first")


def test_a_member_keeps_their_answers_and_sees_grades_and_goes_on_with_a_later_last_day(
    room: Classroom,
) -> None:
    room.assign("Week 1", "item first 10")
    ada = room.enter("Ada")
    bob = room.enter("Bob")
    ada.post(first=1)
    room.table.clock.turn(seconds=UNTIL_MIDNIGHT)
    room.release(1)
    assert ada.get()["page"] == "class_over"
    assert "10 of 10 points" in room.own_page(ada)
    seat = room.seats[ada.id]
    row = room.operate(manage_members.change_member, seat, last_day="2026-03-02")
    assert row.last_day == "2026-03-02"
    assert ada.get()["page"] == "essay"
    assert bob.get()["page"] == "class_over"
    room.table.clock.turn(hours=24, seconds=-0.001)
    assert ada.get()["page"] == "essay"
    room.table.clock.turn(seconds=0.001)
    assert ada.get()["page"] == "class_over"
    assert "The last day was 2026-03-02" in ada.last["html"]
    room.operate(manage_members.change_member, seat, last_day="")
    assert "The last day was 2026-03-01" in ada.get()["html"]
    assert answers(room) == [1]


def test_a_due_date_that_was_extended_for_one_member_lets_them_go_on_until_then(room: Classroom) -> None:
    room.assign("Week 1", "item first 10", due="2026-02-28T18:00")
    ada, bob = room.enter("Ada"), room.enter("Bob")
    room.allow(ada, 1, due="2026-03-05T18:00")
    room.table.clock.turn(days=4, hours=4, minutes=59)
    assert (ada.get()["page"], bob.get()["page"]) == ("first", "class_over")
    room.table.clock.turn(minutes=1)
    assert ada.get()["page"] == "class_over"


def test_a_due_date_of_all_members_behind_the_last_day_opens_nothing(room: Classroom) -> None:
    room.assign("Week 1", "item first 10", due="2026-03-10T18:00")
    ada = room.enter("Ada")
    room.table.clock.turn(seconds=UNTIL_MIDNIGHT)
    assert ada.get()["page"] == "class_over"


def test_an_archived_class_is_over_for_all_until_it_is_restored(room: Classroom) -> None:
    ada = room.enter("Ada")
    room.operate(manage_members.change_member, room.seats[ada.id], last_day="2026-12-31")
    room.operate(manage_classes.archive_class, room.number, is_archived=True)
    assert ada.post(first=1)["page"] == "class_over"
    assert "last day" not in ada.last["html"]
    room.operate(manage_classes.archive_class, room.number, is_archived=False)
    assert ada.get()["page"] == "first"
    assert ada.post(first=1)["page"] == "essay"


def test_neither_drafts_nor_events_nor_files_are_taken_after_the_end(room: Classroom) -> None:
    ada = room.enter("Ada")
    ada.post(first=1)
    requests = ada._requests()
    serial = ada.last["serial"]
    assert requests.keep_draft(serial, {"essay": "before"}, [])["kept"] is True
    ada.post(essay="so")
    serial = ada.last["serial"]
    room.table.clock.turn(seconds=UNTIL_MIDNIGHT)
    before = room.table.items("event_batch")
    assert requests.keep_draft(serial, {"photo": "x"}, []) == {"kept": False}
    requests.keep_events(serial, [{"event": "focus", "act": "lost", "at_ms": 5}])
    assert room.table.items("event_batch") == before
    with pytest.raises(Forbidden, match="over"):
        requests.grant_upload(serial, "photo", {"type": "image/png", "size": 10, "name": "a.png"}, "png")
    called = Caller(PARTICIPANT, ada.id, ada.serial)
    assert room.table.app.run(take_message, serial, {"a": 1}, caller=called)["stale"] is True


class Reading(Study):
    """A book with one chapter."""

    title = "A book"
    timeline = (Book([Chapter("one", [Form("a"), Form("b")])], name="book"), End())


def test_no_other_page_of_a_book_is_opened_after_the_end(engine: Engine, seat_players: Seat) -> None:
    room = Classroom(seat_players(engine, Reading, 0))
    change(room, ends="2026-03-01")
    ada = room.enter("Ada")
    path = ada.last["path"]
    ada.open("book/one/a")
    opened = room.table.place(ada)["path"]
    room.table.clock.turn(seconds=UNTIL_MIDNIGHT)
    assert ada.open("book/one/b")["page"] == "class_over"
    assert ada.read(0.5) == {"kept": False}
    assert room.table.place(ada)["path"] == opened
    assert path


def test_a_person_with_a_later_last_day_can_still_begin(room: Classroom) -> None:
    seat = room.member("Eve")
    room.table.clock.turn(seconds=UNTIL_MIDNIGHT)
    with pytest.raises(Forbidden, match="over"):
        begun(room, seat)
    room.operate(manage_members.change_member, seat, last_day="2026-03-02")
    assert Player(room.table.app, begun(room, seat)).get()["page"] == "first"


def begun(room: Classroom, seat: str) -> int:
    from chalicelib.operations.participant.create_participant import create_participant
    from chalicelib.operations.participant.entry_verification import EntryRequest
    from tests.contract.factories import ANY_CALLER

    entry = EntryRequest(worker_id=seat, hit_id="h", assignment_id=seat)
    return int(room.table.app.run(create_participant, entry, caller=ANY_CALLER)["participant"]["id"])


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2026-13-01", "soon", "2026-02-30"])
def test_a_day_that_no_class_has_is_refused(room: Classroom, day: str) -> None:
    seat = room.member("Eve")
    with pytest.raises(InvalidState, match="last day"):
        room.operate(manage_members.change_member, seat, last_day=day)
    with pytest.raises(InvalidState, match="last day"):
        change(room, ends=day)
