"""Invites people within the rights of the actor, and withdraws invitations; all is in the audit log."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from chalicelib.access.rights import Right
from chalicelib.access.rules import Mode
from chalicelib.errors import BadRequest, InvalidState, NotFound
from chalicelib.model import keys
from chalicelib.operations.accounts.account_records import checked_text
from chalicelib.operations.accounts.groups.known_group import known_group, require_several
from chalicelib.operations.accounts.invitation_records import (
    KEPT,
    LIFETIME,
    Invitation,
    InvitationStatus,
    digest_of_secret,
    find_invitation,
    new_secret,
    stored_invitations,
)
from chalicelib.operations.accounts.own_roles import claim_role, rights_named
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.row_access import accessible, require_mode, require_touched

#: The part before the @ has neither spaces nor control characters, nor those that are invisible.
EMAIL_PATTERN: Final = (
    r"^[^@\s<>()\[\],;:\\\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]{1,64}"
    r"@[A-Za-z0-9.-]{1,120}$"
)
_EMAIL: Final = re.compile(EMAIL_PATTERN.strip("^$"))


def invite(
    ctx: Context, email: str, *, what: Sequence[str] = (), groups: Sequence[str] = ()
) -> tuple[Invitation, str]:
    """Return a new invitation, and the secret of its link, which is known to no one else.

    The roles and rights, and those of the groups, are within the actor's own. BadRequest for an invalid
    address, InvalidState for an invitation that would give nothing.
    """
    actor = require_mode(ctx, "invitation", Mode.CREATE)
    if _EMAIL.fullmatch(checked_text(email, "The email")) is None:
        raise BadRequest(f"{email[:60]!r} is not a valid email address.", code="invalid_email")
    rights: set[Right] = set()
    for name in what:
        rights |= rights_named(ctx, name)
        claim_role(ctx, name)
    for nickname in groups:
        known = known_group(ctx, nickname, "group_member", Mode.CREATE, "")
        require_several(known)
        rights |= known.rights
    if not rights:
        raise InvalidState(
            "This invitation gives no rights. Choose a role, or a group that has one.", code="rights_missing"
        )
    id_, secret = new_secret()
    invitation = Invitation(
        id_,
        digest_of_secret(secret),
        email,
        tuple(dict.fromkeys(what)),
        tuple(dict.fromkeys(groups)),
        ctx.now,
        actor.id,
        actor.name,
        ctx.now + LIFETIME,
    )
    row = {"id": id_, "rights": sorted(rights), "invited_by": actor.id}
    require_touched(ctx, "invitation", Mode.CREATE, [row])
    fields = {"email": email, "what": list(what), "groups": list(groups)}
    record_change(ctx, "invitations.add", records=[("invitations", id_)], fields=fields)
    ctx.uow.put_item(keys.invitation(id_), "invitation", invitation.to_fields())
    _delete_old(ctx)
    return invitation, secret


def list_invitations(ctx: Context) -> list[Invitation]:
    """Return the invitations that the actor may see, newest first; those of the last month among them."""
    require_mode(ctx, "invitation", Mode.READ)
    rows = accessible(ctx, "invitation", [each.to_fields() for each in stored_invitations(ctx)])
    return [Invitation.from_item(row) for row in rows]


def withdraw_invitation(ctx: Context, id_: str) -> Invitation:
    """Withdraw an open invitation; InvalidState for one that was accepted, withdrawn or has expired."""
    actor = require_mode(ctx, "invitation", Mode.DELETE)
    found = find_invitation(ctx, id_)
    if found is None:
        raise NotFound(f"There is no invitation {id_[:40]!r}.", code="invitation_not_found")
    require_touched(ctx, "invitation", Mode.DELETE, [found.to_fields()])
    if found.status_at(ctx.now) is not InvitationStatus.OPEN:
        raise InvalidState(f"This invitation is {found.status_at(ctx.now)}.", code="invitation_over")
    record_change(ctx, "invitations.withdraw", records=[("invitations", id_)])
    withdrawn = replace(found, status=InvitationStatus.WITHDRAWN, ended_by=actor.id)
    ctx.uow.put_if_unchanged(keys.invitation(id_), "invitation", withdrawn.to_fields())
    return withdrawn


def _delete_old(ctx: Context) -> None:
    for each in stored_invitations(ctx):
        if each.expires + KEPT <= ctx.now:
            ctx.uow.delete_item(keys.invitation(each.id))
