"""/api/v1/users and /api/v1/sessions: who manages the run, what they may do, and where they are signed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Method, Shape
from chalicelib.api.common_parameters import ID_TEXT, NoParameters, One
from chalicelib.api.mailed_links import mail_link
from chalicelib.operations.accounts.account_records import MAX_TEXT, NAME_PATTERN, TEXT_PATTERN
from chalicelib.operations.accounts.open_sessions import OpenSession
from chalicelib.operations.accounts.profiles.preferences import MOST_ROWS, TIME_ZONE_PATTERN, Theme
from chalicelib.operations.accounts.profiles.user_profiles import ProfileChanges
from chalicelib.operations.listings.listing import Listing
from chalicelib.operations.management.people import managed_accounts as accounts
from chalicelib.operations.management.people.managed_accounts import (
    ChangedUser,
    EndedSessions,
    NewPasswordLink,
    NewToken,
    ProfileRow,
    UserRow,
)
from chalicelib.operations.shared.context import Context
from chalicelib.services import App

from .roles_api import ROLE_OR_RIGHT

USERS: Final = "users"
_SLUG: Final = {"min": 1, "max": 32, "pattern": NAME_PATTERN}
_DAYS: Final = {"min": 1, "max": 3_650, "help": "In how many days it ends."}
_TEXT: Final = {"max": MAX_TEXT, "pattern": TEXT_PATTERN}
_ROWS: Final = {
    "min": 0,
    "max": MOST_ROWS,
    "help": "How many rows a page of a table has; 0: as many as each page has by default.",
}
_TIME_ZONE: Final = {
    "max": 62,
    "pattern": TIME_ZONE_PATTERN,
    "help": 'In which moments are shown, such as `Europe/Berlin`; "": in that of the browser.',
}


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to add."""

    username: str = field(metadata=_SLUG)
    role: str = field(metadata=ROLE_OR_RIGHT)
    name: str = field(default="", metadata={**_TEXT, "help": "By default the username."})
    email: str = field(default="", metadata=_TEXT)
    days: int | None = field(default=None, metadata={**_DAYS, "help": "Then the user may only view."})


@dataclass(frozen=True, slots=True)
class UserChanges:
    """A user, and what to change about them."""

    id: str = field(metadata=ID_TEXT)
    name: str | None = field(default=None, metadata={**_TEXT, "min": 1})
    first_name: str | None = field(default=None, metadata=_TEXT)
    last_name: str | None = field(default=None, metadata=_TEXT)
    email: str | None = field(default=None, metadata=_TEXT)
    phone: str | None = field(default=None, metadata=_TEXT)
    affiliations: list[str] | None = field(default=None, metadata=_TEXT)
    is_bot: bool | None = field(
        default=None, metadata={"help": "Whether it is a program, which acts with tokens only."}
    )
    days: int | None = field(default=None, metadata={**_DAYS, "help": "Then the user may only view."})
    never_expires: bool = field(default=False, metadata={"help": "The user doesn't expire any more."})
    theme: Theme | None = field(default=None, metadata={"help": "The colours of the dashboard."})
    rows_per_page: int | None = field(default=None, metadata=_ROWS)
    time_zone: str | None = field(default=None, metadata=_TIME_ZONE)

    def profile(self) -> ProfileChanges:
        """Return the changes of the profile."""
        return ProfileChanges(
            self.name,
            self.first_name,
            self.last_name,
            self.email,
            self.phone,
            self.affiliations,
            is_bot=self.is_bot,
            preferences=self._preferences() or None,
        )

    def _preferences(self) -> dict[str, str]:
        values = {name: getattr(self, name) for name in ("theme", "rows_per_page", "time_zone")}
        return {name: str(value) for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class NewGrant:
    """A user, what to grant, and until when."""

    id: str = field(metadata=ID_TEXT)
    what: str = field(metadata=ROLE_OR_RIGHT)
    days: int | None = field(default=None, metadata=_DAYS)


@dataclass(frozen=True, slots=True)
class OneGrant:
    """A user, and one of their grants."""

    id: str = field(metadata=ID_TEXT)
    what: str = field(metadata=ROLE_OR_RIGHT)


@dataclass(frozen=True, slots=True)
class TokenOrder:
    """A user, and the token to make."""

    id: str = field(metadata=ID_TEXT)
    name: str = field(metadata=_SLUG)
    rights: list[Right] = field(default_factory=list, metadata={"help": "By default all of the user's."})
    days: int | None = field(default=None, metadata=_DAYS)


@dataclass(frozen=True, slots=True)
class OneToken:
    """A user, and one of their tokens."""

    id: str = field(metadata=ID_TEXT)
    name: str = field(metadata=_SLUG)


def _about_user(
    name: str,
    parameters: Any,
    run: Callable[[Context, Any], Any],
    summary: str,
    *,
    method: Method = "POST",
    right: Right = Right.MANAGE_LAB,
    answer: Any = ChangedUser,
    has_secret_answer: bool = False,
    outside: Callable[[App, Any], Any] | None = None,
) -> AnyOperation:
    """Return a change of one user, which records itself in the audit log, as `petri users` needs it."""
    is_verb = method == "POST"
    return ApiOperation(
        name=f"{USERS}.{name}",
        method=method,
        resource=USERS,
        shape=Shape.VERB if is_verb else Shape.ITEM,
        verb=name if is_verb else None,
        right=right,
        parameters=parameters,
        answer=answer,
        run=run,
        summary=summary,
        records_itself=True,
        has_secret_answer=has_secret_answer,
        outside=outside,
    )


OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="users.list",
        method="GET",
        resource=USERS,
        shape=Shape.LIST,
        right=Right.MANAGE_LAB,
        parameters=NoParameters,
        answer=Listing[UserRow],
        run=lambda ctx, _: accounts.rows_of_users(ctx),
        summary="Lists the users with their grants and tokens.",
    ),
    ApiOperation(
        name="users.read",
        method="GET",
        resource=USERS,
        shape=Shape.ITEM,
        right=Right.MANAGE_LAB,
        parameters=One,
        answer=UserRow,
        run=lambda ctx, one: accounts.user_row(ctx, one.id),
        summary="Returns a user with their grants and tokens.",
    ),
    ApiOperation(
        name="users.add",
        method="POST",
        resource=USERS,
        shape=Shape.LIST,
        right=Right.MANAGE_LAB,
        parameters=NewUser,
        answer=ChangedUser,
        run=lambda ctx, new: accounts.create_user(
            ctx, new.username, new.name, email=new.email, role=new.role, days=new.days
        ),
        summary="Adds a user with a role within your own rights.",
        records_itself=True,
    ),
    ApiOperation(
        name="users.me",
        method="GET",
        resource=USERS,
        shape=Shape.ITEM,
        verb="me",
        right=Right.VIEW,
        parameters=NoParameters,
        answer=ProfileRow,
        run=lambda ctx, _: accounts.profile_row(ctx),
        summary="Returns your own profile.",
    ),
    _about_user(
        "change",
        UserChanges,
        lambda ctx, one: accounts.change_user(
            ctx, one.id, one.profile(), days=one.days, never_expires=one.never_expires
        ),
        "Changes your own profile, or with Manage lab that of a user within your rights.",
        right=Right.VIEW,
    ),
    _about_user(
        "remove",
        One,
        lambda ctx, one: accounts.delete_user(ctx, one.id),
        "Removes a user with their grants, tokens and sessions.",
        method="DELETE",
    ),
    _about_user(
        "grant",
        NewGrant,
        lambda ctx, new: accounts.grant(ctx, new.id, new.what, new.days),
        "Grants a user a role or a right within your own.",
    ),
    _about_user(
        "revoke",
        OneGrant,
        lambda ctx, one: accounts.revoke(ctx, one.id, one.what),
        "Revokes a role or a right of a user.",
    ),
    _about_user(
        "make-token",
        TokenOrder,
        lambda ctx, new: accounts.new_token(ctx, new.id, new.name, new.rights, new.days),
        "Makes a token with rights of its user, and returns it once; a token can't make tokens.",
        right=Right.VIEW,
        answer=NewToken,
        has_secret_answer=True,
    ),
    _about_user(
        "revoke-token",
        OneToken,
        lambda ctx, one: accounts.delete_token(ctx, one.id, one.name),
        "Revokes a token of your own, or with Manage lab of another user.",
        right=Right.VIEW,
    ),
    _about_user(
        "make-password-link",
        One,
        lambda ctx, one: accounts.new_password_link(ctx, one.id),
        "Makes a link with which a user chooses a password, once, within a day, and mails it to them if the "
        "run sends mail; not with a token of a user.",
        answer=NewPasswordLink,
        has_secret_answer=True,
        outside=lambda app, made: mail_link(app.mailer, made),
    ),
    _about_user(
        "turn-off-codes",
        One,
        lambda ctx, one: accounts.turn_off_codes(ctx, one.id),
        "Stops asking a user, who has lost their phone, for one-time codes; not with a token of a user.",
    ),
    ApiOperation(
        name="sessions.list",
        method="GET",
        resource="sessions",
        shape=Shape.LIST,
        right=Right.VIEW,
        parameters=NoParameters,
        answer=Listing[OpenSession],
        run=lambda ctx, _: accounts.rows_of_sessions(ctx),
        summary="Lists your open sessions of the dashboard, or with Manage lab everyone's.",
    ),
    ApiOperation(
        name="sessions.end",
        method="DELETE",
        resource="sessions",
        shape=Shape.ITEM,
        right=Right.VIEW,
        parameters=One,
        answer=EndedSessions,
        run=lambda ctx, one: accounts.end_sessions(ctx, one.id),
        summary="Ends all sessions of an actor, such as user:ada; another's require Manage lab.",
        records_itself=True,
    ),
)
