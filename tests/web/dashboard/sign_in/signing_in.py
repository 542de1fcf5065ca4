"""A browser that isn't signed in yet, in tests."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import pyotp

from chalicelib.operations.accounts.credentials.one_time_codes import begin_codes, confirm_codes, new_secret
from chalicelib.operations.accounts.passwords import has_password, set_password
from chalicelib.operations.accounts.users import add_user
from chalicelib.operations.shared.context import OPERATOR_CALLER
from tests.web.dashboard.browsers import FROM_OWN_PAGE
from tests.web.world import Said, World

PASSWORD = "seven green bicycles sing"


def add_user_with_password(
    here: World, username: str = "ada", role: str = "Viewer", days: int | None = None
) -> None:
    until = None if days is None else here.clock.now() + timedelta(days=days)
    here.app.run(add_user, username, username.title(), role=role, expires=until, caller=OPERATOR_CALLER)
    here.app.run(set_password, username, PASSWORD, caller=OPERATOR_CALLER)


def code_now(here: World, secret: str, steps: int = 0) -> str:
    """Return the code of an app whose clock is some steps ahead."""
    return pyotp.TOTP(secret).at(here.clock.now() + timedelta(seconds=30 * steps))


def give_codes(here: World, username: str = "ada") -> tuple[str, list[str]]:
    """Set up codes for a user, with a password if they have none; return the secret and recovery codes."""
    run = partial(here.app.run, caller=OPERATOR_CALLER)
    if not run(has_password, username):
        run(set_password, username, PASSWORD)
    run(begin_codes, username)
    secret = run(new_secret, username)
    codes = run(confirm_codes, username, code_now(here, secret))
    here.clock.turn(minutes=1)
    return secret, codes


@dataclass
class StrangersBrowser:
    """Opens the sign-in page, sends its forms, and keeps the cookies that it gets."""

    here: World
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=lambda: dict(FROM_OWN_PAGE))

    def open(self, path: str = "sign-in", fields: dict[str, str] | None = None) -> Said:
        return self._keep(self.here.get(f"/dashboard/{path}", fields or {}, headers=self._sent()))

    def post(self, path: str, fields: dict[str, str], csrf: str | None = None) -> Said:
        """Send a form with its own token, or with another one."""
        token = csrf if csrf is not None else self.token_of("sign-in" if self.session is None else "account")
        fields = {"csrf": token, **fields}
        return self._keep(self.here.post(f"/dashboard/{path}", fields, headers=self._sent()))

    def sign_in(self, username: str = "ada", password: str = PASSWORD) -> Said:
        return self.post("sign-in/password", {"username": username, "password": password})

    def token_of(self, path: str) -> str:
        """Return the token of the forms of a page."""
        found = re.search(r'name="csrf" value="(\w+)"', self.open(path).raw.decode())
        assert found is not None
        return found[1]

    @property
    def session(self) -> str | None:
        """The token of its session."""
        return self.cookies.get(f"petri-{self.here.app.app_id}")

    def _sent(self) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {**self.headers, "cookie": cookies}

    def _keep(self, said: Said) -> Said:
        name, _, rest = said.headers.get("set-cookie", "").partition("=")
        value = rest.partition(";")[0]
        if value:
            self.cookies[name] = value
        else:
            self.cookies.pop(name, None)
        return said
