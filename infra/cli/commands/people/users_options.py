"""The arguments and options of `petri users`, and what they say together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

import typer

from chalicelib.errors import BadRequest

Action = Literal[
    "list",
    "add",
    "change",
    "remove",
    "grant",
    "revoke",
    "token",
    "revoke-token",
    "sessions",
    "sign-out",
    "password",
    "codes-off",
    "role",
    "group",
    "invite",
    "invitations",
    "withdraw",
]
ActionArgument = Annotated[
    Action,
    typer.Argument(
        help="list (the default), add, change, remove, grant, revoke, password, codes-off, token, "
        "revoke-token, sessions, sign-out, role, group, invite, invitations or withdraw."
    ),
]
Username = Annotated[
    str | None,
    typer.Argument(
        help="Username, such as ada; email to invite; after role or group, what to do.", metavar="[USERNAME]"
    ),
]
Subjects = Annotated[
    list[str] | None,
    typer.Argument(help="Name of a role; or nickname of a group, and a member.", metavar="[NAME]..."),
]
Name = Annotated[str | None, typer.Option("--name", help="Name of the user, the group or the token.")]
Email = Annotated[str | None, typer.Option("--email", help="Email address of a user.")]
FirstName = Annotated[str | None, typer.Option("--first-name", help="First name of a user.")]
LastName = Annotated[str | None, typer.Option("--last-name", help="Last name of a user.")]
Phone = Annotated[str | None, typer.Option("--phone", help="Phone number of a user.")]
Affiliations = Annotated[
    list[str] | None, typer.Option("--affiliation", help="Affiliation of a user; repeatable.")
]
Bot = Annotated[
    bool | None, typer.Option("--bot/--no-bot", help="Whether a user is a program that only has tokens.")
]
Role = Annotated[
    str | None, typer.Option("--role", help="Role or single right to grant or revoke, such as Viewer.")
]
Rights = Annotated[
    list[str] | None,
    typer.Option("--right", help="Right of a new token (by default all of the user's), or of a role."),
]
About = Annotated[str | None, typer.Option("--about", help="What a role or a group is for.")]
Private = Annotated[
    bool, typer.Option("--private", help="A group that only its members see, and who manages the lab.")
]
Admin = Annotated[bool, typer.Option("--admin", help="A member who admits and removes others.")]
Groups = Annotated[
    list[str] | None, typer.Option("--group", help="Group that an invited person joins, by its nickname.")
]
Days = Annotated[int | None, typer.Option("--days", min=1, help="Days until a user, grant or token expires.")]


@dataclass(frozen=True, slots=True)
class UsersOrder:
    """What `petri users` is to do."""

    #: Runs an operation as the operator.
    run: Callable[..., Any]
    action: Action
    username: str | None
    #: What follows the action: a username, or what to do with a role or a group.
    words: Sequence[str]
    name: str | None
    email: str | None
    role: str | None
    rights: Sequence[str]
    about: str | None
    is_private: bool
    is_admin: bool
    groups: Sequence[str]
    until: datetime | None
    #: What `change` changes about a user.
    profile: Mapping[str, Any]
    #: Scheme and host of the run's dashboard.
    dashboard: str
    #: Mails a link that an operation has made, and returns the answer.
    mail: Callable[[Any], Any]

    def whose(self, what: str = "a username") -> str:
        """Return the username, or what else an action needs; BadRequest without it, or with more words."""
        if len(self.words) > 1:
            raise BadRequest(f"{self.words[1]!r} isn't expected here; see petri users --help.")
        return required(self.username, what)

    def named_rights(self) -> list[Any] | None:
        """Return the rights of `--right`, which also takes roles; None without it."""
        # Lazy import: it imports the whole platform.
        from chalicelib.operations.accounts.own_roles import rights_named

        return [right for name in self.rights for right in self.run(rights_named, name)] or None


def required(value: str | None, what: str) -> str:
    """Return an argument or option; BadRequest without it."""
    if value is None:
        raise BadRequest(f"This action needs {what}; see petri users --help.")
    return value
