"""The data of members are erased: with the participant, or before they have begun."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from chalicelib.access.rights import OPERATOR_ACTOR
from chalicelib.errors import InvalidState
from chalicelib.operations.assignments.assignment_fields import AssignmentFields
from chalicelib.operations.assignments.except_member import except_member
from chalicelib.operations.assignments.gradebook import give_points
from chalicelib.operations.assignments.manage_assignments import set_assignment
from chalicelib.operations.classes import manage_members
from chalicelib.operations.classes.class_records import membership_of
from chalicelib.operations.classes.erased_members import erase_member
from chalicelib.operations.management.erase_participant import erase_participant
from chalicelib.storage.engine import Engine
from tests.contract.factories import dump
from tests.study.classes.test_managed_classes_over_engines import ANN, School
from tests.study.contract.players import Player, Seat, sums

IDENTITY = {"email": "ada@example.org", "student_number": "s-4711"}
SECRETS = ("Lovelace", "ada@example.org", "s-4711", "receipt-9", "receipt-8")


def stored(engine: Engine) -> str:
    return str(dump(engine))


def test_erasing_a_participant_erases_what_the_class_holds_about_them(
    engine: Engine, seat_players: Seat
) -> None:
    school = School(seat_players(engine, sums(2), 0))
    number = school.open(fee="5")
    seat = school.add(number, "Ada Lovelace", **IDENTITY).member.id
    school.do(ANN, manage_members.record_fee, seat, "receipt-8")
    school.do(ANN, manage_members.refund_fee, seat)
    school.do(ANN, manage_members.record_fee, seat, "receipt-9")
    kept = school.add(number, "Bob", email="bob@example.org").member.id
    participant = school.enter(seat)
    player = Player(school.table.app, participant)
    player.get()
    assert all(one in stored(engine) for one in SECRETS)
    school.do(OPERATOR_ACTOR, _end, participant)
    school.do(OPERATOR_ACTOR, erase_participant, participant)
    school.table.work()
    left = stored(engine)
    assert [one for one in (*SECRETS, seat) if one in left] == []
    member = school.do(OPERATOR_ACTOR, membership_of, participant)
    assert (member.name, member.is_active, member.participant_id) == ("[erased]", False, participant)
    rows = school.do(ANN, manage_members.list_members, number, after=None, limit=10).rows
    assert [(one.id, one.name) for one in rows] == [(kept, "Bob")]
    # The address is free again.
    assert school.add(number, "Ada Byron", **IDENTITY).member.id != seat


def _end(ctx: Any, participant_id: int) -> None:
    from chalicelib.model.statuses import ParticipantStatus

    participant = ctx.uow.participant(participant_id)
    participant.change_status(ParticipantStatus.RETURNED)
    participant.end_time = ctx.now
    ctx.uow.update_status_index(participant)


def test_a_member_who_has_not_begun_is_erased_and_their_link_ends(engine: Engine, seat_players: Seat) -> None:
    school = School(seat_players(engine, sums(2), 0))
    number = school.open(fee="5")
    seat = school.add(number, "Ada Lovelace", **IDENTITY).member.id
    school.do(ANN, manage_members.record_fee, seat, "receipt-9")
    school.do(ANN, set_assignment, number, AssignmentFields(name="Week 1", parts=("item mine 10",)))
    school.do(ANN, except_member, number, 1, seat, factor="2", reason="a medical certificate")
    school.do(ANN, give_points, number, 1, seat, "", Decimal(3), "a private comment")
    for _ in range(2):
        erased = school.do(OPERATOR_ACTOR, erase_member, seat)
    assert (erased.name, erased.status) == ("[erased]", manage_members.MemberStatus.LEFT)
    written = ("a medical certificate", "a private comment")
    assert [one for one in (*SECRETS, *written) if one in stored(engine)] == []
    begun = school.add(number, "Bob").member.id
    school.do(ANN, manage_members.record_fee, begun)
    participant = school.enter(begun)
    with pytest.raises(InvalidState, match=f"participant {participant}"):
        school.do(OPERATOR_ACTOR, erase_member, begun)
