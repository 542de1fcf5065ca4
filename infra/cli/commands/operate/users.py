"""`petri users`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.markup import escape
from rich.table import Table

from chalicelib.errors import BadRequest
from infra.cli.aws_options import Region
from infra.cli.options import Run
from infra.cli.output import out, show_table
from infra.local.lifecycle.run_paths import RunPaths

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.operations.accounts.users import UserAccount

Action = Literal[
    "list", "add", "remove", "grant", "revoke", "token", "revoke-token", "sessions", "sign-out", "role"
]


def users(
    action: Annotated[
        Action,
        typer.Argument(
            help="list (the default), add, remove, grant, revoke, token, revoke-token, sessions, sign-out or "
            "role."
        ),
    ] = "list",
    username: Annotated[
        str | None, typer.Argument(help="Username, such as ada; of a role, the action.", metavar="[USERNAME]")
    ] = None,
    subject: Annotated[str | None, typer.Argument(help="Name of a role.", metavar="[NAME]")] = None,
    *,
    name: Annotated[str | None, typer.Option("--name", help="Name of the user, or of the token.")] = None,
    email: Annotated[str, typer.Option("--email", help="Email address of a new user.")] = "",
    role: Annotated[
        str | None, typer.Option("--role", help="Role or single right to grant or revoke, such as Viewer.")
    ] = None,
    right: Annotated[
        list[str] | None,
        typer.Option("--right", help="Right of a new token (by default all of the user's), or of a role."),
    ] = None,
    about: Annotated[str | None, typer.Option("--about", help="What a role is for.")] = None,
    days: Annotated[
        int | None, typer.Option("--days", min=1, help="Days until a user, grant or token expires.")
    ] = None,
    app: Run = None,
    region: Region = None,
) -> None:
    """Manage who may watch and manage a run: users, their roles, and tokens for programs."""
    # Lazy import: it imports the whole platform.
    from chalicelib.operations.shared.context import OPERATOR_CALLER
    from infra.operator.run_session import opened

    until = None if days is None else datetime.now(UTC) + timedelta(days=days)
    with opened(app, RunPaths(Path.cwd()), with_code=False, region=region) as session:

        def run(operation: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
            return session.app.run(operation, *arguments, caller=OPERATOR_CALLER, **more)

        if action == "list":
            from chalicelib.operations.accounts.users import list_users

            _show(run(list_users))
            return
        if action in ("sessions", "sign-out"):
            _manage_sessions(run, action, username)
            return
        if action == "role":
            from infra.cli.commands.people.role_actions import change_roles

            change_roles(run, [each for each in (username, subject) if each], _rights(run, right), about)
            return
        if subject is not None:
            raise BadRequest(f"{subject!r} isn't expected here; see petri users --help.")
        whose = _required(username, "a username")
        if action in ("token", "revoke-token"):
            _change_tokens(run, action, whose, _required(name, "--name"), right, until)
        else:
            _change_user(run, action, whose, name or whose, email, role, until)


def _manage_sessions(run: Callable[..., Any], action: Action, username: str | None) -> None:
    """List the open sessions, or end those of a user; without a username, those of the operator."""
    from chalicelib.access.rights import OPERATOR_ACTOR
    from chalicelib.operations.accounts.account_records import user_actor_id
    from chalicelib.operations.accounts.open_sessions import end_sessions_of, list_sessions

    if action == "sign-out":
        count = run(end_sessions_of, OPERATOR_ACTOR.id if username is None else user_actor_id(username))
        out().print(f"Ended {count} session{'' if count == 1 else 's'}.")
        return
    table = Table("actor", "since", "until", "browser")
    for each in run(list_sessions):
        table.add_row(each.actor, each.began[:16], each.expires[:16], escape(each.agent))
    show_table(table)


def _change_user(
    run: Callable[..., Any],
    action: Action,
    username: str,
    name: str,
    email: str,
    role: str | None,
    until: datetime | None,
) -> None:
    from chalicelib.operations.accounts import users as operations

    if action == "remove":
        run(operations.remove_user, username)
        out().print(f"Removed {username}.", markup=False)
        return
    what = _required(role, "--role")
    if action == "add":
        run(operations.add_user, username, name, email=email, role=what, expires=until)
        out().print(f"Added {username} as {what}.", markup=False)
    elif action == "grant":
        run(operations.grant_to_user, username, what, until=until)
        out().print(f"Granted {what} to {username}.", markup=False)
    else:
        run(operations.revoke_from_user, username, what)
        out().print(f"Revoked {what} from {username}.", markup=False)


def _change_tokens(
    run: Callable[..., Any],
    action: Action,
    username: str,
    name: str,
    rights: list[str] | None,
    until: datetime | None,
) -> None:
    from chalicelib.operations.accounts import tokens_of_users as operations

    if action == "revoke-token":
        run(operations.revoke_token, username, name)
        out().print(f"Revoked the token {name} of {username}.", markup=False)
        return
    token = run(operations.make_token, username, name, rights=_rights(run, rights), expires=until)
    out().print(token, markup=False)
    out().print("Keep this token now: it isn't shown again.")


def _rights(run: Callable[..., Any], names: list[str] | None) -> list[Any] | None:
    from chalicelib.operations.accounts.own_roles import rights_named

    return None if not names else [right for name in names for right in run(rights_named, name)]


def _required(value: str | None, what: str) -> str:
    if value is None:
        raise BadRequest(f"This action needs {what}; see petri users --help.")
    return value


def _show(found: list[UserAccount]) -> None:
    if not found:
        out().print("No users; to add one, run: petri users add USERNAME --role Viewer")
        return
    table = Table("username", "name", "roles and rights", "tokens", "expires")
    for each in found:
        grants = [grant.what + _until(grant.until) for grant in each.grants]
        tokens = [f"{token.name} ({token.prefix}...){_until(token.expires)}" for token in each.tokens]
        user = each.user
        table.add_row(
            user.username,
            escape(user.name),
            ", ".join(grants),
            ", ".join(tokens),
            _until(user.expires).strip(),
        )
    show_table(table)


def _until(moment: datetime | None) -> str:
    return "" if moment is None else f" until {moment:%Y-%m-%d %H:%M}"
