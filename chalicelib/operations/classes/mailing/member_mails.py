"""Mails entry links to members of classes, and records for each when it was sent, or that it was refused.

An instructor asks for mails; a message sends each of them after the commit, so that a mail server that is
slow or refuses one address stops no other mail.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from chalicelib.errors import InvalidState, TooManyTries
from chalicelib.immutable import immutable
from chalicelib.messages import MailMemberLink
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.classes.class_access import require_sight, taught_class, taught_member
from chalicelib.operations.classes.class_records import members_of, store_member
from chalicelib.operations.classes.manage_members import (
    ClassMemberRow,
    link_of,
    member_records,
    member_row,
    require_members_change,
)
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.operator_notices import sends_mail
from chalicelib.operations.shared.study_check import as_study
from chalicelib.serializable import copy_json
from chalicelib.study.classes import class_texts as texts
from chalicelib.study.classes.study_class import ClassMember, StudyClass
from chalicelib.study.translation import translate

#: How many mails a commit asks for: each writes the member and a message.
MAILS_PER_COMMIT: Final = 25
#: How many mails a second are sent to a class at most, so that no mail server takes them for spam.
_PER_SECOND: Final = 1
#: How soon the link of a member can be mailed again.
MAIL_PAUSE: Final = timedelta(minutes=10)
#: How the last mail to a member ended.
WAITING: Final = "waiting"
SENT: Final = "sent"
REFUSED: Final = "refused"


@dataclass(frozen=True, slots=True)
class LinkMailing:
    """Some members of a class, and what becomes of the mails with their links."""

    mailed: int = field(metadata={"help": "To how many members the link is mailed now."})
    without_address: int = field(metadata={"help": "How many members have no email address."})
    already: int = field(metadata={"help": "How many have begun, or were mailed their link before."})
    next: str | None = field(metadata={"help": "`after` of the next call; null when it was the last."})


@immutable()
class MemberMail:
    """A mail with an entry link that is about to be sent."""

    participant_id: int
    address: str
    subject: str
    text: str


def mail_links(ctx: Context, number: int, *, after: str | None = None) -> LinkMailing:
    """Mail their links to the members who haven't begun and haven't been mailed theirs; some in each commit.

    A mail that the mail server refused is sent again. `after`: the seat behind which the members are.

    Raises Forbidden for an actor who doesn't see who the members are; InvalidState for an archived class, and
    where no mail is set up.
    """
    study_class = taught_class(ctx, number)
    require_sight(ctx, study_class)
    _require_mail(ctx, study_class)
    every = [one for one in members_of(ctx, number) if one.is_active]
    members = [one for one in every if after is None or one.seat > after]
    ahead = sum(one.link_mail == WAITING for one in every)
    mailed = without_address = already = 0
    for index, member in enumerate(members):
        if mailed == MAILS_PER_COMMIT:
            following: str | None = members[index - 1].seat
            break
        if not member.email:
            without_address += 1
        elif member.participant_id is not None or not _is_mailable(ctx, member):
            already += 1
        else:
            _post(ctx, member, ctx.now + timedelta(seconds=(ahead + mailed) / _PER_SECOND))
            mailed += 1
    else:
        following = None
    record_change(ctx, "classes.mail-links", records=[("classes", str(number))], fields={"mailed": mailed})
    return LinkMailing(mailed, without_address, already, following)


def mail_link(ctx: Context, seat: str) -> ClassMemberRow:
    """Mail their link to one member, whether they have begun or not.

    Raises InvalidState for a member without an address; TooManyTries within ten minutes of the last mail.
    """
    study_class, member = taught_member(ctx, seat)
    require_sight(ctx, study_class)
    _require_mail(ctx, study_class)
    if not member.is_active:
        raise InvalidState("This person has left the class. Add them again first.", code="member_left")
    if not member.email:
        raise InvalidState("This member has no email address. Enter it first.", code="no_address")
    if _asked_lately(ctx, member):
        raise TooManyTries(
            "This member was mailed their link in the last ten minutes. Try again later.",
            code="mailed_recently",
        )
    _post(ctx, member, ctx.now)
    record_change(ctx, "class-members.mail-link", records=member_records(ctx, member))
    return member_row(member, sees=True)


def member_mail_of(ctx: Context, number: int, seat: str) -> MemberMail | None:
    """Return the mail with the link of a member; None when it isn't wanted any more, or was sent before."""
    member, stored = _stored(ctx, number, seat), ctx.uow.item(keys.study_class(number))
    if member is None or stored is None or not member.is_active or not member.email:
        return None
    study_class = StudyClass.from_item(copy_json(dict(stored)))
    if member.link_mail != WAITING or study_class.archived is not None:
        return None
    study = as_study(ctx.experiment)
    language = "en" if study is None else study.language
    subject = translate(texts.YOUR_LINK, language).format(name=study_class.name)
    text = f"{translate(texts.KEEP_LINK, language)}\n\n{link_of(ctx, member)}"
    return MemberMail(member.participant_id or 0, member.email, subject, text)


def record_link_mail(ctx: Context, number: int, seat: str, status: str) -> None:
    """Store how the mail with the link of a member ended."""
    member = _stored(ctx, number, seat)
    if member is not None and member.link_mail == WAITING:
        member.link_mail = status
        if status == SENT:
            member.link_sent = iso(ctx.now)
        store_member(ctx, member)


def _stored(ctx: Context, number: int, seat: str) -> ClassMember | None:
    item = ctx.uow.item(keys.class_member(number, seat))
    return None if item is None else ClassMember.from_item(copy_json(dict(item)))


def _require_mail(ctx: Context, study_class: StudyClass) -> None:
    """Refuse mails where none is sent: in debug mode and without an account, they would go to the log."""
    require_members_change(study_class)
    if not sends_mail(ctx):
        raise InvalidState(
            "This run sends no mail: set it up first, as the page about email says, or hand out the links.",
            code="mail_not_set_up",
        )


def _is_mailable(ctx: Context, member: ClassMember) -> bool:
    """Whether a mail to all is for a member: none was sent, or the last one was refused or got lost."""
    return member.link_mail != SENT and member.link_sent is None and not _asked_lately(ctx, member)


def _asked_lately(ctx: Context, member: ClassMember) -> bool:
    asked = None if member.link_asked is None else datetime.fromisoformat(member.link_asked)
    return asked is not None and ctx.now < asked + MAIL_PAUSE


def _post(ctx: Context, member: ClassMember, due: datetime) -> None:
    member.link_mail, member.link_asked = WAITING, iso(ctx.now)
    store_member(ctx, member)
    ctx.uow.post(MailMemberLink(member.class_number, member.seat), due=due)
