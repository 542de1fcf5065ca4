"""The people of a run in tests of accounts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalicelib.access.rights import Actor
from chalicelib.operations.accounts import users
from chalicelib.operations.accounts.actors import authenticate_token, find_actor
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.context import OPERATOR_CALLER, Caller, caller_of
from chalicelib.services import App


class People:
    """A run, its users, and operations by them."""

    def __init__(self, app: App) -> None:
        self.app = app

    def do(
        self, operation: Callable[..., Any], *arguments: Any, by: Caller = OPERATOR_CALLER, **more: Any
    ) -> Any:
        """Run an operation by a caller, by default the operator."""
        return self.app.run(operation, *arguments, caller=by, **more)

    def add(self, username: str, role: str, **more: Any) -> None:
        """Add a user with a role."""
        self.do(users.add_user, username, username.title(), role=role, **more)

    def actor(self, username: str) -> Actor:
        """Return a user as an actor, with the rights of this moment."""
        actor = self.app.run(find_actor, f"user:{username}")
        assert actor is not None
        return actor

    def as_user(self, username: str) -> Caller:
        """Return a caller who acts as a user."""
        return caller_of(self.actor(username))

    def token_actor(self, text: str) -> Actor:
        """Return the actor whom a token identifies."""
        actor: Actor = self.app.run(authenticate_token, text)
        return actor

    def change(self, caller: Caller) -> None:
        """Make a change that is recorded."""
        self.do(record_change, "payments.retry", records=[("payments", "1-base")], by=caller)
