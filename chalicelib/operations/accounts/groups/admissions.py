"""Requests of users to become members of a group: asked, withdrawn, accepted or refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from chalicelib.access.rules import Mode
from chalicelib.errors import InvalidState, NotFound
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.accounts.account_records import checked_text
from chalicelib.operations.accounts.actors import require_unexpired
from chalicelib.operations.accounts.group_records import Membership
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.access import require_actor
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.row_access import is_accessible_by

from .known_group import KnownGroup, known_group, require_several
from .memberships import admit


class AdmissionStatus(StrEnum):
    """What has become of a request; an accepted one is deleted, since the user is a member then."""

    OPEN = "open"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Admission:
    """A request of a user to become a member of a group."""

    nickname: str
    username: str
    #: What the user wrote.
    text: str
    asked: datetime
    status: AdmissionStatus = AdmissionStatus.OPEN
    decided_by: str = ""

    def to_fields(self) -> dict[str, Any]:
        """Return the stored fields."""
        return {
            "nickname": self.nickname,
            "username": self.username,
            "text": self.text,
            "asked": iso(self.asked),
            "status": self.status.value,
            "decided_by": self.decided_by,
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Admission:
        """Read a stored request."""
        return cls(
            item["nickname"],
            item["username"],
            item["text"],
            datetime.fromisoformat(item["asked"]),
            AdmissionStatus(item["status"]),
            item["decided_by"],
        )


def ask_for_admission(ctx: Context, nickname: str, text: str = "") -> Admission:
    """Ask to become a member of a group; InvalidState for a member, and while a request is open."""
    actor = require_unexpired(ctx)
    if actor.username is None:
        raise InvalidState("The operator is no user, and is in no group.", code="not_a_user")
    known = known_group(ctx, nickname, "admission", Mode.CREATE, actor.username)
    require_several(known)
    if any(member.username == actor.username for member in known.members):
        raise InvalidState(f"You are a member of {nickname} already.", code="member_already")
    stored = _stored(ctx, nickname, actor.username)
    if stored is not None and stored.status is AdmissionStatus.OPEN:
        raise InvalidState(f"You have asked to join {nickname} already.", code="asked_already")
    admission = Admission(nickname, actor.username, checked_text(text, "The text"), ctx.now)
    record_change(ctx, "groups.ask", records=[("groups", nickname)], fields={"text": text})
    ctx.uow.put_if_unchanged(keys.admission(nickname, actor.username), "admission", admission.to_fields())
    return admission


def withdraw_request(ctx: Context, nickname: str) -> None:
    """Withdraw one's own request; NotFound without one."""
    actor = require_unexpired(ctx)
    username = actor.username or ""
    known_group(ctx, nickname, "admission", Mode.DELETE, username)
    _open_request(ctx, nickname, username)
    record_change(ctx, "groups.withdraw_request", records=[("groups", nickname)])
    _delete(ctx, nickname, username)


def accept_request(ctx: Context, nickname: str, username: str) -> Membership:
    """Make a user who has asked a member; the group's rights are within the actor's own."""
    actor, known = require_unexpired(ctx), known_group(ctx, nickname, "admission", Mode.UPDATE, username)
    _open_request(ctx, nickname, username)
    record_change(ctx, "groups.accept", records=[("groups", nickname)], fields={"username": username})
    membership = admit(ctx, actor, known, username)
    _delete(ctx, nickname, username)
    return membership


def refuse_request(ctx: Context, nickname: str, username: str) -> Admission:
    """Refuse the request of a user, who sees so, and can ask again."""
    actor, _ = require_unexpired(ctx), known_group(ctx, nickname, "admission", Mode.UPDATE, username)
    asked = _open_request(ctx, nickname, username)
    record_change(ctx, "groups.refuse", records=[("groups", nickname)], fields={"username": username})
    refused = Admission(nickname, username, asked.text, asked.asked, AdmissionStatus.REFUSED, actor.id)
    ctx.uow.put_if_unchanged(keys.admission(nickname, username), "admission", refused.to_fields())
    return refused


def requests_of(ctx: Context, known: KnownGroup) -> list[Admission]:
    """Return the requests for a group that the actor may see: all, or only one's own."""
    actor = require_actor(ctx)
    found = map(Admission.from_item, ctx.uow.items(keys.admissions(known.group.nickname)))
    return [each for each in found if is_accessible_by(ctx, "admission", known.row(each.username), actor)]


def _stored(ctx: Context, nickname: str, username: str) -> Admission | None:
    item = ctx.uow.item(keys.admission(nickname, username))
    return None if item is None else Admission.from_item(item)


def _open_request(ctx: Context, nickname: str, username: str) -> Admission:
    stored = _stored(ctx, nickname, username)
    if stored is None or stored.status is not AdmissionStatus.OPEN:
        raise NotFound(
            f"There is no open request of {username[:40]!r} to join {nickname}.", code="request_not_found"
        )
    return stored


def _delete(ctx: Context, nickname: str, username: str) -> None:
    key = keys.admission(nickname, username)
    item = ctx.uow.item(key)
    # Under its version: a request isn't accepted and withdrawn at once.
    ctx.uow.delete_item(key, expect=None if item is None else item["v"])
