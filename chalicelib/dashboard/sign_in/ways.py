"""The ways to sign in besides a link and a password, in the order of their buttons on the sign-in page."""

from __future__ import annotations

from typing import Final

from .other_ways import lab_sign_in as lab
from .other_ways import openid_sign_in as openid
from .other_ways import passkey_sign_in as passkey
from .sign_in_way import SignInWay

SIGN_IN_WAYS: Final[tuple[SignInWay, ...]] = (
    SignInWay(
        openid.NAME,
        "OpenID Connect",
        begin=openid.show_nothing,
        is_available=openid.has_providers,
        resume=openid.answer_openid,
        links=openid.links,
    ),
    SignInWay(
        passkey.NAME,
        "Sign in with a passkey",
        begin=passkey.begin_passkey,
        is_available=passkey.has_passkeys,
        resume=passkey.answer_passkey,
    ),
    SignInWay(
        lab.NAME,
        "A lab",
        begin=openid.show_nothing,
        is_available=lab.has_labs,
        resume=lab.answer_lab,
        links=lab.lab_links,
    ),
)


def available_ways() -> list[SignInWay]:
    """Return the ways that this run has set up."""
    return [way for way in SIGN_IN_WAYS if way.is_available()]


def find_way(name: str) -> SignInWay | None:
    """Return an available way by its name, or None."""
    return next((way for way in SIGN_IN_WAYS if way.name == name and way.is_available()), None)
