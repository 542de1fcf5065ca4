"""Accepts an invitation: makes the user, once, with what the actor who invited them still has."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Final

from chalicelib.access.rights import Actor, Right
from chalicelib.errors import InvalidState, NotFound
from chalicelib.model import keys
from chalicelib.operations.accounts.account_records import User, UserGrant, checked_text
from chalicelib.operations.accounts.actors import actor_named
from chalicelib.operations.accounts.grants import write_grant
from chalicelib.operations.accounts.groups.known_group import KnownGroup, find_group
from chalicelib.operations.accounts.groups.memberships import admit
from chalicelib.operations.accounts.invitation_records import Invitation, InvitationStatus, invitation_of
from chalicelib.operations.accounts.own_roles import rights_granted
from chalicelib.operations.accounts.passwords import set_password
from chalicelib.operations.accounts.similar_names import refuse_disguise
from chalicelib.operations.accounts.users import claim_username, is_free_username
from chalicelib.operations.audit.record_change import raise_rights_version, read_head, record_change
from chalicelib.operations.shared.context import Context, caller_of

#: How much of an email address a proposed user name has.
_MOST_OF_EMAIL: Final = 30
_OVER: Final = {
    InvitationStatus.ACCEPTED: "This invitation has been used. Sign in with the user name that you chose.",
    InvitationStatus.WITHDRAWN: "This invitation was withdrawn. Ask the person who sent it for a new one.",
    InvitationStatus.EXPIRED: (
        "This invitation has expired: it was valid for three days. Ask the person who sent it for a new one."
    ),
}


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What a person chooses who accepts an invitation."""

    username: str
    first_name: str
    last_name: str
    password: str = field(repr=False)

    @property
    def name(self) -> str:
        """The name that other people see; without one, the user name."""
        return " ".join(each for each in (self.first_name, self.last_name) if each) or self.username


@dataclass(frozen=True, slots=True)
class Offer:
    """What an invitation gives at this moment."""

    invitation: Invitation
    inviter: Actor
    what: tuple[str, ...]
    groups: tuple[KnownGroup, ...]


def read_offer(ctx: Context, secret: str) -> Offer:
    """Return what the invitation of a link gives now; looking doesn't use it up.

    NotFound for a secret that no link has; InvalidState, which says why, for an invitation that is over, or
    whose actor has lost the rights to invite.
    """
    invitation = invitation_of(ctx, secret)
    if invitation is None:
        raise NotFound(
            "This is not a valid invitation. Check that you have opened the whole link.",
            code="invitation_not_found",
        )
    status = invitation.status_at(ctx.now)
    if status in _OVER:
        raise InvalidState(_OVER[status], code="invitation_over")
    inviter = actor_named(ctx, invitation.invited_by)
    if inviter is None or not inviter.may(Right.MANAGE_LAB):
        raise _void()
    what = tuple(each for name in invitation.what for each in _still_given(ctx, inviter, name))
    groups = tuple(
        known
        for known in (find_group(ctx, nickname) for nickname in invitation.groups)
        # A group that was made later under the same nickname is another one.
        if known is not None and known.group.created <= invitation.created and _has(inviter, known.rights)
    )
    if not what and not any(known.rights for known in groups):
        raise _void()
    return Offer(invitation, inviter, tuple(dict.fromkeys(what)), groups)


def accept_invitation(ctx: Context, secret: str, chosen: NewAccount) -> User:
    """Make the user whom a person has chosen to be, and use up the invitation in the same commit.

    Of two who accept at once, one becomes a user, and the other is refused. The change is the new user's in
    the audit log.
    """
    offer = read_offer(ctx, secret)
    username = claim_username(ctx, chosen.username)
    names = (chosen.first_name, chosen.last_name)
    first_name, last_name = (refuse_disguise(checked_text(each, "A name")) for each in names)
    user = User(
        username,
        refuse_disguise(checked_text(chosen.name, "The name")),
        offer.invitation.email,
        ctx.now,
        offer.invitation.invited_by,
        first_name=first_name,
        last_name=last_name,
    )
    make_invited_user(ctx, offer, user)
    set_password(ctx, username, chosen.password, of_new=user)
    return user


def make_invited_user(ctx: Context, offer: Offer, user: User, *, account: str = "") -> None:
    """Store a user with what their invitation gives, and use the invitation up; the user acts from then on.

    `account`: by what the user recognizes the account at a provider with which they accept.
    """
    invitation, username = offer.invitation, user.username
    accepted = replace(invitation, status=InvitationStatus.ACCEPTED, ended_by=username)
    ctx.uow.put_if_unchanged(keys.invitation(invitation.id), "invitation", accepted.to_fields())
    ctx.uow.put_item(keys.user(username), "user", user.to_fields())
    raise_rights_version(ctx, user.actor_id)
    for name in offer.what:
        write_grant(ctx, offer.inviter, UserGrant(username, name, ctx.now, invitation.invited_by))
    for known in offer.groups:
        admit(ctx, offer.inviter, known, username)
    version = read_head(ctx, user.actor_id).rights_version
    ctx.caller = caller_of(Actor(user.actor_id, user.name, frozenset(), version))
    records = [("invitations", invitation.id), ("users", username)]
    fields = {"groups": list(invitation.groups), **({"account": account} if account else {})}
    record_change(ctx, "invitations.accept", records=records, fields=fields)


def proposed_username(ctx: Context, email: str) -> str:
    """Return a user name from an email address that is not taken yet."""
    kept = [
        each for each in email.partition("@")[0].lower() if each in "abcdefghijklmnopqrstuvwxyz0123456789._-"
    ]
    base = "".join(kept).lstrip("._-")[:_MOST_OF_EMAIL] or "user"
    for name in (base, *(f"{base}{number}" for number in range(2, 10))):
        if is_free_username(ctx, name):
            return name
    return ""


def _still_given(ctx: Context, inviter: Actor, name: str) -> list[str]:
    """Return a role that its inviter still has, or those of its rights that they have."""
    rights = rights_granted(ctx, name)
    if not rights:
        return []
    return (
        [name]
        if _has(inviter, rights)
        else [each.value for each in Right if each in rights and inviter.may(each)]
    )


def _has(actor: Actor, rights: Collection[Right]) -> bool:
    return all(actor.may(right) for right in rights)


def _void() -> InvalidState:
    return InvalidState(
        "The person who invited you may no longer give you these rights. Ask a person who manages this run "
        "for a new invitation.",
        code="invitation_void",
    )
