"""Erases what a class holds about a member: name, address, student number, claims and charges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.errors import InvalidState
from chalicelib.immutable import immutable
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.access import require_right
from chalicelib.operations.shared.context import Context
from chalicelib.serializable import copy_json
from chalicelib.study.classes.study_class import ClassMember

from .class_access import taught_member
from .class_records import store_member
from .erased_grades import items_of_seat
from .manage_members import ClassMemberRow, end_links, member_records, member_row
from .member_identity import MemberIdentity

#: The name of a member whose data were erased.
ERASED_NAME: Final = "[erased]"
#: The most points and exceptions of a member that one commit erases; DynamoDB takes 100 items in one.
MAX_GRADED: Final = 80

Item = Mapping[str, Any]


@immutable()
class MemberErasure:
    """An item to write, at another key where one is given, or to delete where there are no fields."""

    item: Item
    fields: dict[str, Any] | None
    key: keys.Key | None = None


def erasures_of(ctx: Context, participant_id: int, pseudonym: str) -> Iterator[MemberErasure]:
    """Yield what is to be erased about the member that a participant is; the reference to the class last.

    The record of the member stays without what identifies them, under the pseudonym of the worker id.
    """
    reference = ctx.uow.item(keys.class_of_participant(participant_id))
    if reference is None or reference["seat"] == pseudonym:
        return
    number, seat = int(reference["class_number"]), str(reference["seat"])
    stored = ctx.uow.item(keys.class_member(number, seat))
    if stored is not None:
        member = ClassMember.from_item(copy_json(dict(stored)))
        for item in _identifying_items(ctx, member):
            yield MemberErasure(item, None)
        _blank(ctx, member)
        member.seat = pseudonym
        yield MemberErasure(stored, member.to_fields(), keys.class_member(number, pseudonym))
    yield MemberErasure(reference, {"class_number": number, "seat": pseudonym})


def erase_member(ctx: Context, seat: str) -> ClassMemberRow:
    """Erase the data of a member who hasn't begun, and remove them from their class; idempotent.

    InvalidState for a member who has begun: erase the participant, whose answers are erased with them.
    """
    require_right(ctx, Right.EDIT_PARTICIPANTS)
    require_right(ctx, Right.VIEW_PERSONAL_DATA)
    _, member = taught_member(ctx, seat)
    if member.participant_id is not None:
        raise InvalidState(
            f"This member takes part as participant {member.participant_id}. Erase the participant: the "
            "member's data are erased with theirs.",
            code="member_begun",
        )
    graded = list(items_of_seat(ctx, member.class_number, member.seat))
    if len(graded) > MAX_GRADED:
        raise InvalidState(
            f"This member has {len(graded)} grades and exceptions; {MAX_GRADED} can be erased at once. "
            "Remove some in the gradebook, then erase the rest.",
            code="too_many_grades",
        )
    for item in (*_identifying_items(ctx, member), *graded):
        ctx.uow.delete_item((str(item["pk"]), str(item["sk"])), expect=item["v"])
    if member.is_active:
        end_links(ctx, member)
    _blank(ctx, member)
    store_member(ctx, member)
    record_change(ctx, "class-members.erase", records=member_records(ctx, member))
    return member_row(member, sees=True)


def _identifying_items(ctx: Context, member: ClassMember) -> list[Item]:
    """Return the claims of a member's address and number, and the charges that have paid their fee."""
    identity = MemberIdentity(member.name, member.email, member.student_number)
    wanted = [keys.class_identity(member.class_number, one) for one in identity.claims]
    wanted += [keys.class_charge(one) for one in member.charges]
    if member.lti_identity:
        wanted.append(keys.class_identity(member.class_number, member.lti_identity))
    found = (ctx.uow.item(key) for key in wanted)
    return [one for one in found if one is not None and one.get("seat") == member.seat]


def _blank(ctx: Context, member: ClassMember) -> None:
    member.name, member.email, member.student_number = ERASED_NAME, "", ""
    member.fee_paid, member.charges, member.link_sent = "", [], None
    member.link_asked, member.link_mail = None, ""
    member.lti_identity = member.lti_platform = member.lti_subject = member.line_item = ""
    member.score_status = member.score_reason = member.score_sent = ""
    member.score_at = None
    member.left = member.left or iso(ctx.now)
