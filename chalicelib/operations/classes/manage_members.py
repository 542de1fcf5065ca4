"""Lists the members of a class, adds and removes them, renews their entry links, and records their fees."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from chalicelib.access.rules import Mode
from chalicelib.errors import BadRequest, InvalidState
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.access import require_actor
from chalicelib.operations.shared.context import Context
from chalicelib.study.classes.study_class import ClassMember, MemberSource, StudyClass

from .class_access import require_sight, sees_members, taught_class, taught_member
from .class_records import add_member, change_identity, member_with, members_of, store_member
from .class_settings import checked_day
from .member_identity import checked_identity, folded

MAX_CHARGE: Final = 120
_BY_HAND: Final = "by-hand-"


class MemberStatus(StrEnum):
    """How far a member of a class is."""

    #: On the roster; they haven't used their link.
    INVITED = "invited"
    #: They have joined, and haven't begun with the study.
    JOINED = "joined"
    BEGUN = "begun"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class ClassMemberRow:
    """A member of a class. Without the right to see them, name, address and number are null."""

    id: str = field(metadata={"help": "The seat: the worker id with which the member takes part."})
    class_id: int
    name: str | None
    email: str | None
    student_number: str | None
    status: MemberStatus
    participant_id: int | None
    source: str
    joined: str | None
    left: str | None
    fee_paid: str = field(metadata={"help": 'The id of the charge that paid the fee; "" without one.'})
    link_sent: str | None = field(metadata={"help": "When their link was last sent by email."})
    link_mail: str = field(
        default="",
        metadata={"help": 'How the last mail with their link ended: waiting, sent or refused; "" for none.'},
    )
    last_day: str = field(
        default="",
        metadata={"help": 'Until the end of which day they can go on after the class is over; "" for none.'},
    )


@dataclass(frozen=True, slots=True)
class MemberLink:
    """A member with their entry link, which lets its holder take part as this member."""

    member: ClassMemberRow
    link: str


@dataclass(frozen=True, slots=True)
class MemberPage:
    """A page of the list of members."""

    rows: list[ClassMemberRow]
    #: The seat from which the next page continues; None on the last one.
    next: str | None
    #: How many members the class has had, those who have left included.
    looked_at: int


def list_members(
    ctx: Context, number: int, *, text: str = "", with_left: bool = False, after: str | None, limit: int
) -> MemberPage:
    """Return members of a class by name; by seat for an actor who doesn't see names.

    Args:
        ctx: The context.
        number: The class.
        text: A part of the name, the address or the student number; BadRequest if the actor sees none.
        with_left: Whether those who have left are listed too.
        after: The seat of the last member of the page before; BadRequest for one that the list doesn't have.
        limit: How many members are returned at most.

    """
    study_class = taught_class(ctx, number, Mode.READ)
    sees = sees_members(ctx, study_class)
    if text.strip() and not sees:
        raise BadRequest(
            "You don't see names here, so you can't search for them.", code="personal_data_hidden"
        )
    members = members_of(ctx, number)
    looked_at = len(members)
    if sees:
        members.sort(key=lambda one: (folded(one.name), one.seat))
    if after is not None:
        seats = [one.seat for one in members]
        if after not in seats:
            raise BadRequest("This list has no such page.", code="bad_cursor")
        members = members[seats.index(after) + 1 :]
    wanted = folded(text.strip())
    found = [
        one for one in members if (with_left or one.is_active) and (not wanted or wanted in _searched(one))
    ]
    shown = found[:limit]
    following = shown[-1].seat if len(found) > limit else None
    return MemberPage([member_row(one, sees=sees) for one in shown], following, looked_at)


def add_member_by_hand(
    ctx: Context, number: int, name: str, email: str = "", student_number: str = ""
) -> MemberLink:
    """Add a person to a class, who joins by opening their link; one who has left is taken back."""
    study_class = taught_class(ctx, number)
    require_members_change(study_class)
    member = take_in(ctx, number, name, email, student_number)
    _record(ctx, "classes.add-member", member, {})
    return MemberLink(member_row(member, sees=sees_members(ctx, study_class)), link_of(ctx, member))


def take_in(ctx: Context, number: int, name: str, email: str, student_number: str) -> ClassMember:
    """Add a person of the roster, or take back one who has left, with a link of their own.

    InvalidState for a person who is a member already.
    """
    identity = checked_identity(name, email, student_number)
    found = {one.seat: one for one in (member_with(ctx, number, claim) for claim in identity.claims) if one}
    if len(found) == 1 and not (former := next(iter(found.values()))).is_active:
        former.left = None
        change_identity(ctx, former, identity)
        store_member(ctx, former)
        return former
    return add_member(
        ctx,
        number,
        name=name,
        email=email,
        student_number=student_number,
        source=MemberSource.ROSTER,
        has_joined=False,
    )


def change_member(
    ctx: Context,
    seat: str,
    *,
    name: str | None = None,
    email: str | None = None,
    student_number: str | None = None,
    last_day: str | None = None,
) -> ClassMemberRow:
    """Correct the name, the address or the student number of a member; None leaves one as it is.

    `last_day`: the day until whose end the member can go on after the class is over; "" for none.
    """
    study_class, member = taught_member(ctx, seat)
    require_sight(ctx, study_class)
    sees = sees_members(ctx, study_class)
    identity = checked_identity(
        member.name if name is None else name,
        member.email if email is None else email,
        member.student_number if student_number is None else student_number,
    )
    change_identity(ctx, member, identity)
    if last_day is not None:
        member.last_day = checked_day(last_day, "The last day")
    store_member(ctx, member)
    given = {"name": name, "email": email, "student_number": student_number}
    changed: dict[str, Any] = dict.fromkeys(k for k, v in given.items() if v is not None)
    if last_day is not None:
        changed["last_day"] = member.last_day
    _record(ctx, "class-members.change", member, changed)
    return member_row(member, sees=sees)


def remove_member(ctx: Context, seat: str) -> ClassMemberRow:
    """Remove a member from their class: their link ends, and what they have answered stays. Idempotent."""
    study_class, member = taught_member(ctx, seat)
    if member.is_active:
        member.left = iso(ctx.now)
        end_links(ctx, member)
        store_member(ctx, member)
        _record(ctx, "class-members.remove", member, {})
    return member_row(member, sees=sees_members(ctx, study_class))


def show_link(ctx: Context, seat: str, *, renews: bool = False) -> MemberLink:
    """Return the entry link of a member; with `renews` another one, after which the earlier one ends."""
    study_class, member = taught_member(ctx, seat)
    require_sight(ctx, study_class)
    if not member.is_active:
        raise InvalidState("This person has left the class. Add them again first.", code="member_left")
    if renews:
        end_links(ctx, member)
        store_member(ctx, member)
    _record(ctx, "class-members.link", member, {"renewed": renews})
    return MemberLink(member_row(member, sees=sees_members(ctx, study_class)), link_of(ctx, member))


def record_fee(ctx: Context, seat: str, charge: str = "") -> ClassMemberRow:
    """Record that a member has paid the fee; each charge is recorded once.

    `charge`: the id of the charge, such as a receipt's number; without one, an id is made up.

    InvalidState for a class without a fee, for a member who has paid, and for a charge of another member.
    """
    study_class, member = taught_member(ctx, seat)
    if not study_class.fee:
        raise InvalidState("This class has no fee.", code="no_fee")
    charge = " ".join(charge.split())
    if len(charge) > MAX_CHARGE or not charge.isprintable():
        raise InvalidState(f"The id of a charge has {MAX_CHARGE} characters at most.", code="invalid_charge")
    if member.fee_paid and charge in ("", member.fee_paid):
        return member_row(member, sees=sees_members(ctx, study_class))
    charge = charge or f"{_BY_HAND}{secrets.token_hex(6)}"
    pay_fee(ctx, member, charge, study_class.fee, require_actor(ctx).id)
    _record(ctx, "class-members.pay", member, {"amount": study_class.fee})
    return member_row(member, sees=sees_members(ctx, study_class))


def pay_fee(ctx: Context, member: ClassMember, charge: str, amount: str, by: str) -> None:
    """Store a charge, and that it has paid the fee of a member."""
    if member.fee_paid:
        raise InvalidState(
            f"This member has paid already, with the charge {member.fee_paid}. Refund it first.",
            code="fee_paid",
        )
    key = keys.class_charge(charge)
    if ctx.uow.item(key) is not None:
        raise InvalidState(f"The charge {charge} is recorded already.", code="charge_recorded")
    fields = {"class_number": member.class_number, "seat": member.seat, "amount": amount, "by": by}
    ctx.uow.put_if_unchanged(key, "class_charge", {**fields, "charge": charge, "at": iso(ctx.now)})
    member.fee_paid = charge
    member.charges = [*member.charges, charge]
    store_member(ctx, member)


def refund_fee(ctx: Context, seat: str) -> ClassMemberRow:
    """Record that the fee of a member was paid back; the charge stays recorded. Idempotent.

    Petri moves no money here: pay it back the way it came.
    """
    study_class, member = taught_member(ctx, seat)
    if member.fee_paid:
        key = keys.class_charge(member.fee_paid)
        held = ctx.uow.item(key)
        if held is not None:
            kept = {name: held[name] for name in ("class_number", "seat", "charge", "amount", "at", "by")}
            ctx.uow.put_item(key, "class_charge", {**kept, "refunded": iso(ctx.now)}, expect=held["v"])
        _record(ctx, "class-members.refund", member, {})
        member.fee_paid = ""
        store_member(ctx, member)
    return member_row(member, sees=sees_members(ctx, study_class))


def end_links(ctx: Context, member: ClassMember) -> None:
    """End the entry links of a member, and the pages that are open with them."""
    member.link_serial += 1
    if member.participant_id is not None:
        participant = ctx.uow.participant(member.participant_id)
        participant.hit_id = ctx.recruiters.entry_hit("link", member.link_serial)
        participant.token_serial += 1


def link_of(ctx: Context, member: ClassMember) -> str:
    """Return the entry link of a member."""
    return ctx.recruiters.entry_address("link", member.seat, "exp", member.link_serial)


def require_members_change(study_class: StudyClass) -> None:
    """Refuse new members of an archived class."""
    if study_class.archived is not None:
        raise InvalidState("This class is archived. Restore it first.", code="class_archived")


def member_row(member: ClassMember, *, sees: bool) -> ClassMemberRow:
    """Return a member as the actor sees them."""
    return ClassMemberRow(
        member.seat,
        member.class_number,
        member.name if sees else None,
        member.email if sees else None,
        member.student_number if sees else None,
        status_of(member),
        member.participant_id,
        member.source,
        member.joined,
        member.left,
        member.fee_paid,
        member.link_sent,
        member.link_mail,
        member.last_day,
    )


def status_of(member: ClassMember) -> MemberStatus:
    """Return how far a member is."""
    if not member.is_active:
        return MemberStatus.LEFT
    if member.participant_id is not None:
        return MemberStatus.BEGUN
    return MemberStatus.INVITED if member.joined is None else MemberStatus.JOINED


def _searched(member: ClassMember) -> str:
    return folded(f"{member.name}\n{member.email}\n{member.student_number}")


def member_records(ctx: Context, member: ClassMember) -> list[tuple[str, str]]:
    """Return what the audit log calls a member: it can't be changed, so it holds no seat and no name.

    A hash stands for the seat, with which the log can be searched for as long as the seat is known.
    """
    known = ctx.tokens.keyed(f"audited-member|{member.seat}")[:12]
    number = str(member.class_number)
    return [("classes", number), ("class-members", f"{number}-{known}")]


def _record(ctx: Context, operation: str, member: ClassMember, fields: dict[str, Any]) -> None:
    record_change(ctx, operation, records=member_records(ctx, member), fields=fields)
