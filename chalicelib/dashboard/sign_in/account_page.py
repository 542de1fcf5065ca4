"""My account, for every signed-in user: how they sign in, their tokens, and where they are signed in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from chalicelib import services
from chalicelib.access.rights import Right
from chalicelib.dashboard import sessions
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered, redirect
from chalicelib.dashboard.rendering import render
from chalicelib.errors import BadRequest, Forbidden, NotFound, Refused
from chalicelib.operations.accounts import open_sessions, passwords, tokens_of_users
from chalicelib.operations.accounts.credentials import one_time_codes, own_account, recovery_codes
from chalicelib.operations.accounts.credentials.password_hashing import is_password
from chalicelib.operations.accounts.profiles.preferences import MOST_ROWS, TIME_ZONE_PATTERN, Theme
from chalicelib.operations.shared.context import Context, Request, caller_of

from .attempts import count_wrong_password, require_attempt
from .kept_preferences import cookie_with
from .other_ways import account_identities
from .recent_proof import is_recent, require_recent_proof

ADDRESS: Final = "/dashboard/account"
_MOST_DAYS: Final = 3_650
WRONG: Final = "This password is wrong. Nothing was changed."
_THEMES: Final = MappingProxyType({Theme.SYSTEM: "as the device", Theme.LIGHT: "light", Theme.DARK: "dark"})
_ROWS_PER_PAGE: Final = (0, 10, 25, 50, 100, 200)
DIFFERENT: Final = "The two new passwords differ. Type the same one twice."


@dataclass(frozen=True, slots=True)
class AccountChange:
    """What a user can change about their own account, and what the page says afterwards."""

    #: Makes the change; returns secrets to show once, by the name under which the page shows them.
    make: Callable[[PageCall], Mapping[str, Any] | None]
    said: str = ""
    #: Whether the user must have proved a moment ago who they are.
    is_sensitive: bool = True
    #: The section of the page that is shown afterwards.
    section: str = ""


def show_account(call: PageCall) -> Rendered:
    """Show the account, or change it; a refused change is explained on the page."""
    if call.method != "POST":
        if call.id is not None:
            raise NotFound("This page has no such part.")
        return _shown(call)
    change = CHANGES.get(call.id or "") if call.part is None else None
    if change is None:
        raise NotFound("This page has no such action.")
    try:
        if change.is_sensitive:
            require_recent_proof(call)
        if call.id == "preferences" and call.actor.username is None:
            return _keep_preferences(call)
        secret = change.make(call)
    except Refused as refusal:
        return _shown(call, refused=str(refusal), status=refusal.status)
    if secret is not None:
        return _shown(call, **secret)
    is_over = call.id == "sign-out-everywhere"
    section = f"#{change.section}" if change.section else ""
    return redirect("/dashboard/sign-in" if is_over else f"{ADDRESS}?said={call.id}{section}")


def run_as_user(call: PageCall, operation: Callable[..., Any], *args: Any, **named: Any) -> Any:
    """Run an operation in the name of the user whose page this is."""
    request = Request(address=call.address)
    return services.current().run(operation, *args, caller=caller_of(call.actor), request=request, **named)


def username_of_call(call: PageCall) -> str:
    """Return the user whose page this is; Forbidden for the operator, who has no account."""
    if call.actor.username is None:
        raise Forbidden("The operator signs in with a link and has no account.", code="no_account")
    return call.actor.username


def _shown(call: PageCall, *, refused: str = "", status: int = 200, **secrets: Any) -> Rendered:
    account: own_account.OwnAccount = run_as_user(call, own_account.read_own_account)
    said = CHANGES.get(call.one("said")) if call.method != "POST" else None
    values = {
        "account": account,
        "own_session": "" if call.session is None else call.session.id,
        "is_recent": is_recent(call),
        "qr_code": _qr_code(account.setup_address),
        "secret": " ".join(_groups(account.new_secret or "")),
        "refused": refused,
        "said": "" if said is None else said.said,
        "identities": account_identities.identity_values(call),
        "go_on": None,
        "new_passkey": None,
        "themes": _THEMES,
        "row_choices": sorted({*_ROWS_PER_PAGE, call.preferences.rows_per_page}),
        "zone_choices": sorted({"", "UTC", call.preferences.time_zone}),
        "token": "",
        "recovery": [],
    }
    return render("account.html", call, status=status, **{**values, **secrets})


def _groups(text: str) -> list[str]:
    return [text[at : at + 4] for at in range(0, len(text), 4)]


def _qr_code(text: str) -> str:
    """Return a QR code as the address of an image; "" for no text."""
    if not text:
        return ""
    # Lazy import: only setting up codes needs it.
    import segno

    return str(segno.make(text, error="m").svg_data_uri(scale=5, border=3, light="#fff", dark="#000"))


def _confirm(call: PageCall) -> None:
    username = username_of_call(call)
    session_id = _session_id(call)

    def confirm(ctx: Context) -> None:
        require_attempt(ctx, username, call.address)
        sessions.confirm_session(ctx, session_id)

    _require_password(call, username, call.text("password"))
    run_as_user(call, confirm)


def _set_password(call: PageCall) -> None:
    """Set a password. A user with one types it too; one without must have signed in a moment ago."""
    username = username_of_call(call)
    new = call.text("new-password")
    if new != call.text("again"):
        raise BadRequest(DIFFERENT)
    if run_as_user(call, passwords.has_password, username):
        _require_password(call, username, call.text("password"))
    else:
        require_recent_proof(call)

    def change(ctx: Context) -> None:
        require_attempt(ctx, username, call.address)
        passwords.set_password(ctx, username, new, kept_session=_session_id(call))

    run_as_user(call, change)


def _require_password(call: PageCall, username: str, password: str) -> None:
    """Refuse a wrong password of the user, whose attempts are limited as at the sign-in."""

    def read(ctx: Context) -> passwords.StoredPassword:
        require_attempt(ctx, username, call.address)
        return passwords.stored_password(ctx, username)

    stored: passwords.StoredPassword = run_as_user(call, read)
    if not (is_password(username, stored.hash, password) and stored.is_set):
        run_as_user(call, count_wrong_password, username, call.address)
        raise Forbidden(WRONG, code="wrong_password")


def _begin_codes(call: PageCall) -> None:
    run_as_user(call, one_time_codes.begin_codes, username_of_call(call))


def _confirm_codes(call: PageCall) -> Mapping[str, Any]:
    confirm = partial(one_time_codes.confirm_codes, kept_session=_session_id(call))
    return {"recovery": run_as_user(call, confirm, username_of_call(call), call.one("code"))}


def _turn_off_codes(call: PageCall) -> None:
    turn_off = partial(one_time_codes.turn_off_codes, kept_session=_session_id(call))
    run_as_user(call, turn_off, username_of_call(call))


def _renew_recovery(call: PageCall) -> Mapping[str, Any]:
    renew = partial(recovery_codes.renew_recovery_codes, kept_session=_session_id(call))
    return {"recovery": run_as_user(call, renew, username_of_call(call))}


def _make_token(call: PageCall) -> Mapping[str, Any]:
    names = call.all("rights")
    if not set(names) <= set(Right):
        raise BadRequest("One of these rights doesn't exist. Reload the page, and choose again.")
    expires = _after_days(call)
    make = partial(
        tokens_of_users.make_token, rights=[Right(name) for name in names] or None, expires=expires
    )
    return {"token": run_as_user(call, make, username_of_call(call), call.one("name"))}


def _after_days(call: PageCall) -> datetime | None:
    text = call.one("days")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) <= _MOST_DAYS):
        raise BadRequest(f"The days are a whole number from 1 to {_MOST_DAYS}.")
    return services.current().clock.now() + timedelta(days=int(text))


def _revoke_token(call: PageCall) -> None:
    run_as_user(call, tokens_of_users.revoke_token, username_of_call(call), call.one("name"))


def _end_session(call: PageCall) -> None:
    session_id = call.one("session")
    account: own_account.OwnAccount = run_as_user(call, own_account.read_own_account)
    if all(session.id != session_id for session in account.sessions):
        raise NotFound("This session has ended already.", code="session_not_found")
    run_as_user(call, open_sessions.end_one_session, session_id)


def _end_all(call: PageCall) -> None:
    run_as_user(call, open_sessions.end_sessions_of, call.actor.id)


def _set_preferences(call: PageCall) -> None:
    """Store what the form names: all of the preferences, or the colours alone."""
    call.run("users.change", id=username_of_call(call), **_chosen_preferences(call))


def _keep_preferences(call: PageCall) -> Rendered:
    """Keep what the form names in the browser, for an actor without an account."""
    chosen = _chosen_preferences(call)
    if not re.match(TIME_ZONE_PATTERN, chosen.get("time_zone", "")):
        raise BadRequest("There is no such time zone. Reload the page, and choose again.")
    if chosen.get("rows_per_page", 0) > MOST_ROWS:
        raise BadRequest(f"The rows per page are a whole number, {MOST_ROWS} at most.")
    cookie = cookie_with(call.preferences, chosen, secure=call.origin.startswith("https:"))
    shown = redirect(f"{ADDRESS}?said=preferences#preferences")
    return replace(shown, headers={**shown.headers, "Set-Cookie": cookie})


def _chosen_preferences(call: PageCall) -> dict[str, Any]:
    """Return the preferences that a form names; BadRequest for those that don't exist."""
    changes: dict[str, Any] = {name: call.one(name) for name in ("theme", "time_zone") if name in call.query}
    if changes.get("theme", Theme.SYSTEM) not in set(Theme):
        raise BadRequest("There are no such colours. Reload the page, and choose again.")
    if "rows_per_page" in call.query:
        rows = call.one("rows_per_page")
        if not (rows.isascii() and rows.isdigit() and len(rows) <= len(str(MOST_ROWS))):
            raise BadRequest(f"The rows per page are a whole number, {MOST_ROWS} at most.")
        changes["rows_per_page"] = int(rows)
    return changes


def _session_id(call: PageCall) -> str:
    return "" if call.session is None else call.session.id


CHANGES: Final[Mapping[str, AccountChange]] = MappingProxyType(
    {
        "confirm": AccountChange(_confirm, "Confirmed. You can change how you sign in.", is_sensitive=False),
        "password": AccountChange(
            _set_password, "Your password is set. Your other sessions have ended.", is_sensitive=False
        ),
        "begin-codes": AccountChange(_begin_codes, section="codes"),
        "confirm-codes": AccountChange(_confirm_codes),
        "turn-off-codes": AccountChange(_turn_off_codes, "You sign in without codes from now on."),
        "new-recovery-codes": AccountChange(_renew_recovery),
        "link-account": AccountChange(account_identities.link),
        "unlink-account": AccountChange(account_identities.unlink, "The account is unlinked."),
        "begin-passkey": AccountChange(account_identities.begin_passkey),
        "add-passkey": AccountChange(account_identities.add_passkey, "The passkey is added."),
        "remove-passkey": AccountChange(account_identities.remove_passkey, "The passkey is removed."),
        "preferences": AccountChange(
            _set_preferences, "Your preferences are saved.", is_sensitive=False, section="preferences"
        ),
        "make-token": AccountChange(_make_token),
        "revoke-token": AccountChange(_revoke_token, "The token is revoked.", is_sensitive=False),
        "end-session": AccountChange(_end_session, "The session has ended.", is_sensitive=False),
        "sign-out-everywhere": AccountChange(_end_all, is_sensitive=False),
    }
)

PAGE: Final = DashboardPage("account", "My account", None, show_account, in_labs=True)
