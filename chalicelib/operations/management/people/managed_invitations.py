"""Invitations as rows of the API and of the page People."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.operations.accounts.invitation_records import Invitation
from chalicelib.operations.accounts.invitations import invitations
from chalicelib.operations.listings.listing import Listing
from chalicelib.operations.shared.context import Context

from .link_mails import MadeLink, invitation_mail

#: Below this address of the dashboard, followed by its secret, an invitation is accepted.
ADDRESS = "/dashboard/invitation/"


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation, without the secret of its link."""

    id: str
    email: str | None = field(metadata={"personal": True})
    #: The roles and rights that it gives.
    what: list[str]
    groups: list[str]
    created: datetime
    invited_by: str
    expires: datetime
    #: `open`, `accepted`, `withdrawn` or `expired`.
    status: str
    #: The user who accepted it, or the actor who withdrew it.
    ended_by: str


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """An invitation that was made; its link is shown once."""

    id: str
    expires: datetime
    #: The address on the dashboard's host at which it is accepted.
    link: str = field(repr=False)
    #: Whether the link was mailed to the person.
    was_mailed: bool = False
    #: Why it wasn't, although the run sends mail.
    mail_problem: str = ""


@dataclass(frozen=True, slots=True)
class ChangedInvitation:
    """The invitation that a change was about."""

    id: str


def rows_of_invitations(ctx: Context) -> Listing[InvitationRow]:
    """Return the invitations that the actor may see, newest first."""
    rows = [_row(ctx, each) for each in invitations.list_invitations(ctx)]
    return Listing(rows, None, len(rows), is_partial=False)


def invite(ctx: Context, email: str, what: Sequence[str], groups: Sequence[str]) -> MadeLink[NewInvitation]:
    """Invite a person within the actor's rights; the mail is to be sent after the commit."""
    made, secret = invitations.invite(ctx, email, what=what, groups=groups)
    link = f"{ADDRESS}{secret}"
    return MadeLink(NewInvitation(made.id, made.expires, link), invitation_mail(ctx, email, link))


def withdraw(ctx: Context, id_: str) -> ChangedInvitation:
    """Withdraw an open invitation."""
    return ChangedInvitation(invitations.withdraw_invitation(ctx, id_).id)


def _row(ctx: Context, each: Invitation) -> InvitationRow:
    return InvitationRow(
        id=each.id,
        email=each.email,
        what=list(each.what),
        groups=list(each.groups),
        created=each.created,
        invited_by=each.invited_by,
        expires=each.expires,
        status=each.status_at(ctx.now).value,
        ended_by=each.ended_by,
    )
