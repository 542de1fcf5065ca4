"""`petri users`: users, their grants, their tokens and their sessions."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from chalicelib.errors import BadRequest
from infra.cli.output import out, show_table

from .users_options import UsersOrder, required

if TYPE_CHECKING:
    from chalicelib.operations.accounts.users import UserAccount


def list_accounts(order: UsersOrder) -> None:
    """List the users with what they were granted and their tokens."""
    # Lazy import: it imports the whole platform.
    from chalicelib.operations.accounts.users import list_users

    found: list[UserAccount] = order.run(list_users)
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


def manage_sessions(order: UsersOrder) -> None:
    """List the open sessions, or end those of a user; without a username, those of the operator."""
    from chalicelib.access.rights import OPERATOR_ACTOR
    from chalicelib.operations.accounts.account_records import user_actor_id
    from chalicelib.operations.accounts.open_sessions import end_sessions_of, list_sessions

    if order.action == "sign-out":
        actor_id = OPERATOR_ACTOR.id if order.username is None else user_actor_id(order.username)
        count = order.run(end_sessions_of, actor_id)
        out().print(f"Ended {count} session{'' if count == 1 else 's'}.")
        return
    table = Table("actor", "since", "until", "browser")
    for each in order.run(list_sessions):
        table.add_row(each.actor, each.began[:16], each.expires[:16], escape(each.agent))
    show_table(table)


def change_user(order: UsersOrder) -> None:
    """Add or remove a user, or grant or revoke a role or a right."""
    from chalicelib.operations.accounts import users as operations

    run, username = order.run, order.whose()
    if order.action == "remove":
        run(operations.remove_user, username)
        out().print(f"Removed {username}.", markup=False)
        return
    what = required(order.role, "--role")
    if order.action == "add":
        name = order.name or username
        run(operations.add_user, username, name, email=order.email or "", role=what, expires=order.until)
        out().print(f"Added {username} as {what}.", markup=False)
    elif order.action == "grant":
        run(operations.grant_to_user, username, what, until=order.until)
        out().print(f"Granted {what} to {username}.", markup=False)
    else:
        run(operations.revoke_from_user, username, what)
        out().print(f"Revoked {what} from {username}.", markup=False)


def change_profile(order: UsersOrder) -> None:
    """Change what is known about a user, and with `--days` when they may only view."""
    from chalicelib.operations.accounts.profiles import user_profiles as operations

    changes = operations.ProfileChanges(
        name=order.name, email=order.email, expires=order.until, **order.profile
    )
    if not changes.named():
        raise BadRequest("This action needs an option, such as --email; see petri users --help.")
    changed = order.run(operations.change_profile, order.whose(), changes)
    out().print(f"Changed {changed.username}.", markup=False)


def change_tokens(order: UsersOrder) -> None:
    """Make a token of a user, which is printed once, or revoke one."""
    from chalicelib.operations.accounts import tokens_of_users as operations

    username, name = order.whose(), required(order.name, "--name")
    if order.action == "revoke-token":
        order.run(operations.revoke_token, username, name)
        out().print(f"Revoked the token {name} of {username}.", markup=False)
        return
    rights, until = order.named_rights(), order.until
    token = order.run(operations.make_token, username, name, rights=rights, expires=until)
    out().print(token, markup=False)
    out().print("Keep this token now: it isn't shown again.")


def _until(moment: datetime | None) -> str:
    return "" if moment is None else f" until {moment:%Y-%m-%d %H:%M}"
