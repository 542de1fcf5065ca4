"""Due dates, exceptions, time and feedback of assignments, over every engine."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from chalicelib.errors import AnswersRefused, InvalidField
from chalicelib.operations.assignments.gradebook import give_points
from chalicelib.operations.management.participant_actions import extend_time
from chalicelib.operations.shared.context import Context
from chalicelib.storage.engine import Engine
from petri.study import End, Form, Study, number
from tests.study.contract.players import Player, Seat

from .classroom import Classroom, Course


def local(room: Classroom, minutes: float) -> str:
    """Return a moment some minutes from now as an instructor writes it."""
    return datetime.fromtimestamp(room.table.clock.now().timestamp() + minutes * 60, UTC).isoformat()


def turn(room: Classroom, minutes: float) -> None:
    room.table.clock.turn(seconds=minutes * 60)


@pytest.fixture
def room(engine: Engine, seat_players: Seat) -> Classroom:
    return Classroom(seat_players(engine, Course, 0))


@pytest.fixture
def here(sqlite: Engine, seat_players: Seat) -> Classroom:
    return Classroom(seat_players(sqlite, Course, 0))


def test_an_enforced_due_date_refuses_later_answers_and_says_why(room: Classroom) -> None:
    room.assign(due=local(room, 10), enforced=True)
    ada, bob = room.enter("Ada"), room.enter("Bob")
    ada.post(capital="Paris")
    turn(room, 11)
    with pytest.raises(AnswersRefused) as refused:
        bob.post(capital="Paris")
    assert "The due date of “Homework” has passed" in refused.value.items["capital"]
    assert "What you have written is still here." in refused.value.items["capital"]
    shown = bob.get()
    assert ("has passed" in shown["html"], shown["items"]) == (True, {})
    assert bob.post()["page"] == "half"
    assert [room.row(one).cells[0].points for one in (ada, bob)] == [10, None]


def test_an_exception_moves_the_due_date_of_one_member_alone(room: Classroom) -> None:
    number = room.assign(due=local(room, 10), enforced=True)
    ada, bob = room.enter("Ada"), room.enter("Bob")
    room.allow(ada, number, due=local(room, 60), reason="Ill")
    turn(room, 11)
    assert ada.post(capital="Paris")["page"] == "half"
    with pytest.raises(AnswersRefused):
        bob.post(capital="Paris")
    room.allow(bob, number, due=local(room, 60))
    assert bob.post(capital="Paris")["page"] == "half"
    # Withdrawn later, it has its effect on the grade at once, since that is computed from the answers.
    room.allow(bob, number)
    assert [room.row(one).cells[0].points for one in (ada, bob)] == [10, None]


def test_an_enforced_due_date_takes_answers_within_two_seconds_after_it_and_none_at_their_end(
    here: Classroom,
) -> None:
    here.assign(due=local(here, 10), enforced=True)
    ada, bob = here.enter("Ada"), here.enter("Bob")
    here.table.clock.turn(seconds=601.999)
    ada.post(capital="Paris")
    here.table.clock.turn(seconds=0.001)
    with pytest.raises(AnswersRefused):
        bob.post(capital="Paris")
    assert [here.row(one).cells[0].points for one in (ada, bob)] == [10, None]
    assert not here.row(ada).cells[0].is_late


def test_of_two_graders_at_once_the_later_one_counts_and_both_are_in_the_audit_log(room: Classroom) -> None:
    number = room.assign()
    ada = room.enter("Ada")
    ada.post(capital="Paris")
    seat = room.seats[ada.id]
    others = iter([Decimal(6)])

    def grade(ctx: Context) -> None:
        give_points(ctx, room.number, number, seat, "", Decimal(4), "Mine")
        for points in others:
            room.give(ada, number, str(points), "Theirs")

    room.operate(grade)
    cell = room.row(ada).cells[0]
    assert (cell.points, cell.comment, cell.computed) == (4, "Mine", 10)
    assert [one["operation"] for one in room.table.items("audit_entry")].count("gradebooks.grade") == 2


def test_points_that_are_given_while_an_answer_arrives_count_and_the_answer_is_kept(room: Classroom) -> None:
    number = room.assign()
    ada = room.enter("Ada")
    seat = room.seats[ada.id]
    posts = iter([ada])

    def grade(ctx: Context) -> None:
        give_points(ctx, room.number, number, seat, "item:capital", Decimal(3), "Seen on paper")
        for player in posts:
            player.post(capital="Paris")

    room.operate(grade)
    cell = room.row(ada).cells[0]
    assert (cell.points, cell.waiting) == (3, 0)
    room.give(ada, number, None, entry="item:capital")
    assert room.row(ada).cells[0].points == 10


def test_an_answer_after_a_due_date_that_is_not_enforced_is_late_and_counts(here: Classroom) -> None:
    here.assign(due=local(here, 10))
    ada = here.enter("Ada")
    turn(here, 11)
    ada.post(capital="Paris")
    assert (here.row(ada).cells[0].points, here.row(ada).cells[0].is_late) == (10, True)


def test_a_due_date_holds_for_members_of_the_class_alone(here: Classroom) -> None:
    here.assign(due=local(here, 10), enforced=True)
    (guest,) = here.table.arrive()
    guest.get()
    turn(here, 11)
    assert guest.post(capital="Paris")["page"] == "half"


def test_a_due_date_that_moves_while_an_answer_is_under_way_decides_by_the_moment_of_the_answer(
    here: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.operations.assignments.assignment_fields import AssignmentFields
    from chalicelib.operations.assignments.manage_assignments import change_assignment
    from chalicelib.operations.study.answers import page_answers

    number = here.assign(due=local(here, 10), enforced=True)
    ada = here.enter("Ada")
    turn(here, 5)
    earlier = AssignmentFields(
        name="Homework", parts=("item capital 10",), due=local(here, -1), enforced=True
    )
    record = page_answers.record_answers
    moved = []

    def move_first(*args: object, **more: object) -> object:
        # The instructor's change is stored after the answer was checked and before it is.
        if not moved:
            moved.append(here.operate(change_assignment, here.number, number, earlier))
        return record(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("chalicelib.operations.study.flow.moves.record_answers", move_first)
    ada.post(capital="Paris")
    assert moved
    # The answer is stored, and doesn't count: whatever reads the grade sees the same.
    assert len(here.table.items("response")) == 1
    assert here.row(ada).cells[0].points is None


def test_participants_without_a_class_cost_no_read(here: Classroom) -> None:
    here.assign(due=local(here, 10), enforced=True)
    (guest,) = here.table.arrive()
    guest.get()
    asked: list[str] = []
    query = here.table.engine.query

    def noted(pk: str, *args: object, **more: object) -> object:
        asked.append(pk)
        return query(pk, *args, **more)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(here.table.engine, "query", noted)
        guest.post(capital="Paris")
        assert not [pk for pk in asked if pk.startswith("class")]
        member = here.enter("Ada")
        member.post(capital="Paris")
        assert f"classwork#{here.number}" in asked


class Timed(Study):
    """Three questions, of which the first two are an exam."""

    first = number("One?", right=1)
    second = number("Two?", right=2)
    last = number("Three?", right=3)
    timeline = (
        Form("welcome"),
        Form("first", ask="first"),
        Form("second", ask="second"),
        Form("last", ask="last"),
        End(),
    )


@pytest.fixture
def exam(engine: Engine, seat_players: Seat) -> Classroom:
    return Classroom(seat_players(engine, Timed, 0))


PARTS = ("item first 5", "item second 5")


def leave(player: Player, since: str) -> None:
    player._requests().leave_page(player.last["serial"], since)


def test_the_time_of_an_assignment_begins_with_its_first_page_and_ends_all_of_them(exam: Classroom) -> None:
    exam.assign("Exam", *PARTS, minutes=10)
    ada = exam.enter("Ada")
    turn(exam, 60)
    assert ada.post()["seconds_left"] == 600
    turn(exam, 4)
    assert ada.post(first=1)["seconds_left"] == 360
    turn(exam, 6.1)
    # Nothing was entered: the page is left, and what follows is open.
    assert ada.get()["page"] == "last"
    assert ada.last["seconds_left"] is None
    assert exam.row(ada).cells[0].points == 5


def test_a_page_that_is_opened_after_the_time_takes_no_answer(exam: Classroom) -> None:
    exam.assign("Exam", *PARTS, minutes=10)
    ada = exam.enter("Ada")
    ada.post()
    turn(exam, 10.1)
    shown = ada.get()
    assert shown["page"] == "second"
    assert "Your time for “Exam” is over" in shown["html"]
    with pytest.raises(AnswersRefused) as refused:
        ada.post(second=2)
    assert "is over" in refused.value.items["second"]
    assert ada.post()["page"] == "last"


def test_more_time_is_given_to_one_member_by_a_factor(exam: Classroom) -> None:
    number = exam.assign("Exam", *PARTS, minutes=10)
    ada = exam.enter("Ada")
    exam.allow(ada, number, factor="1.5")
    assert ada.post()["seconds_left"] == 900


def test_extra_minutes_of_a_member_count_on_all_pages_of_a_timed_assignment(exam: Classroom) -> None:
    exam.assign("Exam", *PARTS, minutes=10)
    ada, bob = exam.enter("Ada"), exam.enter("Bob")
    assert [one.post()["seconds_left"] for one in (ada, bob)] == [600, 600]
    turn(exam, 1)
    exam.operate(extend_time, str(ada.id), 2)
    assert [one.get()["seconds_left"] for one in (ada, bob)] == [660, 540]
    assert [one.post(first=1)["seconds_left"] for one in (ada, bob)] == [660, 540]


def test_the_clock_stands_still_while_the_page_is_closed_if_the_assignment_may_be_paused(
    exam: Classroom,
) -> None:
    exam.assign("Exam", *PARTS, minutes=10)
    ada = exam.enter("Ada")
    first_shown = ada.post()["leaves"]
    turn(exam, 2)
    again = ada.get()
    assert again["seconds_left"] == 480
    # Word of the first closing comes late, after the page was opened again.
    leave(ada, first_shown)
    turn(exam, 1)
    assert ada.get()["seconds_left"] == 420
    leave(ada, ada.last["leaves"])
    turn(exam, 30)
    exam.table.work()
    assert ada.get()["seconds_left"] == 420
    assert ada.post(first=1)["page"] == "second"


def test_without_a_pause_the_clock_goes_on(exam: Classroom) -> None:
    exam.assign("Exam", *PARTS, minutes=10, pause=False)
    ada = exam.enter("Ada")
    ada.post()
    assert "leaves" not in ada.last
    turn(exam, 2)
    assert ada.get()["seconds_left"] == 480


def test_feedback_waits_for_the_release_in_an_assignment_without_feedback(
    sqlite: Engine, seat_players: Seat
) -> None:
    pages = {"reading": "{{ player.feedback_to('capital') or 'No feedback' }}"}
    here = Classroom(seat_players(sqlite, Course, 0, pages))
    number = here.assign("Homework", "page capital 10", feedback=False)
    ada = here.enter("Ada")
    for given in ({"capital": "Paris"}, {"half": 5}, {"essay": "Because"}):
        ada.post(**given)
    assert "No feedback" in ada.get()["html"]
    here.release(number)
    assert "Well done" in ada.get()["html"]


def test_local_times_of_the_class_are_stored_in_utc_and_a_time_that_the_clocks_skip_is_refused(
    here: Classroom,
) -> None:
    from chalicelib.operations.assignments.assignment_store import read_assignment

    number = here.assign(due="2026-12-01T18:00")
    assert here.operate(read_assignment, here.number, number).due == "2026-12-01T17:00:00.000000Z"
    with pytest.raises(InvalidField, match="clocks of the class skip it"):
        here.assign(due="2027-03-28T02:30")
    for year in ("1999", "9999"):
        with pytest.raises(InvalidField, match="in the years 2000 to 2199"):
            here.assign(due=f"{year}-12-31T23:59:59")


@pytest.mark.parametrize(
    ("due", "stored", "shown"),
    [
        ("2026-10-25T02:30", "2026-10-25T00:30", "2026-10-25 02:30 (Europe/Berlin, UTC+02:00)"),
        ("2026-10-25 02:30+01:00", "2026-10-25T01:30", "2026-10-25 02:30 (Europe/Berlin, UTC+01:00)"),
        ("2026-10-25T03:00", "2026-10-25T02:00", "2026-10-25 03:00 (Europe/Berlin)"),
    ],
)
def test_a_due_time_that_occurs_twice_is_the_first_unless_an_offset_names_the_second(
    here: Classroom, due: str, stored: str, shown: str
) -> None:
    from chalicelib.operations.assignments.assignment_store import read_assignment

    number = here.assign(due=due)
    assert here.operate(read_assignment, here.number, number).due == f"{stored}:00.000000Z"
    assert shown in here.own_page(here.enter("Ada"))


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        (("item nowhere 10",), "names the item 'nowhere', which the study doesn't have"),
        (("page nowhere 10",), "names the page 'nowhere', which the study doesn't have"),
        (("item capital ten",), "must have a number"),
        (("item capital -1",), "must have a number"),
        (("item capital NaN",), "must have a number"),
        (("capital 10",), "has the line"),
        (("item capital 1", "item capital 2"), "twice"),
        ((" ",), "must list at least one item or page"),
    ],
)
def test_parts_that_the_study_does_not_have_are_refused(
    here: Classroom, parts: tuple[str, ...], problem: str
) -> None:
    with pytest.raises(InvalidField, match=problem):
        here.assign("Homework", *parts)


def test_an_assignment_is_released_graded_and_deleted_with_what_was_given_in_it(room: Classroom) -> None:
    from chalicelib.operations.assignments.manage_assignments import delete_assignment, release_all_grades

    first, second = room.assign("First"), room.assign("Second", "item half 4")
    ada = room.enter("Ada")
    ada.post(capital="Paris")
    for one, points in ((first, "7"), (second, "3")):
        room.allow(ada, one, factor="2")
        room.give(ada, one, points, "Seen")
    assert room.operate(release_all_grades, room.number, is_released=True) == 0
    assert "7 of 10 points" in room.own_page(ada)
    assert (room.figures().mean, room.figures().graded) == (10, 1)
    room.operate(delete_assignment, room.number, first, 1)
    room.table.work()
    assert [(one.total, one.possible) for one in room.book().rows] == [(3, 4)]
    assert len(room.table.items("given_points")) == len(room.table.items("deadline_exception")) == 1
    assert "First" not in room.own_page(ada)


def test_points_comments_and_exceptions_of_an_erased_member_are_deleted(room: Classroom) -> None:
    from chalicelib.operations.management.erase_participant import erase_participant
    from chalicelib.operations.shared.context import OPERATOR_CALLER

    number = room.assign()
    ada, bob = room.enter("Ada"), room.enter("Bob")
    for player in (ada, bob):
        room.allow(player, number, factor="2", reason="Ill")
        room.give(player, number, "7", "Private words", entry="item:capital")
        room.give(player, number, "8")
    for answers in ({"capital": "Paris"}, {"half": 5}, {"essay": "Because"}, {}):
        ada.post(**answers)
    room.table.work()
    room.table.app.run(erase_participant, ada.id, caller=OPERATOR_CALLER)
    room.table.work()
    left = [*room.table.items("given_points"), *room.table.items("deadline_exception")]
    assert {item["seat"] for item in left} == {room.seats[bob.id]}
    assert len(left) == 3
    assert room.seats[ada.id] not in str(room.table.items("place"))
