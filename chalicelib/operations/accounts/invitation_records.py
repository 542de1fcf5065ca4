"""Defines invitations, and finds the one that a link belongs to."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context

LIFETIME: Final = timedelta(days=3)
#: How long invitations that were used, withdrawn or have expired stay listed.
KEPT: Final = timedelta(days=30)
_ID_BYTES: Final = 8
_ID_CHARACTERS: Final = 2 * _ID_BYTES
_SECRET_BYTES: Final = 32
_MOST_CHARACTERS: Final = 100


class InvitationStatus(StrEnum):
    """What has become of an invitation."""

    OPEN = "open"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a person gets who accepts: roles and rights, and memberships."""

    id: str
    #: Only the hash of the link's secret is stored.
    digest: str
    email: str
    #: The names of roles and rights.
    what: tuple[str, ...]
    #: The nicknames of groups.
    groups: tuple[str, ...]
    created: datetime
    #: The id of the actor who invites.
    invited_by: str
    #: The name of that actor, which the person sees who is invited.
    inviter: str
    expires: datetime
    status: InvitationStatus = InvitationStatus.OPEN
    #: The user who accepted it, or the actor who withdrew it.
    ended_by: str = ""

    def status_at(self, now: datetime) -> InvitationStatus:
        """Return its status; an open one expires by itself."""
        is_over = self.status is InvitationStatus.OPEN and self.expires <= now
        return InvitationStatus.EXPIRED if is_over else self.status

    def to_fields(self) -> dict[str, Any]:
        """Return the stored fields."""
        return {
            "id": self.id,
            "digest": self.digest,
            "email": self.email,
            "what": list(self.what),
            "groups": list(self.groups),
            "created": iso(self.created),
            "invited_by": self.invited_by,
            "inviter": self.inviter,
            "expires_at": iso(self.expires),
            "status": self.status.value,
            "ended_by": self.ended_by,
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Invitation:
        """Read a stored invitation."""
        return cls(
            item["id"],
            item["digest"],
            item["email"],
            tuple(item["what"]),
            tuple(item["groups"]),
            datetime.fromisoformat(item["created"]),
            item["invited_by"],
            item["inviter"],
            datetime.fromisoformat(item["expires_at"]),
            InvitationStatus(item["status"]),
            item["ended_by"],
        )


def new_secret() -> tuple[str, str]:
    """Return the id of a new invitation, and the secret of its link, which begins with the id."""
    id_ = secrets.token_hex(_ID_BYTES)
    return id_, id_ + secrets.token_urlsafe(_SECRET_BYTES)


def digest_of_secret(secret: str) -> str:
    """Return the hash under which a secret is stored; secrets are random, so that it needs no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


def invitation_of(ctx: Context, secret: str) -> Invitation | None:
    """Return the invitation of a link, whatever has become of it; None for a secret that no link has."""
    if not _ID_CHARACTERS < len(secret) <= _MOST_CHARACTERS:
        return None
    found = find_invitation(ctx, secret[:_ID_CHARACTERS])
    if found is None or not hmac.compare_digest(found.digest, digest_of_secret(secret)):
        return None
    return found


def find_invitation(ctx: Context, id_: str) -> Invitation | None:
    """Return an invitation by its id; None for an unknown one."""
    item = ctx.uow.item(keys.invitation(id_)) if id_ else None
    return None if item is None else Invitation.from_item(item)


def stored_invitations(ctx: Context) -> list[Invitation]:
    """Return all invitations, newest first."""
    found = map(Invitation.from_item, ctx.uow.items(keys.INVITATIONS))
    return sorted(found, key=lambda each: each.created, reverse=True)


def open_invitations_to(ctx: Context, what: str) -> int:
    """Return how many open invitations give a role or a right."""
    return sum(
        what in each.what and each.status_at(ctx.now) is InvitationStatus.OPEN
        for each in stored_invitations(ctx)
    )
