"""Defines the records of accounts: users, grants and tokens."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.errors import BadRequest
from chalicelib.model.record import iso, moment

NAME_PATTERN: Final = r"^[a-z0-9][a-z0-9._-]{0,31}$"
#: One line, without control characters and those that change the direction of the text.
TEXT_PATTERN: Final = r"^[^\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*$"
_USERNAME: Final = re.compile(NAME_PATTERN.strip("^$"))
_TEXT: Final = re.compile(TEXT_PATTERN.strip("^$"))
MAX_TEXT: Final = 200


@dataclass(frozen=True, slots=True)
class User:
    """A person who manages the run."""

    username: str
    name: str
    email: str
    created: datetime
    created_by: str
    #: From then on the user may only view; None: never.
    expires: datetime | None = None
    first_name: str = ""
    last_name: str = ""
    phone: str = ""
    affiliations: tuple[str, ...] = ()
    #: What the user prefers, by name.
    preferences: Mapping[str, str] = field(default_factory=dict)
    #: Whether this is a program: it acts with tokens, and doesn't sign in.
    is_bot: bool = False
    #: When the profile was changed last; None: never.
    modified: datetime | None = None

    @property
    def actor_id(self) -> str:
        """The id under which the user acts."""
        return user_actor_id(self.username)

    def to_fields(self) -> dict[str, Any]:
        """Return the stored fields."""
        return {
            "username": self.username,
            "name": self.name,
            "email": self.email,
            "created": iso(self.created),
            "created_by": self.created_by,
            "expires_at": iso(self.expires),
            "first_name": self.first_name,
            "last_name": self.last_name,
            "phone": self.phone,
            "affiliations": list(self.affiliations),
            "preferences": dict(self.preferences),
            "is_bot": self.is_bot,
            "modified": iso(self.modified),
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> User:
        """Read a stored user."""
        return cls(
            item["username"],
            item["name"],
            item["email"],
            datetime.fromisoformat(item["created"]),
            item["created_by"],
            moment(item.get("expires_at")),
            item.get("first_name", ""),
            item.get("last_name", ""),
            item.get("phone", ""),
            tuple(item.get("affiliations", ())),
            dict(item.get("preferences", {})),
            bool(item.get("is_bot", False)),
            moment(item.get("modified")),
        )


@dataclass(frozen=True, slots=True)
class UserGrant:
    """A role or a single right that a user or a group has, until it ends or is revoked."""

    #: The username, or `group:` and the nickname of a group.
    username: str
    #: The name of a role or of a right.
    what: str
    since: datetime
    by: str
    until: datetime | None = None

    def is_active(self, now: datetime) -> bool:
        """Whether the grant holds at a moment."""
        return self.until is None or now < self.until

    def to_fields(self) -> dict[str, Any]:
        """Return the stored fields."""
        return {
            "username": self.username,
            "what": self.what,
            "since": iso(self.since),
            "by": self.by,
            "until": iso(self.until),
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> UserGrant:
        """Read a stored grant."""
        since = datetime.fromisoformat(item["since"])
        return cls(item["username"], item["what"], since, item["by"], moment(item.get("until")))


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token with which a program acts for a user; only its hash is stored."""

    username: str
    name: str
    #: The first characters of the token, by which its owner recognizes it.
    prefix: str
    digest: str
    rights: frozenset[Right]
    created: datetime
    expires: datetime | None = None

    @property
    def actor_id(self) -> str:
        """The id under which the program acts."""
        return f"token:{self.username}/{self.name}"

    def to_fields(self) -> dict[str, Any]:
        """Return the stored fields."""
        return {
            "username": self.username,
            "name": self.name,
            "prefix": self.prefix,
            "digest": self.digest,
            "rights": sorted(self.rights),
            "created": iso(self.created),
            "expires_at": iso(self.expires),
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> ApiToken:
        """Read a stored token."""
        return cls(
            item["username"],
            item["name"],
            item["prefix"],
            item["digest"],
            frozenset(Right(right) for right in item["rights"]),
            datetime.fromisoformat(item["created"]),
            moment(item.get("expires_at")),
        )


def user_actor_id(username: str) -> str:
    """Return the id under which a user acts."""
    return f"user:{username}"


def username_of(actor_id: str) -> str:
    """Return the user who acts under an id; "" when no user does."""
    kind, _, username = actor_id.partition(":")
    return username if kind == "user" else ""


def checked_name(name: str, what: str) -> str:
    """Return a username or the name of a token; BadRequest when it is not a valid one."""
    if not _USERNAME.fullmatch(name):
        raise BadRequest(
            f"{name[:40]!r} is not a valid {what}: use up to 32 lower-case letters, digits, dots, dashes and "
            "underscores, beginning with a letter or a digit.",
            code="invalid_name",
        )
    return name


def checked_text(text: str, what: str) -> str:
    """Return a text in one line; BadRequest when it is too long or has control characters."""
    if len(text) > MAX_TEXT or not _TEXT.fullmatch(text):
        raise BadRequest(f"{what} must be one line of at most {MAX_TEXT} characters.", code="invalid_name")
    return text
