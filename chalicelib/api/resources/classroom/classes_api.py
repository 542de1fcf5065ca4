"""/api/v1/classes: create classes of a study, change and archive them, and list and add their members."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import ID_TEXT, KEY_CURSOR, LIMIT, NoParameters, One, known_page
from chalicelib.errors import NotFound
from chalicelib.operations.classes import manage_classes as managed
from chalicelib.operations.classes.class_settings import MAX_CLASS_NAME, MAX_INSTRUCTORS, ClassSettings
from chalicelib.operations.classes.import_roster import (
    LinkRow,
    RosterImport,
    import_roster,
    links_of_members,
    preview_roster,
)
from chalicelib.operations.classes.mailing.member_mails import LinkMailing, mail_links
from chalicelib.operations.classes.manage_classes import ClassRow, ClassWithCounts
from chalicelib.operations.classes.manage_members import (
    ClassMemberRow,
    MemberLink,
    add_member_by_hand,
    list_members,
)
from chalicelib.operations.listings.listing import Listing
from chalicelib.operations.shared.access import read_canonical_id
from chalicelib.operations.shared.context import Context

RESOURCE: Final = "classes"
#: How many characters a list of people has at most.
MAX_ROSTER: Final = 1_000_000
_DAY: Final = {"max": 20, "help": 'A date in the class\'s time zone, such as 2026-11-30; "" for none.'}
_ZONE: Final = {"max": 60, "help": "The name of an IANA time zone, such as Europe/Berlin."}
_FEE: Final = {"max": 20, "help": 'What each member pays, such as 12.50; "" for nothing.'}
_INSTRUCTORS: Final = {"max_items": MAX_INSTRUCTORS, "help": "The usernames of the instructors."}
_ASKS_EMAIL: Final = {"help": "Whether people who join enter their email address."}
_ASKS_NUMBER: Final = {"help": "Whether people who join enter their student number."}
_OPEN: Final = {"help": "Whether people can join with the code."}
#: Who the new member is.
MEMBER_NAME: Final = {"max": 200, "help": "The name, as `Ada Lovelace` or `Lovelace, Ada`."}
MEMBER_EMAIL: Final = {"max": 300, "help": "Unique in the class."}
MEMBER_NUMBER: Final = {"max": 100, "help": "The student number; unique in the class."}


@dataclass(frozen=True, slots=True)
class NewClass:
    """A class to create."""

    name: str = field(metadata={"min": 1, "max": MAX_CLASS_NAME})
    instructors: tuple[str, ...] = field(default=(), metadata=_INSTRUCTORS)
    starts: str = field(default="", metadata=_DAY)
    ends: str = field(default="", metadata=_DAY)
    time_zone: str = field(default="UTC", metadata=_ZONE)
    fee: str = field(default="", metadata=_FEE)
    asks_email: bool = field(default=True, metadata=_ASKS_EMAIL)
    asks_student_number: bool = field(default=False, metadata=_ASKS_NUMBER)


@dataclass(frozen=True, slots=True)
class ClassChanges:
    """A class, and what to change about it."""

    id: str = field(metadata=ID_TEXT)
    name: str | None = field(default=None, metadata={"min": 1, "max": MAX_CLASS_NAME})
    instructors: tuple[str, ...] | None = field(default=None, metadata=_INSTRUCTORS)
    starts: str | None = field(default=None, metadata=_DAY)
    ends: str | None = field(default=None, metadata=_DAY)
    time_zone: str | None = field(default=None, metadata=_ZONE)
    fee: str | None = field(default=None, metadata=_FEE)
    asks_email: bool | None = field(default=None, metadata=_ASKS_EMAIL)
    asks_student_number: bool | None = field(default=None, metadata=_ASKS_NUMBER)
    is_open: bool | None = field(default=None, metadata=_OPEN)


@dataclass(frozen=True, slots=True)
class Archiving:
    """A class, and whether it is archived."""

    id: str = field(metadata=ID_TEXT)
    archived: bool = True


@dataclass(frozen=True, slots=True)
class MemberQuery:
    """Which members of a class to list."""

    id: str = field(metadata=ID_TEXT)
    text: str = field(
        default="", metadata={"max": 200, "help": "A part of a name, an address or a student number."}
    )
    with_left: bool = field(default=False, metadata={"help": "Whether those who have left are listed too."})
    after: str | None = field(default=None, metadata=KEY_CURSOR)
    limit: int = field(default=50, metadata=LIMIT)


@dataclass(frozen=True, slots=True)
class MailedMembers:
    """A class, and behind which member to go on."""

    id: str = field(metadata=ID_TEXT)
    after: str | None = field(default=None, metadata=KEY_CURSOR)


@dataclass(frozen=True, slots=True)
class NewClassMember:
    """A class, and a person to add to it."""

    id: str = field(metadata=ID_TEXT)
    name: str = field(metadata=MEMBER_NAME)
    email: str = field(default="", metadata=MEMBER_EMAIL)
    student_number: str = field(default="", metadata=MEMBER_NUMBER)


@dataclass(frozen=True, slots=True)
class RosterText:
    """A class, and a list of people."""

    id: str = field(metadata=ID_TEXT)
    text: str = field(
        metadata={"min": 1, "max": MAX_ROSTER, "help": "CSV whose first row names the columns."}
    )
    first: int = field(default=0, metadata={"min": 0, "max": 10_000, "help": "`next` of the call before."})
    preview: bool = field(default=False, metadata={"help": "Whether to say what would be done, only."})


@dataclass(frozen=True, slots=True)
class ClassLinks:
    """The entry links of a class."""

    members: list[LinkRow]


def _import(ctx: Context, asked: RosterText) -> RosterImport:
    number = class_number(asked.id)
    if asked.preview:
        return preview_roster(ctx, number, asked.text)
    return import_roster(ctx, number, asked.text, asked.first)


def class_number(text: str) -> int:
    """Return the number of a class; NotFound for a text that isn't one."""
    number = read_canonical_id(text, "class")
    if number is None:
        raise NotFound(f"There is no class {text!r}.", code="class_not_found")
    return number


def _create(ctx: Context, new: NewClass) -> ClassRow:
    settings = ClassSettings(
        name=new.name,
        instructors=new.instructors,
        starts=new.starts,
        ends=new.ends,
        time_zone=new.time_zone,
        fee=new.fee,
        asks_email=new.asks_email,
        asks_student_number=new.asks_student_number,
    )
    return managed.open_class(ctx, settings)


def _change(ctx: Context, asked: ClassChanges) -> ClassRow:
    settings = ClassSettings(
        name=asked.name,
        instructors=asked.instructors,
        starts=asked.starts,
        ends=asked.ends,
        time_zone=asked.time_zone,
        fee=asked.fee,
        asks_email=asked.asks_email,
        asks_student_number=asked.asks_student_number,
        is_open=asked.is_open,
    )
    return managed.change_class(ctx, class_number(asked.id), settings)


def _list_members(ctx: Context, asked: MemberQuery) -> Listing[ClassMemberRow]:
    with known_page():
        page = list_members(
            ctx,
            class_number(asked.id),
            text=asked.text,
            with_left=asked.with_left,
            after=asked.after,
            limit=asked.limit,
        )
    return Listing(page.rows, page.next, page.looked_at, is_partial=False)


OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="classes.list",
        method="GET",
        resource=RESOURCE,
        shape=Shape.LIST,
        right=Right.GRADE,
        parameters=NoParameters,
        answer=Listing[ClassRow],
        run=lambda ctx, _: _all(managed.list_classes(ctx)),
        summary="Lists the classes that you teach, newest first; all classes for those who manage the lab.",
    ),
    ApiOperation(
        name="classes.create",
        method="POST",
        records_itself=True,
        resource=RESOURCE,
        shape=Shape.LIST,
        right=Right.GRADE,
        parameters=NewClass,
        answer=ClassRow,
        run=_create,
        summary="Creates a class of the study, which people join with its code; you are its instructor.",
    ),
    ApiOperation(
        name="classes.read",
        method="GET",
        resource=RESOURCE,
        shape=Shape.ITEM,
        right=Right.GRADE,
        parameters=One,
        answer=ClassWithCounts,
        run=lambda ctx, one: managed.read_class_with_counts(ctx, class_number(one.id)),
        summary="Returns a class with the numbers of its members.",
    ),
    ApiOperation(
        name="classes.change",
        method="PATCH",
        records_itself=True,
        resource=RESOURCE,
        shape=Shape.ITEM,
        right=Right.GRADE,
        parameters=ClassChanges,
        answer=ClassRow,
        run=_change,
        summary="Changes what is set about a class.",
    ),
    ApiOperation(
        name="classes.archive",
        method="POST",
        records_itself=True,
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="archive",
        right=Right.GRADE,
        parameters=Archiving,
        answer=ClassRow,
        run=lambda ctx, one: managed.archive_class(ctx, class_number(one.id), is_archived=one.archived),
        summary="Archives a class, which no one can join then, or restores it.",
    ),
    ApiOperation(
        name="classes.renew-code",
        method="POST",
        records_itself=True,
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="renew-code",
        right=Right.GRADE,
        parameters=One,
        answer=ClassRow,
        run=lambda ctx, one: managed.renew_join_code(ctx, class_number(one.id)),
        summary="Gives a class another join code; the earlier one doesn't work any more.",
    ),
    ApiOperation(
        name="classes.members",
        method="GET",
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="members",
        right=Right.GRADE,
        parameters=MemberQuery,
        answer=Listing[ClassMemberRow],
        run=_list_members,
        summary="Lists the members of a class by name.",
    ),
    ApiOperation(
        name="classes.add-member",
        method="POST",
        records_itself=True,
        has_secret_answer=True,
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="members",
        right=Right.GRADE,
        parameters=NewClassMember,
        answer=MemberLink,
        run=lambda ctx, new: add_member_by_hand(
            ctx, class_number(new.id), new.name, new.email, new.student_number
        ),
        summary="Adds a person to a class, and returns their entry link; takes back one who has left.",
    ),
    ApiOperation(
        name="classes.import-roster",
        method="POST",
        records_itself=True,
        has_secret_answer=True,
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="import-roster",
        right=Right.GRADE,
        parameters=RosterText,
        answer=RosterImport,
        run=_import,
        summary="Adds people from a list, 25 rows in a call; those who are members stay as they are.",
    ),
    ApiOperation(
        name="classes.mail-links",
        method="POST",
        records_itself=True,
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="mail-links",
        right=Right.GRADE,
        parameters=MailedMembers,
        answer=LinkMailing,
        run=lambda ctx, asked: mail_links(ctx, class_number(asked.id), after=asked.after),
        summary="Mails their entry links to members who haven't begun or been mailed; 25 mails in a call.",
    ),
    ApiOperation(
        name="classes.links",
        method="POST",
        records_itself=True,
        has_secret_answer=True,
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="links",
        right=Right.GRADE,
        parameters=One,
        answer=ClassLinks,
        run=lambda ctx, one: ClassLinks(links_of_members(ctx, class_number(one.id))),
        summary="Returns the members of a class with their entry links.",
    ),
)


def _all(rows: list[ClassRow]) -> Listing[ClassRow]:
    return Listing(rows, None, len(rows), is_partial=False)
