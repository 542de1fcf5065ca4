"""Finds, makes and links the users whose accounts at OpenID Connect providers sign in.

A user is bound to an issuer and a subject, never to an e-mail address, which others may get later. Rules in
the settings make users and give them roles at each sign-in; other roles of a user stay as they are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from chalicelib.access.rights import Actor
from chalicelib.errors import BadRequest, Forbidden, InvalidState, NotFound
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.accounts.account_records import User, UserGrant, checked_text
from chalicelib.operations.accounts.actors import (
    find_actor,
    find_user,
    keep_user,
    raise_versions_of_user,
)
from chalicelib.operations.accounts.credentials.sign_in_indexes import OPENID, forget_sign_in
from chalicelib.operations.accounts.passwords import CREDENTIAL, end_after_change, own_user
from chalicelib.operations.accounts.similar_names import refuse_disguise
from chalicelib.operations.accounts.users import claim_username
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.context import Context, caller_of

from .passkey_records import require_other_way
from .used_sign_ins import use_once

_OUTSIDE_NAMES: Final = re.compile(r"[^a-z0-9._-]+")
_LONGEST_NAME: Final = 28
_MOST_TRIES: Final = 50


@dataclass(frozen=True, slots=True)
class OpenIdAccount:
    """An account at a provider, as a person has just proved it to be theirs."""

    provider: str
    issuer: str
    subject: str
    #: What the provider says about the person; "" for what it doesn't say.
    name: str
    email: str
    #: The name that a new user gets, if it is free.
    wanted_username: str
    #: The roles that the rules in the settings give.
    roles: frozenset[str]
    #: Until when the roles are given; None: until a sign-in without them.
    until: datetime | None = None

    @property
    def digest(self) -> str:
        """The hash under which it is stored whose account this is."""
        return account_digest(self.issuer, self.subject)

    @property
    def shown(self) -> str:
        """By what its owner recognizes the account."""
        return (self.email or self.name or self.subject)[:200]


def account_digest(issuer: str, subject: str) -> str:
    """Return the hash under which it is stored whose account at an issuer this is."""
    return hashlib.sha256(f"{issuer}\n{subject}".encode()).hexdigest()


def maker_of(provider: str) -> str:
    """Return who grants the roles that a provider's rules, or a lab, give."""
    return f"rules:{provider}"


class UnknownAccount(Forbidden):
    """No user of this run signs in with this account."""

    code = "account_unknown"


class BlockedAccount(Forbidden):
    """The user of this account was removed from this run."""

    code = "account_blocked"


def user_of_account(ctx: Context, account: OpenIdAccount, attempt: str, ends: datetime) -> str:
    """Return the user who signs in with an account, and give the user the roles of the rules.

    The attempt is used up. A user is made where the rules give a role. UnknownAccount where they don't,
    BlockedAccount for the account of a removed user, whom no rule makes again.

    Args:
        ctx: The context.
        account: The account.
        attempt: What identifies the attempt to sign in.
        ends: When the attempt ends.

    Returns:
        The username.

    """
    use_once(ctx, attempt, ends)
    index = ctx.uow.item(keys.openid_account(account.digest))
    if index is not None and not index["username"]:
        raise BlockedAccount
    user = None if index is None else find_user(ctx, index["username"])
    if user is None and not account.roles:
        raise UnknownAccount
    if user is None:
        return _make_user(ctx, account)
    _renew_roles(ctx, user, account)
    return user.username


def link_account(ctx: Context, username: str, account: OpenIdAccount, attempt: str, ends: datetime) -> None:
    """Link an account to the calling user, who can sign in with it from then on; the attempt is used up.

    InvalidState for an account that another user signs in with.
    """
    use_once(ctx, attempt, ends)
    own_user(ctx, username)
    index = ctx.uow.item(keys.openid_account(account.digest))
    if index is not None and index["username"] not in ("", username):
        raise InvalidState("Another user of this run signs in with this account.", code="account_taken")
    fields = {"provider": account.provider, "account": account.shown}
    record_change(ctx, "credentials.link_account", records=[("users", username)], fields=fields)
    store_link(ctx, username, account)


def unlink_account(ctx: Context, username: str, digest: str, *, kept_session: str = "") -> None:
    """Let an account sign in no more; the user's other sessions end. NotFound for an unknown account.

    InvalidState for the last way in which the user can sign in by themselves.
    """
    user = own_user(ctx, username, for_removal=True)
    item = ctx.uow.item(keys.credential(username, f"{OPENID}{digest}"))
    if item is None:
        raise NotFound("This account isn't linked.", code="credential_not_found")
    require_other_way(ctx, username, item["sk"])
    fields = {"provider": item["provider"], "account": item["shown"]}
    record_change(ctx, "credentials.unlink_account", records=[("users", username)], fields=fields)
    ctx.uow.delete_item((item["pk"], item["sk"]), expect=item["v"])
    forget_sign_in(ctx, item)
    end_after_change(ctx, user, kept_session)


def linked_accounts(ctx: Context, username: str) -> list[Mapping[str, Any]]:
    """Return the accounts with which a user signs in: provider, shown, linked, and the digest as id."""
    return [
        {**item, "id": item["name"].removeprefix(OPENID)}
        for item in ctx.uow.items(keys.credentials(username), OPENID)
    ]


def _make_user(ctx: Context, account: OpenIdAccount) -> str:
    username = _claimed_username(ctx, account.wanted_username)
    user = User(username, shown_name(account, username), _text(account.email), ctx.now, _maker(account))
    ctx.caller = caller_of(Actor(user.actor_id, user.name, frozenset()))
    fields = {**user.to_fields(), "roles": sorted(account.roles), "account": account.shown}
    record_change(ctx, "users.add", records=[("users", username)], fields=fields)
    ctx.uow.put_item(keys.user(username), "user", user.to_fields())
    for role in account.roles:
        _grant(ctx, username, role, account)
    store_link(ctx, username, account)
    return username


def _renew_roles(ctx: Context, user: User, account: OpenIdAccount) -> None:
    """Give the roles of the rules, and take those that the rules gave and give no more."""
    held = {item["sk"]: item for item in ctx.uow.items(keys.grants(user.username))}
    maker = _maker(account)
    gone = {what for what, item in held.items() if item["by"] == maker and what not in account.roles}
    lasting = {what for what, item in held.items() if item["by"] != maker or account.until is None}
    new = account.roles - lasting
    actor = find_actor(ctx, user.actor_id)
    if actor is None or not (gone or new):
        return
    ctx.caller = caller_of(actor)
    fields = {"granted": sorted(new), "revoked": sorted(gone)}
    record_change(ctx, "users.apply_rules", records=[("users", user.username)], fields=fields)
    keep_user(ctx, user.username)
    for what in gone:
        # Under its version: what an admin grants by hand at this moment stays.
        ctx.uow.delete_item(keys.grant(user.username, what), expect=held[what]["v"])
    for what in new:
        _grant(ctx, user.username, what, account)
    raise_versions_of_user(ctx, user.username)


def _grant(ctx: Context, username: str, role: str, account: OpenIdAccount) -> None:
    grant = UserGrant(username, role, ctx.now, _maker(account), account.until)
    ctx.uow.put_if_unchanged(keys.grant(username, role), "grant", grant.to_fields())


def store_link(ctx: Context, username: str, account: OpenIdAccount) -> None:
    """Store in this commit that an account signs a user in."""
    name = f"{OPENID}{account.digest}"
    fields = {
        "username": username,
        "name": name,
        "provider": account.provider,
        "shown": account.shown,
        "linked": iso(ctx.now),
    }
    ctx.uow.put_if_unchanged(keys.credential(username, name), CREDENTIAL, fields)
    ctx.uow.put_if_unchanged(keys.openid_account(account.digest), "openid_account", {"username": username})


def _claimed_username(ctx: Context, wanted: str) -> str:
    """Reserve a username that is free: as wanted, or with a number behind it."""
    plain = _OUTSIDE_NAMES.sub("-", wanted.casefold()).strip("._-")[:_LONGEST_NAME].rstrip("._-") or "user"
    for number in range(1, _MOST_TRIES):
        try:
            return claim_username(ctx, plain if number == 1 else f"{plain}-{number}")
        except (BadRequest, InvalidState):
            continue
    raise InvalidState(f"The names {plain!r} to '{plain}-{_MOST_TRIES}' are taken.", code="name_taken")


def shown_name(account: OpenIdAccount, username: str) -> str:
    """Return the name of a new user: what the provider says, unless it misleads."""
    try:
        return refuse_disguise(checked_text(account.name, "The name")) or username
    except (BadRequest, InvalidState):
        return username


def _text(text: str) -> str:
    try:
        return checked_text(text, "The email")
    except BadRequest:
        return ""


def _maker(account: OpenIdAccount) -> str:
    """Return who grants the roles of the rules."""
    return maker_of(account.provider)
