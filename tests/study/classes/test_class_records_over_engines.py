"""The records of classes: join codes, members who are in a class once, and participants who are members."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from chalicelib.errors import BadRequest, InvalidState, NotFound
from chalicelib.operations.classes import class_records
from chalicelib.operations.classes.class_records import (
    add_member,
    all_classes,
    class_of_code,
    class_of_participant,
    create_class,
    give_code,
    members_of,
    membership_of,
    read_class,
    store_class,
)
from chalicelib.operations.participant.create_participant import create_participant
from chalicelib.operations.participant.entry_verification import EntryRequest
from chalicelib.operations.shared.context import OPERATOR_CALLER, Context
from chalicelib.storage.engine import Engine
from chalicelib.study.classes.class_seats import class_of_seat
from chalicelib.study.classes.study_class import StudyClass
from tests.contract.factories import ANY_CALLER, at_once
from tests.study.contract.players import Seat, Table, sums


def run(table: Table, operation: Any, *args: Any, **fields: Any) -> Any:
    return table.app.run(operation, *args, caller=OPERATOR_CALLER, **fields)


def opened(table: Table, name: str = "Economics 101") -> StudyClass:
    found: StudyClass = run(table, create_class, StudyClass(0, name, ""))
    return found


def begin(table: Table, seat: str) -> int:
    entry = EntryRequest(worker_id=seat, hit_id="h", assignment_id=f"a-{seat}")
    return int(table.app.run(create_participant, entry, caller=ANY_CALLER)["participant"]["id"])


def test_two_people_who_join_at_once_with_one_student_number_become_one_member(
    crowded: Engine, seat_players: Seat
) -> None:
    table = seat_players(crowded, sums(2), 0)
    number = opened(table).number
    join = partial(run, table, add_member, number, name="Ada")
    numbers = ("s-17", "S-17", "s-17", "s-18")
    results = at_once([partial(join, student_number=each) for each in numbers])
    assert sorted(type(one).__name__ for one in results) == ["ClassMember"] * 2 + ["InvalidState"] * 2
    stored = run(table, members_of, number)
    assert sorted(one.student_number.lower() for one in stored) == ["s-17", "s-18"]


def test_a_participant_who_begins_with_the_link_of_a_member_is_that_member(
    engine: Engine, seat_players: Seat
) -> None:
    table = seat_players(engine, sums(2), 1)
    number = opened(table).number
    member = run(table, add_member, number, name="Ada", email="ada@example.org", has_joined=False)
    assert (class_of_seat(member.seat), member.joined) == (number, None)
    participant = begin(table, member.seat)
    held = run(table, membership_of, participant)
    assert (held.seat, held.participant_id, held.joined is not None) == (member.seat, participant, True)
    assert run(table, class_of_participant, participant).name == "Economics 101"
    stranger = table.players[0].id
    assert run(table, membership_of, stranger) is None
    assert run(table, class_of_participant, stranger) is None


def test_a_join_code_in_use_is_drawn_again(
    sqlite: Engine, seat_players: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = seat_players(sqlite, sums(2), 0)
    first = opened(table)
    drawn = iter([*first.join_code, *"ABCDEFGH"])
    monkeypatch.setattr(class_records.secrets, "choice", lambda _: next(drawn))
    second = opened(table)
    assert second.join_code == "ABCDEFGH"
    assert [one.number for one in run(table, all_classes)] == [1, 2]


def test_a_lack_of_free_join_codes_is_an_error_after_some_draws(
    sqlite: Engine, seat_players: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = seat_players(sqlite, sums(2), 0)
    monkeypatch.setattr(class_records.secrets, "choice", lambda _: "A")
    opened(table)
    with pytest.raises(InvalidState, match="No free join code"):
        opened(table)
    assert len(run(table, all_classes)) == 1


def test_a_renewed_join_code_finds_the_class_and_the_old_one_does_not(
    sqlite: Engine, seat_players: Seat
) -> None:
    table = seat_players(sqlite, sums(2), 0)
    old = opened(table).join_code

    def renew(ctx: Context) -> str:
        study_class = read_class(ctx, 1)
        give_code(ctx, study_class)
        store_class(ctx, study_class)
        return study_class.join_code

    new = run(table, renew)
    assert run(table, class_of_code, old) is None
    assert run(table, class_of_code, f" {new[:4].lower()}-{new[4:]} ").number == 1
    for wrong in ("", "123456", "ÀBCDEFGH", "O0O0O0O0", new[:7]):
        assert run(table, class_of_code, wrong) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " \t "},
        {"name": "x" * 121},
        {"name": "Ada\u202e"},
        {"email": "ada"},
        {"email": "ada@example"},
        {"email": "ada@example..org"},
        {"email": ".ada@example.org"},
        {"email": "a@b.org, c@d.org"},
        {"email": f"{'a' * 200}@example.org"},
        {"student_number": "x" * 61},
        {"student_number": "--"},
    ],
)
def test_a_name_an_address_or_a_number_that_is_not_valid_is_refused(
    sqlite: Engine, seat_players: Seat, wrong: dict[str, str]
) -> None:
    table = seat_players(sqlite, sums(2), 0)
    number = opened(table).number
    with pytest.raises(BadRequest):
        run(table, add_member, number, **{"name": "Ada", **wrong})
    assert run(table, members_of, number) == []


def test_a_class_or_a_member_that_does_not_exist_is_not_found(sqlite: Engine, seat_players: Seat) -> None:
    table = seat_players(sqlite, sums(2), 0)
    with pytest.raises(NotFound, match="no class 4"):
        run(table, read_class, 4)
    # A seat of a class that was made up isn't a membership.
    assert run(table, membership_of, begin(table, "class-4-x")) is None
