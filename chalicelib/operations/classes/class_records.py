"""Reads and writes the records of classes."""

from __future__ import annotations

import secrets
from typing import Final

from chalicelib.errors import InvalidState, NotFound
from chalicelib.model import keys
from chalicelib.model.participant import Participant
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.read_records import all_items
from chalicelib.serializable import copy_json
from chalicelib.study.classes import class_texts as texts
from chalicelib.study.classes.class_seats import class_of_seat, class_seat
from chalicelib.study.classes.study_class import ClassMember, MemberSource, StudyClass

from .member_identity import MemberIdentity, checked_identity

#: Letters and digits that can't be taken for one another.
CODE_LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
CODE_LENGTH: Final = 8
#: How often a join code is drawn again that is in use.
MAX_DRAWS: Final = 20
#: Bytes of the random part of a seat, which can't be guessed.
_MARK_BYTES: Final = 9


def read_class(ctx: Context, number: int) -> StudyClass:
    """Return a class; NotFound when there is none of this number."""
    item = ctx.uow.item(keys.study_class(number))
    if item is None:
        raise NotFound(f"There is no class {number}.", code="class_not_found")
    return StudyClass.from_item(copy_json(dict(item)))


def all_classes(ctx: Context) -> list[StudyClass]:
    """Return all classes of the run, the oldest first."""
    return [StudyClass.from_item(copy_json(item)) for item in all_items(ctx, keys.CLASSES)]


def create_class(ctx: Context, study_class: StudyClass) -> StudyClass:
    """Store a new class; it gets its number and a join code of its own."""
    held = ctx.uow.item(keys.STUDY_CLASS_COUNTER)
    study_class.number = (int(held["v"]) if held else 0) + 1
    ctx.uow.put_if_unchanged(keys.STUDY_CLASS_COUNTER, "counter", {"v": study_class.number})
    study_class.created = str(iso(ctx.now))
    give_code(ctx, study_class)
    store_class(ctx, study_class)
    return study_class


def store_class(ctx: Context, study_class: StudyClass) -> None:
    """Write a class, if it is stored as it was read."""
    ctx.uow.put_if_unchanged(keys.study_class(study_class.number), study_class.kind, study_class.to_fields())


def give_code(ctx: Context, study_class: StudyClass) -> None:
    """Draw a join code that no class has, and give it to this one; its earlier code joins no class."""
    code = _free_code(ctx)
    if study_class.join_code:
        ctx.uow.delete_item(keys.class_code(study_class.join_code))
    ctx.uow.put_if_unchanged(keys.class_code(code), "class_code", {"class_number": study_class.number})
    study_class.join_code = code


def _free_code(ctx: Context) -> str:
    """Draw a code from the system's source of randomness."""
    for _ in range(MAX_DRAWS):
        code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
        if ctx.uow.item(keys.class_code(code)) is None:
            return code
    raise InvalidState("No free join code was found. Try again.", code="no_free_code")


def class_of_code(ctx: Context, code: str) -> StudyClass | None:
    """Return the class that a join code belongs to, however it is spaced and cased; None for any other."""
    letters = "".join(one for one in code.upper() if not (one.isspace() or one == "-"))
    if len(letters) != CODE_LENGTH or not set(letters) <= set(CODE_LETTERS):
        return None
    stored = ctx.uow.item(keys.class_code(letters))
    return None if stored is None else read_class(ctx, int(stored["class_number"]))


def members_of(ctx: Context, number: int) -> list[ClassMember]:
    """Return the members of a class, in the order of their seats; those who have left too."""
    return [ClassMember.from_item(item) for item in all_items(ctx, keys.class_members(number))]


def read_member(ctx: Context, number: int, seat: str) -> ClassMember:
    """Return a member of a class; NotFound when the class has none with this seat."""
    item = ctx.uow.item(keys.class_member(number, seat))
    if item is None:
        raise NotFound(f"Class {number} has no member {seat}.", code="class_member_not_found")
    return ClassMember.from_item(copy_json(dict(item)))


def member_with(ctx: Context, number: int, identity: str) -> ClassMember | None:
    """Return the member of a class who has an email address or a student number; None without one.

    `identity`: one of `MemberIdentity.claims`.
    """
    claim = ctx.uow.item(keys.class_identity(number, identity))
    return None if claim is None else read_member(ctx, number, str(claim["seat"]))


def add_member(
    ctx: Context,
    number: int,
    *,
    name: str,
    email: str = "",
    student_number: str = "",
    source: MemberSource = MemberSource.CODE,
    has_joined: bool = True,
    mark: str = "",
) -> ClassMember:
    """Store a new member of a class, with a seat of their own.

    `has_joined`: False for a person on the roster, who joins by opening their link. `mark`: the random part
    of the seat, which can't be guessed; by default it is drawn.

    Raises BadRequest for a name, an address or a number that isn't valid; InvalidState for an address or a
    number that another member has.
    """
    identity = checked_identity(name, email, student_number)
    for claim in identity.claims:
        if ctx.uow.item(keys.class_identity(number, claim)) is not None:
            raise _taken()
    member = ClassMember(
        number,
        class_seat(number, mark or secrets.token_hex(_MARK_BYTES)),
        None,
        identity.name,
        identity.email,
        identity.student_number,
        str(iso(ctx.now)) if has_joined else None,
        source=source.value,
    )
    _claim(ctx, member, identity)
    store_member(ctx, member)
    return member


def _claim(ctx: Context, member: ClassMember, identity: MemberIdentity) -> None:
    for claim in identity.claims:
        key = keys.class_identity(member.class_number, claim)
        ctx.uow.put_if_unchanged(key, "class_identity", {"seat": member.seat})


def change_identity(ctx: Context, member: ClassMember, identity: MemberIdentity) -> None:
    """Give a member another name, address or number, and move their claims; the member isn't stored yet.

    InvalidState for an address or a number that another member has.
    """
    before = MemberIdentity(member.name, member.email, member.student_number)
    for claim in identity.claims:
        held = ctx.uow.item(keys.class_identity(member.class_number, claim))
        if held is not None and held["seat"] != member.seat:
            raise _taken()
    for claim in set(before.claims) - set(identity.claims):
        key = keys.class_identity(member.class_number, claim)
        held = ctx.uow.item(key)
        if held is not None and held["seat"] == member.seat:
            ctx.uow.delete_item(key, expect=held["v"])
    _claim(ctx, member, identity)
    member.name, member.email = identity.name, identity.email
    member.student_number = identity.student_number


def _taken() -> InvalidState:
    return InvalidState(texts.IDENTITY_TAKEN, code="member_exists")


def store_member(ctx: Context, member: ClassMember) -> None:
    """Write a member, if they are stored as they were read."""
    key = keys.class_member(member.class_number, member.seat)
    ctx.uow.put_if_unchanged(key, member.kind, member.to_fields())


def membership_of(ctx: Context, participant_id: int) -> ClassMember | None:
    """Return the member of a class that a participant is; None for a participant without a class."""
    reference = ctx.uow.item(keys.class_of_participant(participant_id))
    if reference is None:
        return None
    item = ctx.uow.item(keys.class_member(int(reference["class_number"]), str(reference["seat"])))
    return None if item is None else ClassMember.from_item(copy_json(dict(item)))


def class_of_participant(ctx: Context, participant_id: int) -> StudyClass | None:
    """Return the class of a participant; None for a participant without a class."""
    member = membership_of(ctx, participant_id)
    return None if member is None else read_class(ctx, member.class_number)


def begin_as_member(ctx: Context, participant: Participant) -> None:
    """Note that a participant has begun with the entry link of a member, in the commit that creates them."""
    number = class_of_seat(participant.worker_id)
    item = None if number is None else ctx.uow.item(keys.class_member(number, participant.worker_id))
    if item is None:
        return
    member = ClassMember.from_item(copy_json(dict(item)))
    if member.participant_id is None:
        member.participant_id = participant.id
        member.joined = member.joined or str(iso(ctx.now))
        store_member(ctx, member)
    reference = {"class_number": member.class_number, "seat": member.seat}
    ctx.uow.put_item(keys.class_of_participant(participant.id), "class_reference", reference)
