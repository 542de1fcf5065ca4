"""Each page of a member says that they have a class; pages of other participants don't."""

from __future__ import annotations

from chalicelib.storage.engine import Engine
from tests.study.assignments.classroom import Classroom, Course
from tests.study.contract.players import Seat


class GermanCourse(Course):
    """The course in German."""

    language = "de"


def test_pages_of_members_have_the_button_of_their_class(sqlite: Engine, seat_players: Seat) -> None:
    table = seat_players(sqlite, GermanCourse, 1)
    member = Classroom(table).enter("Ada")
    assert member.last["own_class"] == "Mein Kurs"
    assert "own_class" not in table.players[0].get()
