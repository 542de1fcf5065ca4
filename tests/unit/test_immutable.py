from __future__ import annotations

import copy
from dataclasses import FrozenInstanceError, asdict, field, fields, replace
from typing import ClassVar

import pytest

from chalicelib.immutable import immutable


@immutable()
class Place:
    """A place."""

    kind: ClassVar[str] = "place"

    name: str
    seats: int = 2
    notes: list[str] = field(default_factory=list, compare=False, repr=False)


@immutable()
class Room(Place):
    """A place with a number."""

    number: int = 0


@immutable(kw_only=True)
class Named:
    """A value whose fields are passed by name."""

    x: int
    y: int = 1

    def __post_init__(self) -> None:
        if self.x < 0:
            raise ValueError("x must not be negative")


def test_fields_are_set_by_position_by_name_and_by_default():
    assert (Place("hall", seats=3).seats, Place(name="hall").seats) == (3, 2)
    assert Room("hall", 4, [], 7).number == 7


def test_each_value_has_a_default_of_its_own():
    first, second = Place("a"), Place("b")
    first.notes.append("full")
    assert second.notes == []


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (Place, "Place needs a value for name"),
        (lambda: Place("a", 1, [], 4), "Place takes 3 values by position, not 4"),
        (lambda: Place("a", name="b"), "Place got two values for name"),
        (lambda: Place("a", chairs=1), "Place has no field chairs"),
        (lambda: Named(1), "Named takes 0 values by position"),
    ],
)
def test_wrong_arguments_are_refused_with_the_name_of_the_field(make, complaint):
    with pytest.raises(TypeError, match=complaint):
        make()


def test_values_of_one_class_with_equal_fields_are_equal_and_hash_alike():
    assert Place("a", notes=["x"]) == Place("a")
    assert hash(Place("a")) == hash(Place("a"))
    assert Place("a") != Place("b")
    assert Place("a") != Room("a")
    assert len({Place("a"), Place("a", 2)}) == 1


def test_a_value_cannot_be_changed():
    place = Place("a")
    with pytest.raises(FrozenInstanceError, match="Place is immutable: 'seats' can't be set"):
        place.seats = 3
    with pytest.raises(FrozenInstanceError, match="can't be deleted"):
        del place.name
    assert place == Place("a")


def test_the_functions_of_dataclasses_apply():
    assert [each.name for each in fields(Room)] == ["name", "seats", "notes", "number"]
    assert replace(Room("a", number=1), seats=9) == Room("a", 9, number=1)
    assert asdict(Place("a")) == {"name": "a", "seats": 2, "notes": []}


def test_repr_shows_the_fields_that_are_meant_to_be_shown():
    assert repr(Place("a")) == "Place(name='a', seats=2)"


def test_values_are_copied():
    room = Room("a", 3, ["x"], 5)
    assert copy.deepcopy(room) == copy.copy(room) == room


def test_post_init_runs():
    with pytest.raises(ValueError, match="negative"):
        Named(x=-1)


def test_a_method_that_the_class_defines_stays():
    @immutable()
    class Quiet:
        secret: str

        def __repr__(self) -> str:
            return "Quiet()"

    assert repr(Quiet("x")) == "Quiet()"
