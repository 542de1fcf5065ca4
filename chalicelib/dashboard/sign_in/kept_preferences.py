"""Keeps the preferences of an actor without an account, such as the operator of a local run, in the browser.

Each run of `petri debug` has a store of its own, but a browser has one cookie for all of them, whatever their
ports. It holds no secret, and a value that makes no sense counts as not chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from chalicelib.dashboard.own_host import read_cookie
from chalicelib.operations.accounts.profiles.preferences import Preferences

COOKIE: Final = "petri-preferences"
_SECONDS: Final = 365 * 24 * 3600
_LONGEST: Final = 200


def preferences_in(headers: Mapping[str, str]) -> Preferences:
    """Return the preferences that this browser keeps."""
    text = read_cookie(headers, COOKIE)
    return Preferences.of(dict(parse_qsl(text, max_num_fields=10)) if len(text) <= _LONGEST else {})


def cookie_with(known: Preferences, changes: Mapping[str, Any], *, secure: bool) -> str:
    """Return the Set-Cookie header that keeps preferences, of which some have changed, for a year."""
    stored = {name: str(value) for name, value in {**asdict(known), **changes}.items()}
    value = urlencode(asdict(Preferences.of(stored)))
    flags = f"Path=/dashboard; Max-Age={_SECONDS}; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"
    return f"{COOKIE}={value}; {flags}"
