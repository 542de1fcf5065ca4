"""In a lab: its apps, and what its users may do in each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.access.rights import Actor, Right
from chalicelib.errors import BadRequest, Forbidden, InvalidState, NotFound
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.accounts.account_records import User, checked_name
from chalicelib.operations.accounts.actors import find_user, keep_user
from chalicelib.operations.accounts.own_roles import claim_role, rights_granted, rights_named
from chalicelib.operations.accounts.rights_limits import require_lasting
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.access import require_actor, require_right
from chalicelib.operations.shared.context import Context

from .lab_records import AssertionPurpose


@dataclass(frozen=True, slots=True)
class LabApp:
    """An app of a lab, as the lab knows it."""

    id: str
    #: The address of the app's dashboard: scheme and host.
    address: str
    #: The rights that the app lets the lab give, at most.
    rights: frozenset[Right]
    #: The lab's newest key that the app knows.
    key_id: str
    #: The region in which it is deployed; "" for a run on the machine of the operator.
    region: str
    #: The folder of a run on the operator's machine, in which commands find it.
    folder: str
    added: datetime

    def to_fields(self) -> dict[str, Any]:
        """Return the stored fields."""
        return {
            "app": self.id,
            "address": self.address,
            "rights": sorted(self.rights),
            "key": self.key_id,
            "region": self.region,
            "folder": self.folder,
            "added": iso(self.added),
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> LabApp:
        """Read a stored app."""
        return cls(
            item["app"],
            item["address"],
            frozenset(Right(right) for right in item["rights"]),
            item["key"],
            item["region"],
            item["folder"],
            datetime.fromisoformat(item["added"]),
        )


@dataclass(frozen=True, slots=True)
class AppGrant:
    """What a user of a lab may do in one of its apps."""

    app: str
    username: str
    #: Names of roles and rights.
    what: tuple[str, ...]
    since: datetime
    by: str
    #: The user as apps know them: one who is added later under the same name has no grant.
    subject: str

    def to_fields(self) -> dict[str, Any]:
        """Return the stored fields."""
        return {
            "subject": self.subject,
            "app": self.app,
            "username": self.username,
            "what": list(self.what),
            "since": iso(self.since),
            "by": self.by,
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> AppGrant:
        """Read a stored grant."""
        since = datetime.fromisoformat(item["since"])
        return cls(item["app"], item["username"], tuple(item["what"]), since, item["by"], item["subject"])


@dataclass(frozen=True, slots=True)
class OpenedApp:
    """An app that a person of the lab is about to open, and as whom."""

    app: LabApp
    subject: str
    username: str
    name: str
    rights: frozenset[Right]
    purpose: AssertionPurpose = AssertionPurpose.SIGN_IN


def put_app(ctx: Context, app: LabApp) -> LabApp:
    """Add an app to the lab, or change what the lab knows of it; it is in the audit log."""
    require_right(ctx, Right.MANAGE_LAB)
    checked_name(app.id, "id of an app")
    if app.id == ctx.app_id:
        raise InvalidState("A lab can't be added to itself. Add another app.", code="own_app")
    record_change(ctx, "labs.put_app", records=[("apps", app.id)], fields=app.to_fields())
    ctx.uow.put_if_unchanged(keys.lab_app(app.id), "lab_app", app.to_fields())
    return app


def remove_app(ctx: Context, app_id: str) -> None:
    """Remove an app from the lab with what was granted in it; NotFound for an unknown one."""
    require_right(ctx, Right.MANAGE_LAB)
    find_app(ctx, app_id)
    record_change(ctx, "labs.remove_app", records=[("apps", app_id)])
    for item in ctx.uow.items(keys.lab_grants(app_id)):
        ctx.uow.delete_item(keys.lab_grant(app_id, item["username"]))
    ctx.uow.delete_item(keys.lab_report(app_id))
    ctx.uow.delete_item(keys.lab_cost(app_id))
    ctx.uow.delete_item(keys.lab_app(app_id))


def find_app(ctx: Context, app_id: str) -> LabApp:
    """Return an app of the lab; NotFound for an unknown one."""
    item = ctx.uow.item(keys.lab_app(app_id)) if app_id else None
    if item is None:
        raise NotFound(f"The lab has no app {app_id[:40]!r}.", code="app_not_found")
    return LabApp.from_item(item)


def list_apps(ctx: Context) -> list[LabApp]:
    """Return the apps that the actor may see, by id: all for who manages the lab, else those granted."""
    actor = require_right(ctx, Right.VIEW)
    apps = [LabApp.from_item(item) for item in ctx.uow.items(keys.LAB_APPS)]
    if actor.may(Right.MANAGE_LAB):
        return apps
    return [app for app in apps if _rights_in(ctx, actor, app)]


def grant_in_app(ctx: Context, app_id: str, username: str, what: Collection[str]) -> AppGrant:
    """Grant roles or rights in an app to a user of the lab, in place of those granted before.

    NotFound for an unknown app, user, role or right; BadRequest for a right that the app doesn't let the lab
    give; Forbidden for one that the actor hasn't in the lab themselves, or not for ever.
    """
    actor = require_right(ctx, Right.MANAGE_LAB)
    app = find_app(ctx, app_id)
    user = find_user(ctx, username)
    if user is None:
        raise NotFound(f"There is no user {username[:40]!r}.", code="user_not_found")
    if user.is_bot:
        raise InvalidState(f"{username} is a program, which can't sign in to apps.", code="user_is_bot")
    rights = frozenset[Right]().union(*(rights_named(ctx, each) for each in what))
    more = sorted(rights - app.rights)
    if more or not rights:
        missing = f"it doesn't let the lab give {', '.join(more)}" if more else "nothing was named"
        raise BadRequest(f"This can't be granted in {app_id}: {missing}.", code="invalid_rights")
    _require_own(ctx, actor, rights)
    # The commit fails if the app, the user or a role is changed meanwhile: a removed app keeps no grant.
    ctx.uow.put_if_unchanged(keys.lab_app(app_id), "lab_app", app.to_fields())
    keep_user(ctx, username)
    for each in what:
        claim_role(ctx, each)
    grant = AppGrant(app_id, username, tuple(what), ctx.now, actor.id, subject_of(user))
    record_change(ctx, "labs.grant", records=[("users", username)], fields=grant.to_fields())
    ctx.uow.put_if_unchanged(keys.lab_grant(app_id, username), "lab_grant", grant.to_fields())
    return grant


def revoke_in_app(ctx: Context, app_id: str, username: str) -> None:
    """Revoke what was granted in an app to a user; NotFound if nothing was."""
    require_right(ctx, Right.MANAGE_LAB)
    if ctx.uow.item(keys.lab_grant(app_id, username)) is None:
        raise NotFound(f"{username[:40]!r} has no grant in {app_id[:40]!r}.", code="grant_not_found")
    record_change(
        ctx, "labs.revoke", records=[("users", username)], fields={"app": app_id, "username": username}
    )
    ctx.uow.delete_item(keys.lab_grant(app_id, username))


def grants_in_app(ctx: Context, app_id: str) -> Sequence[AppGrant]:
    """Return what is granted in an app, by username."""
    require_right(ctx, Right.MANAGE_LAB)
    return [AppGrant.from_item(item) for item in ctx.uow.items(keys.lab_grants(app_id))]


def open_app(ctx: Context, app_id: str) -> OpenedApp:
    """Return as whom, and with which rights, the actor opens an app; it is in the audit log.

    NotFound for an app that they may not see, Forbidden without a right in it.
    """
    actor = require_actor(ctx)
    if actor.is_token:
        raise Forbidden("A token can't sign in to apps; a person does.", code="token_not_allowed")
    if all(app.id != app_id for app in list_apps(ctx)):
        raise NotFound(f"The lab has no app {app_id[:40]!r}.", code="app_not_found")
    app = find_app(ctx, app_id)
    rights = _rights_in(ctx, actor, app)
    if not rights:
        raise Forbidden(
            f"Nothing is granted to you in {app_id}. Ask a person who manages the lab: petri lab grant",
            code="right_missing",
        )
    record_change(ctx, "labs.open_app", records=[("apps", app_id)], fields={"rights": sorted(rights)})
    user = None if actor.username is None else find_user(ctx, actor.username)
    if user is None:
        return OpenedApp(app, "operator", f"{ctx.app_id}-operator", f"Operator of {ctx.app_id}", rights)
    return OpenedApp(app, subject_of(user), user.username, user.name, rights)


def subject_of(user: User) -> str:
    """Return as what apps know a user for ever: one who is added later under the same name is another one."""
    return subject_of_user(user.username, user.created)


def subject_of_user(username: str, created: datetime) -> str:
    """Return as what apps know a user of this name who was added at a moment."""
    return f"{username}/{int(created.timestamp())}"


def rights_in_app(ctx: Context, app_id: str) -> frozenset[Right]:
    """Return the rights that the actor has in an app."""
    return _rights_in(ctx, require_actor(ctx), find_app(ctx, app_id))


def _require_own(ctx: Context, actor: Actor, rights: frozenset[Right]) -> None:
    """Refuse what goes beyond the actor's own rights in the lab."""
    more = sorted(right for right in rights if not actor.may(right))
    if more:
        raise Forbidden(
            f"You can grant what you may do yourself. In this lab you lack {', '.join(more)}.",
            code="right_missing",
        )
    require_lasting(ctx, actor, rights)


def _rights_in(ctx: Context, actor: Actor, app: LabApp) -> frozenset[Right]:
    """Return the rights in an app: those granted; a System admin of the lab has all that it may give."""
    if actor.may(Right.SYSTEM_ADMIN):
        return app.rights
    user = None if actor.username is None else find_user(ctx, actor.username)
    item = None if user is None else ctx.uow.item(keys.lab_grant(app.id, user.username))
    has_expired = user is not None and user.expires is not None and user.expires <= ctx.now
    if item is None or user is None or has_expired or item["subject"] != subject_of(user):
        return frozenset()
    given = frozenset[Right]().union(*(rights_granted(ctx, each) for each in item["what"]))
    return given & app.rights
