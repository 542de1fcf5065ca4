"""Users, their grants and tokens, and open sessions, as rows of the API and of the page People."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from chalicelib.access.rights import Right
from chalicelib.errors import NotFound
from chalicelib.operations.accounts import tokens_of_users, users
from chalicelib.operations.accounts.account_records import ApiToken, UserGrant, user_actor_id
from chalicelib.operations.accounts.actors import find_user, rights_of_user
from chalicelib.operations.accounts.credentials import one_time_codes
from chalicelib.operations.accounts.credentials.password_links import make_password_ticket
from chalicelib.operations.accounts.group_records import memberships_of
from chalicelib.operations.accounts.open_sessions import OpenSession, end_sessions_of, list_sessions
from chalicelib.operations.accounts.passwords import has_password
from chalicelib.operations.accounts.profiles.preferences import Preferences, Theme
from chalicelib.operations.accounts.profiles.user_profiles import ProfileChanges, change_profile, own_profile
from chalicelib.operations.listings.listing import Listing
from chalicelib.operations.shared.context import Context

from .link_mails import MadeLink, password_mail


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A role or a right that a user was granted."""

    what: str
    since: datetime
    by: str
    until: datetime | None
    #: Whether it hasn't ended.
    is_active: bool


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token of a user: its first characters, and never the rest."""

    name: str
    prefix: str
    rights: list[str]
    created: datetime
    expires: datetime | None
    is_expired: bool


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user with what they were granted, their tokens, and how many sessions they have open."""

    id: str
    name: str
    email: str | None = field(metadata={"personal": True})
    created: datetime
    created_by: str
    #: From then on the user may only view.
    expires: datetime | None
    is_expired: bool
    #: The rights that they have now.
    rights: list[str]
    grants: list[GrantRow]
    tokens: list[TokenRow]
    sessions: int
    first_name: str
    last_name: str
    phone: str | None = field(metadata={"personal": True})
    affiliations: list[str]
    #: Whether it is a program, which acts with tokens only.
    is_bot: bool
    #: When the profile was changed last.
    modified: datetime | None
    #: The nicknames of the user's groups.
    groups: list[str]
    #: Whether they sign in with a password, and with a one-time code after it.
    has_password: bool = False
    has_codes: bool = False


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """One's own profile, with all personal fields."""

    id: str
    name: str
    first_name: str
    last_name: str
    email: str
    phone: str
    affiliations: list[str]
    theme: Theme
    #: 0: as many as each page has by default.
    rows_per_page: int
    #: "": that of the browser.
    time_zone: str
    rights: list[str]
    groups: list[str]
    created: datetime
    expires: datetime | None
    modified: datetime | None


@dataclass(frozen=True, slots=True)
class ChangedUser:
    """The user whom a change was about."""

    id: str


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was made; its text is shown once."""

    user: str
    name: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewPasswordLink:
    """A link with which a user chooses a password, once, within a day; it is shown once."""

    user: str
    #: The address of the page, without the host of the dashboard.
    path: str = field(repr=False)
    #: Whether the link was mailed to the user.
    was_mailed: bool = False
    #: Why it wasn't, although the run sends mail.
    mail_problem: str = ""


@dataclass(frozen=True, slots=True)
class EndedSessions:
    """How many sessions of an actor were ended."""

    actor: str
    count: int


def rows_of_users(ctx: Context) -> Listing[UserRow]:
    """Return the users whom the actor may see, by username."""
    sessions = Counter(session.actor for session in list_sessions(ctx))
    rows = [_row(ctx, account, sessions) for account in users.list_users(ctx)]
    return Listing(rows, None, len(rows), is_partial=False)


def user_row(ctx: Context, username: str) -> UserRow:
    """Return one user; NotFound when there is none, or the actor may not see them."""
    account = users.read_user(ctx, username)
    return _row(ctx, account, Counter(session.actor for session in list_sessions(ctx)))


def create_user(
    ctx: Context, username: str, name: str, *, email: str, role: str, days: int | None
) -> ChangedUser:
    """Add a user with a role or a right within the actor's own."""
    users.add_user(ctx, username, name or username, email=email, role=role, expires=_after(ctx, days))
    return ChangedUser(username)


def change_user(
    ctx: Context, username: str, changes: ProfileChanges, *, days: int | None, never_expires: bool
) -> ChangedUser:
    """Change the profile of a user; `days`: until they may only view."""
    if days is not None:
        changes = replace(changes, expires=_after(ctx, days))
    return ChangedUser(change_profile(ctx, username, changes, never_expires=never_expires).username)


def profile_row(ctx: Context) -> ProfileRow:
    """Return the profile of the user who acts."""
    user = own_profile(ctx)
    held = rights_of_user(ctx, user)
    preferred = Preferences.of(user.preferences)
    return ProfileRow(
        id=user.username,
        name=user.name,
        first_name=user.first_name,
        last_name=user.last_name,
        email=user.email,
        phone=user.phone,
        affiliations=list(user.affiliations),
        theme=preferred.theme,
        rows_per_page=preferred.rows_per_page,
        time_zone=preferred.time_zone,
        rights=[right.value for right in Right if right in held],
        groups=[each.nickname for each in memberships_of(ctx, user.username)],
        created=user.created,
        expires=user.expires,
        modified=user.modified,
    )


def delete_user(ctx: Context, username: str) -> ChangedUser:
    """Remove a user with their grants, tokens and sessions."""
    users.remove_user(ctx, username)
    return ChangedUser(username)


def grant(ctx: Context, username: str, what: str, days: int | None) -> ChangedUser:
    """Grant a role or a right to a user; an earlier grant of it is replaced."""
    users.grant_to_user(ctx, username, what, until=_after(ctx, days))
    return ChangedUser(username)


def revoke(ctx: Context, username: str, what: str) -> ChangedUser:
    """Revoke a role or a right of a user."""
    users.revoke_from_user(ctx, username, what)
    return ChangedUser(username)


def new_token(
    ctx: Context, username: str, name: str, rights: Collection[Right], days: int | None
) -> NewToken:
    """Make a token with some of the user's rights; none named: with all of them."""
    text = tokens_of_users.make_token(ctx, username, name, rights=rights or None, expires=_after(ctx, days))
    return NewToken(username, name, text)


def delete_token(ctx: Context, username: str, name: str) -> ChangedUser:
    """Revoke a token of a user."""
    tokens_of_users.revoke_token(ctx, username, name)
    return ChangedUser(username)


def new_password_link(ctx: Context, username: str) -> MadeLink[NewPasswordLink]:
    """Make a link with which a user chooses a password; the mail is to be sent after the commit."""
    path = password_path(make_password_ticket(ctx, username))
    user = find_user(ctx, username)
    mail = password_mail(ctx, user.email if user is not None else "", path)
    return MadeLink(NewPasswordLink(username, path), mail)


def password_path(ticket: str) -> str:
    """Return the address of the page on which a user chooses a password, without the dashboard's host."""
    return f"/dashboard/sign-in/new-password?{urlencode({'ticket': ticket})}"


def turn_off_codes(ctx: Context, username: str) -> ChangedUser:
    """Ask a user, who has lost their phone, for no one-time codes any more."""
    one_time_codes.turn_off_codes(ctx, username)
    return ChangedUser(username)


def rows_of_sessions(ctx: Context) -> Listing[OpenSession]:
    """Return the open sessions that the actor may see, newest first."""
    rows = list_sessions(ctx)
    return Listing(rows, None, len(rows), is_partial=False)


def end_sessions(ctx: Context, actor_id: str) -> EndedSessions:
    """End all sessions of an actor; NotFound when there is none that the caller may see."""
    if all(session.actor != actor_id for session in list_sessions(ctx)):
        raise NotFound(f"{actor_id[:60]!r} has no open sessions.", code="session_not_found")
    return EndedSessions(actor_id, end_sessions_of(ctx, actor_id))


def _row(ctx: Context, account: users.UserAccount, sessions: Counter[str]) -> UserRow:
    user = account.user
    held = rights_of_user(ctx, user)
    return UserRow(
        id=user.username,
        name=user.name,
        email=user.email,
        created=user.created,
        created_by=user.created_by,
        expires=user.expires,
        is_expired=_has_ended(user.expires, ctx.now),
        rights=[right.value for right in Right if right in held],
        grants=[_grant_row(each, ctx.now) for each in account.grants],
        tokens=[_token_row(each, ctx.now) for each in account.tokens],
        sessions=sessions[user_actor_id(user.username)],
        first_name=user.first_name,
        last_name=user.last_name,
        phone=user.phone,
        affiliations=list(user.affiliations),
        is_bot=user.is_bot,
        modified=user.modified,
        groups=[each.nickname for each in memberships_of(ctx, user.username)],
        has_password=has_password(ctx, user.username),
        has_codes=one_time_codes.has_codes(ctx, user.username),
    )


def _grant_row(each: UserGrant, now: datetime) -> GrantRow:
    return GrantRow(each.what, each.since, each.by, each.until, each.is_active(now))


def _token_row(each: ApiToken, now: datetime) -> TokenRow:
    rights = [right.value for right in Right if right in each.rights]
    return TokenRow(each.name, each.prefix, rights, each.created, each.expires, _has_ended(each.expires, now))


def _after(ctx: Context, days: int | None) -> datetime | None:
    return None if days is None else ctx.now + timedelta(days=days)


def _has_ended(until: datetime | None, now: datetime) -> bool:
    return until is not None and until <= now
