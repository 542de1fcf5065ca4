"""Writes the members of a large class and their answers straight into an engine: for benchmarks and tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.storage.engine import ANY, Engine, Item, Put
from chalicelib.study.assignments.assignment_records import GivenPoints
from chalicelib.study.classes.class_seats import class_seat
from chalicelib.study.classes.study_class import ClassMember
from chalicelib.study.study_records import StoredFields, StudyResponse

BEGIN: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
#: Puts in one commit.
AT_ONCE: Final = 5_000
#: Which members have points that a person has given, and which answers are missing or right, by remainders.
_GIVEN_EACH, _MISSED_EACH, _RIGHT_EACH = 10, 11, 3


@dataclass(frozen=True, slots=True)
class LargeClass:
    """How large a class is: pages named p01, p02 ... with items named q01, q02 ... in turn."""

    members: int = 500
    pages: int = 10
    items: int = 4

    @property
    def questions(self) -> int:
        """How many questions the class is asked."""
        return self.pages * self.items

    def is_answered(self, member: int, question: int) -> bool:
        """Whether a member has answered a question; both are counted from 1."""
        return (7 * member + question) % _MISSED_EACH != 0

    def is_right(self, member: int, question: int) -> bool:
        """Whether the answer of a member to a question is right."""
        return (member + question) % _RIGHT_EACH != 0

    def has_given_points(self, member: int) -> bool:
        """Whether a person has given the member points for the first item: none, with a comment."""
        return member % _GIVEN_EACH == 0


def page_name(page: int) -> str:
    """Return the name of a page, counted from 1."""
    return f"p{page:02}"


def item_name(question: int) -> str:
    """Return the name of an item, counted from 1."""
    return f"q{question:02}"


def seat_of(class_number: int, member: int) -> str:
    """Return the seat of a member, counted from 1."""
    return class_seat(class_number, f"{member * 7919 % 100_003:06}")


def write_large_class(engine: Engine, class_number: int, size: LargeClass, assignment: int) -> None:
    """Write what `items_of_class` yields, in large commits."""
    remaining = items_of_class(class_number, size, assignment)
    while some := list(islice(remaining, AT_ONCE)):
        engine.commit([Put(item, ANY) for item in some])


def items_of_class(class_number: int, size: LargeClass, assignment: int) -> Iterator[Item]:
    """Yield the members of a class that exists, and their answers, as they are stored.

    Args:
        class_number: The number of the class.
        size: How large it is.
        assignment: The number of the assignment whose part `item q01` has points that a person has given.

    """
    for number in range(1, size.members + 1):
        seat = seat_of(class_number, number)
        member = ClassMember(
            class_number,
            seat,
            number,
            f"Person{number % 50:02}, Member {number:03}",
            f"member{number}@example.org",
            joined=iso(BEGIN),
        )
        yield _stored(keys.class_member(class_number, seat), member)
        for page in range(1, size.pages + 1):
            yield _response(number, page, size)
        if size.has_given_points(number):
            entry = f"item:{item_name(1)}"
            given = GivenPoints(
                class_number, assignment, seat, entry, "0", "Copied", str(iso(BEGIN)), "user:ada"
            )
            yield _stored(keys.given_points(class_number, assignment, seat, entry), given)


def _stored(key: keys.Key, record: StoredFields) -> Item:
    return {"pk": key[0], "sk": key[1], "kind": record.kind, "v": 1, **record.to_fields()}


def _response(member: int, page: int, size: LargeClass) -> Item:
    first = (page - 1) * size.items + 1
    shown = BEGIN + timedelta(minutes=10 * page, seconds=member)
    response = StudyResponse(
        participant_id=member,
        serial=page,
        page=page_name(page),
        path=page_name(page),
        shown_at=iso(shown),
        answered_at=iso(shown + timedelta(minutes=3)),
        seconds=180.0,
        seconds_client=179.5,
        answers=[_answer(member, question, size) for question in range(first, first + size.items)],
    )
    return _stored(keys.response(member, page), response)


def _answer(member: int, question: int, size: LargeClass) -> dict[str, Any]:
    if not size.is_answered(member, question):
        return {"item": item_name(question), "kind": "number", "answer": None, "missed": True}
    is_right = size.is_right(member, question)
    return {
        "item": item_name(question),
        "kind": "number",
        "answer": question if is_right else -1,
        "attempt": 1,
        "correct": is_right,
        "percent": float(is_right),
        "points": str(int(is_right)),
        "graded_by": "rule",
    }
