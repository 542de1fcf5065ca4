"""What instructors do with classes: who sees them, their members, links that end, and fees recorded once."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from chalicelib.access.rights import OPERATOR_ACTOR, ROLES, Actor, Right
from chalicelib.errors import BadRequest, Forbidden, InvalidState, NotFound, Refused
from chalicelib.operations.accounts.users import add_user
from chalicelib.operations.classes import manage_classes, manage_members
from chalicelib.operations.classes.class_records import read_member
from chalicelib.operations.classes.class_settings import ClassSettings
from chalicelib.operations.classes.manage_members import MemberStatus
from chalicelib.operations.participant.create_participant import create_participant
from chalicelib.operations.participant.entry_verification import EntryRequest
from chalicelib.operations.shared.context import Context, caller_of
from chalicelib.storage.engine import Engine
from tests.contract.factories import ANY_CALLER, at_once
from tests.study.contract.players import Seat, Table, sums

ANN = Actor("user:ann", "Ann", ROLES["Assistant"])
BOB = Actor("user:bob", "Bob", ROLES["Assistant"])
VIEWER = Actor("user:vic", "Vic", ROLES["Viewer"])
#: Manages the lab, and sees no personal data.
ZOE = Actor("user:zoe", "Zoe", frozenset({Right.VIEW, Right.GRADE, Right.MANAGE_LAB}))


class School:
    """A run with the users ann and bob, who teach."""

    def __init__(self, table: Table) -> None:
        self.table = table
        for name in ("ann", "bob"):
            self.do(OPERATOR_ACTOR, add_user, name, name.title(), role="Assistant")

    def do(self, actor: Actor, operation: Any, *args: Any, **fields: Any) -> Any:
        # The rights of the users were granted a moment ago: their version is read from the run.
        caller = caller_of(self.table.app.run(_current, actor))
        return self.table.app.run(operation, *args, caller=caller, **fields)

    def open(self, actor: Actor = ANN, **settings: Any) -> int:
        wanted = ClassSettings(**{"name": "Economics 101", **settings})
        return int(self.do(actor, manage_classes.open_class, wanted).id)

    def add(self, number: int, name: str, **identity: str) -> manage_members.MemberLink:
        added: manage_members.MemberLink = self.do(
            ANN, manage_members.add_member_by_hand, number, name, **identity
        )
        return added

    def enter(self, seat: str, hit_id: str = "h") -> int:
        entry = EntryRequest(worker_id=seat, hit_id=hit_id, assignment_id=f"a-{seat}")
        return int(self.table.app.run(create_participant, entry, caller=ANY_CALLER)["participant"]["id"])

    def member(self, seat: str) -> Any:
        return self.do(OPERATOR_ACTOR, read_member, 1, seat)


def _current(ctx: Context, actor: Actor) -> Actor:
    from chalicelib.operations.audit.record_change import read_head

    return Actor(actor.id, actor.name, actor.rights, read_head(ctx, actor.id).rights_version)


def codes(school: School, actor: Actor, calls: dict[str, Any]) -> dict[str, str]:
    """Return the code of the refusal of each call; "" for one that was answered."""
    found = {}
    for name, call in calls.items():
        try:
            school.do(actor, call)
            found[name] = ""
        except Refused as refused:
            found[name] = refused.code
    return found


def test_instructors_see_their_own_classes_only_and_those_who_manage_the_lab_see_all(
    engine: Engine, seat_players: Seat
) -> None:
    school = School(seat_players(engine, sums(2), 0))
    number = school.open()
    seat = school.add(number, "Ada Lovelace", email="ada@example.org").member.id
    calls = {
        "read": lambda ctx: manage_classes.read_class_with_counts(ctx, number),
        "change": lambda ctx: manage_classes.change_class(ctx, number, ClassSettings(name="Mine")),
        "archive": lambda ctx: manage_classes.archive_class(ctx, number, is_archived=True),
        "code": lambda ctx: manage_classes.renew_join_code(ctx, number),
        "members": lambda ctx: manage_members.list_members(ctx, number, after=None, limit=10),
        "add": lambda ctx: manage_members.add_member_by_hand(ctx, number, "Eve"),
        "correct": lambda ctx: manage_members.change_member(ctx, seat, name="Eve"),
        "remove": lambda ctx: manage_members.remove_member(ctx, seat),
        "link": lambda ctx: manage_members.show_link(ctx, seat),
        "pay": lambda ctx: manage_members.record_fee(ctx, seat),
        "refund": lambda ctx: manage_members.refund_fee(ctx, seat),
    }
    assert set(codes(school, BOB, calls).values()) == {"class_not_found", "class_member_not_found"}
    assert set(codes(school, VIEWER, calls).values()) == {"right_missing"}
    assert school.do(BOB, manage_classes.list_classes) == []
    assert [one.id for one in school.do(ZOE, manage_classes.list_classes)] == [number]
    shown = school.do(ANN, manage_classes.read_class_with_counts, number)
    assert (shown.about.name, shown.members, shown.about.instructors) == ("Economics 101", 1, ["ann"])


def test_names_are_seen_by_instructors_and_otherwise_with_the_right_to_see_personal_data(
    engine: Engine, seat_players: Seat
) -> None:
    school = School(seat_players(engine, sums(2), 0))
    number = school.open()
    school.add(number, "Ada Lovelace", email="ada@example.org", student_number="4711")
    rows = partial(manage_members.list_members, after=None, limit=10)
    [seen] = school.do(ANN, rows, number).rows
    assert (seen.name, seen.email, seen.student_number) == ("Ada Lovelace", "ada@example.org", "4711")
    [hidden] = school.do(ZOE, rows, number).rows
    assert (hidden.name, hidden.email, hidden.student_number) == (None, None, None)
    with pytest.raises(BadRequest, match="don't see names"):
        school.do(ZOE, rows, number, text="ada")
    for refused in (manage_members.show_link, partial(manage_members.change_member, name="Eve")):
        with pytest.raises(Forbidden, match="View personal data"):
            school.do(ZOE, refused, seen.id)
    assert school.do(ANN, rows, number, text="LOVE").looked_at == 1


def test_members_are_listed_by_name_page_by_page(sqlite: Engine, seat_players: Seat) -> None:
    school = School(seat_players(sqlite, sums(2), 0))
    number = school.open()
    for name in ("Cy", "ada", "Bob"):
        last = school.add(number, name)
    school.do(ANN, manage_members.remove_member, last.member.id)
    rows = partial(manage_members.list_members, limit=1)
    first = school.do(ANN, rows, number, after=None)
    assert ([one.name for one in first.rows], first.next) == (["ada"], first.rows[0].id)
    second = school.do(ANN, rows, number, after=first.next)
    assert ([one.name for one in second.rows], second.next) == (["Cy"], None)
    everyone = school.do(ANN, rows, number, after=first.next, with_left=True)
    assert [(one.name, one.status) for one in everyone.rows] == [("Bob", MemberStatus.LEFT)]
    with pytest.raises(BadRequest, match="no such page"):
        school.do(ANN, rows, number, after="class-1-x")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"name": " "}, "invalid_class_name"),
        ({"name": "a\u0000b"}, "invalid_class_name"),
        ({"starts": "30.11.2026"}, "invalid_days"),
        ({"starts": "2026-11-30", "ends": "2026-11-29"}, "invalid_days"),
        ({"time_zone": "Europe"}, "invalid_time_zone"),
        ({"time_zone": "../etc/passwd"}, "invalid_time_zone"),
        ({"fee": "-1"}, "invalid_fee"),
        ({"fee": "1.005"}, "invalid_fee"),
        ({"fee": "NaN"}, "invalid_fee"),
        ({"fee": "1,000"}, "invalid_fee"),
        ({"fee": "1.000"}, "invalid_fee"),
        ({"fee": "1e3"}, "invalid_fee"),
        ({"instructors": ["ann", "eve"]}, "unknown_instructor"),
    ],
)
def test_settings_of_a_class_that_are_not_valid_are_refused(
    sqlite: Engine, seat_players: Seat, wrong: dict[str, Any], code: str
) -> None:
    school = School(seat_players(sqlite, sums(2), 0))
    with pytest.raises(InvalidState) as refused:
        school.open(**wrong)
    assert refused.value.code == code
    assert school.do(ZOE, manage_classes.list_classes) == []


def test_an_instructor_names_others_and_does_not_lock_themselves_out(
    sqlite: Engine, seat_players: Seat
) -> None:
    school = School(seat_players(sqlite, sums(2), 0))
    number = school.open()
    change = manage_classes.change_class
    school.do(ANN, change, number, ClassSettings(instructors=["ann", "bob"], fee="12,50"))
    [row] = school.do(BOB, manage_classes.list_classes)
    assert (row.instructors, row.fee) == (["ann", "bob"], "12.50")
    with pytest.raises(InvalidState, match="can't remove yourself"):
        school.do(ANN, change, number, ClassSettings(instructors=["bob"]))
    school.do(ZOE, change, number, ClassSettings(instructors=["bob"]))
    assert school.do(ANN, manage_classes.list_classes) == []


def test_an_archived_class_takes_no_member_and_no_change_until_it_is_restored(
    sqlite: Engine, seat_players: Seat
) -> None:
    school = School(seat_players(sqlite, sums(2), 0))
    number = school.open()
    for _ in range(2):
        archived = school.do(ANN, manage_classes.archive_class, number, is_archived=True)
    assert archived.status == "archived"
    for call in (
        partial(manage_classes.change_class, settings=ClassSettings(name="x")),
        manage_classes.renew_join_code,
        partial(manage_members.add_member_by_hand, name="Ada"),
    ):
        with pytest.raises(InvalidState, match="archived"):
            school.do(ANN, lambda ctx, call=call: call(ctx, number=number))
    restored = school.do(ANN, manage_classes.archive_class, number, is_archived=False)
    assert restored.status == "open"


def test_a_removed_member_and_an_earlier_link_can_not_begin_or_continue(
    engine: Engine, seat_players: Seat
) -> None:
    school = School(seat_players(engine, sums(2), 0))
    number = school.open()
    seat = school.add(number, "Ada").member.id
    newest = school.do(ANN, manage_members.show_link, seat, renews=True)
    hit = newest.link.partition("hitId=")[2].partition("&")[0]
    with pytest.raises(Forbidden) as ended:
        school.enter(seat)
    assert ended.value.code == "class_link_ended"
    participant = school.enter(seat, hit)
    assert school.member(seat).participant_id == participant
    serial = school.do(OPERATOR_ACTOR, lambda ctx: ctx.uow.participant(participant).token_serial)
    school.do(ANN, manage_members.remove_member, seat)
    held = school.do(OPERATOR_ACTOR, lambda ctx: ctx.uow.participant(participant))
    assert held.token_serial == serial + 1
    assert held.hit_id != hit
    assert school.do(ANN, manage_members.remove_member, seat).status is MemberStatus.LEFT
    with pytest.raises(InvalidState, match="has left the class"):
        school.do(ANN, manage_members.show_link, seat)


def test_a_removed_member_is_taken_back_with_their_answers_by_their_address(
    engine: Engine, seat_players: Seat
) -> None:
    school = School(seat_players(engine, sums(2), 0))
    number = school.open()
    seat = school.add(number, "Ada", email="ada@example.org").member.id
    participant = school.enter(seat)
    with pytest.raises(InvalidState, match="Another member"):
        school.add(number, "Eve", email="ADA@example.org")
    school.do(ANN, manage_members.remove_member, seat)
    again = school.add(number, "Ada King", email="Ada@example.org", student_number="7").member
    assert (again.id, again.participant_id, again.name) == (seat, participant, "Ada King")
    assert again.status is MemberStatus.BEGUN


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"ends": "2000-01-01"}, "class_over"),
        ({"starts": "2999-01-01"}, "class_not_begun"),
        ({"fee": "5"}, "class_fee_unpaid"),
    ],
)
def test_a_member_does_not_begin_outside_of_the_days_or_before_the_fee_is_paid(
    sqlite: Engine, seat_players: Seat, settings: dict[str, str], code: str
) -> None:
    school = School(seat_players(sqlite, sums(2), 0))
    number = school.open(**settings)
    seat = school.add(number, "Ada").member.id
    with pytest.raises(Forbidden) as refused:
        school.enter(seat)
    assert refused.value.code == code
    if code == "class_fee_unpaid":
        school.do(ANN, manage_members.record_fee, seat)
        assert school.enter(seat)


def test_a_seat_that_no_member_of_the_class_has_begins_nothing(sqlite: Engine, seat_players: Seat) -> None:
    school = School(seat_players(sqlite, sums(2), 0))
    number = school.open()
    other = school.add(school.open(), "Ada").member.id
    with pytest.raises(Forbidden, match="doesn't work any more"):
        school.enter(f"class-{number}-{other.rpartition('-')[2]}")


def test_a_charge_is_recorded_once_also_when_two_people_record_it_at_once(
    crowded: Engine, seat_players: Seat
) -> None:
    school = School(seat_players(crowded, sums(2), 0))
    number = school.open(fee="5")
    seats = [school.add(number, name).member.id for name in ("Ada", "Bob")]
    pay = partial(school.do, ANN, manage_members.record_fee)
    results = at_once([partial(pay, seat, "receipt 7") for seat in seats])
    assert sorted(type(one).__name__ for one in results) == ["ClassMemberRow", "InvalidState"]
    paid = next(one for one in results if isinstance(one, manage_members.ClassMemberRow)).id
    assert pay(paid, "receipt 7").fee_paid == "receipt 7"
    with pytest.raises(InvalidState, match="has paid already"):
        pay(paid, "receipt 8")
    for _ in range(2):
        assert school.do(ANN, manage_members.refund_fee, paid).fee_paid == ""
    with pytest.raises(InvalidState, match="recorded already"):
        pay(paid, "receipt 7")
    assert pay(paid).fee_paid.startswith("by-hand-")


def test_a_class_without_a_fee_takes_no_charge(sqlite: Engine, seat_players: Seat) -> None:
    school = School(seat_players(sqlite, sums(2), 0))
    seat = school.add(school.open(), "Ada").member.id
    with pytest.raises(InvalidState, match="no fee"):
        school.do(ANN, manage_members.record_fee, seat)


def test_a_corrected_address_frees_the_earlier_one(engine: Engine, seat_players: Seat) -> None:
    school = School(seat_players(engine, sums(2), 0))
    number = school.open()
    seat = school.add(number, "Ada", email="ada@example.org").member.id
    other = school.add(number, "Bob", email="bob@example.org").member.id
    change = manage_members.change_member
    with pytest.raises(InvalidState, match="Another member"):
        school.do(ANN, change, other, email="ADA@example.org")
    school.do(ANN, change, seat, email="lovelace@example.org")
    assert school.do(ANN, change, other, email="ada@example.org").email == "ada@example.org"
    with pytest.raises(NotFound):
        school.do(ANN, change, "class-9-x", name="Eve")
