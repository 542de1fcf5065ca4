"""/api/v1/class-members: correct and remove members of a class, their entry links, and their fees."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Method, Shape
from chalicelib.api.common_parameters import ID_TEXT, One
from chalicelib.operations.classes import manage_members as managed
from chalicelib.operations.classes.erased_members import erase_member
from chalicelib.operations.classes.mailing.member_mails import mail_link
from chalicelib.operations.classes.manage_members import MAX_CHARGE, ClassMemberRow, MemberLink

from .classes_api import MEMBER_EMAIL, MEMBER_NAME, MEMBER_NUMBER

RESOURCE: Final = "class-members"


@dataclass(frozen=True, slots=True)
class MemberChanges:
    """A member, and what to correct."""

    id: str = field(metadata=ID_TEXT)
    name: str | None = field(default=None, metadata=MEMBER_NAME)
    email: str | None = field(default=None, metadata=MEMBER_EMAIL)
    student_number: str | None = field(default=None, metadata=MEMBER_NUMBER)
    last_day: str | None = field(
        default=None,
        metadata={
            "max": 10,
            "help": "Until the end of which day they can go on after the class is over, such as 2026-12-31.",
        },
    )


@dataclass(frozen=True, slots=True)
class LinkOfMember:
    """A member, and whether they get another link."""

    id: str = field(metadata=ID_TEXT)
    renews: bool = field(
        default=False, metadata={"help": "Whether they get another link, after which the earlier one ends."}
    )


@dataclass(frozen=True, slots=True)
class FeeOfMember:
    """A member who has paid."""

    id: str = field(metadata=ID_TEXT)
    charge: str = field(
        default="",
        metadata={"max": MAX_CHARGE, "help": "The id of the charge; each is recorded once."},
    )


def _verb(
    verb: str,
    parameters: Any,
    answer: Any,
    run: Any,
    summary: str,
    *,
    right: Right = Right.GRADE,
    has_secret_answer: bool = False,
) -> AnyOperation:
    method: Method = "POST"
    return ApiOperation(
        name=f"{RESOURCE}.{verb}",
        method=method,
        records_itself=True,
        resource=RESOURCE,
        shape=Shape.VERB,
        verb=verb,
        right=right,
        parameters=parameters,
        answer=answer,
        run=run,
        summary=summary,
        has_secret_answer=has_secret_answer,
    )


OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="class-members.change",
        method="PATCH",
        records_itself=True,
        resource=RESOURCE,
        shape=Shape.ITEM,
        right=Right.GRADE,
        parameters=MemberChanges,
        answer=ClassMemberRow,
        run=lambda ctx, asked: managed.change_member(
            ctx,
            asked.id,
            name=asked.name,
            email=asked.email,
            student_number=asked.student_number,
            last_day=asked.last_day,
        ),
        summary="Corrects who a member is, or lets them go on for longer than the class.",
    ),
    _verb(
        "remove",
        One,
        ClassMemberRow,
        lambda ctx, one: managed.remove_member(ctx, one.id),
        "Removes a member from their class: their link ends, and what they have answered stays.",
    ),
    _verb(
        "link",
        LinkOfMember,
        MemberLink,
        lambda ctx, asked: managed.show_link(ctx, asked.id, renews=asked.renews),
        "Returns the entry link of a member, or gives them another one.",
        has_secret_answer=True,
    ),
    _verb(
        "mail-link",
        One,
        ClassMemberRow,
        lambda ctx, one: mail_link(ctx, one.id),
        "Mails their entry link to a member, once in ten minutes at most.",
    ),
    _verb(
        "pay",
        FeeOfMember,
        ClassMemberRow,
        lambda ctx, asked: managed.record_fee(ctx, asked.id, asked.charge),
        "Records that a member has paid the fee; moves no money.",
    ),
    _verb(
        "refund",
        One,
        ClassMemberRow,
        lambda ctx, one: managed.refund_fee(ctx, one.id),
        "Records that the fee of a member was paid back; moves no money.",
    ),
    _verb(
        "erase",
        One,
        ClassMemberRow,
        lambda ctx, one: erase_member(ctx, one.id),
        "Erases the data of a member who hasn't begun, and removes them from their class.",
        right=Right.EDIT_PARTICIPANTS,
    ),
)
