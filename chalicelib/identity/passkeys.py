"""Makes and verifies what browsers exchange with passkeys; `webauthn` does the cryptography.

A passkey is bound to the host of the dashboard. Source: W3C, Web Authentication Level 2, section 7.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from .refusals import SignInRefused

#: The longest answer of a browser, in characters; attestation isn't asked for, so answers are short.
MOST_CHARACTERS: Final = 16_000
_MINUTE: Final = 60_000


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey that a browser has just made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def registration_options(
    origin: str, run: str, username: str, user_handle: bytes, challenge: bytes, known: Sequence[bytes]
) -> str:
    """Return, as JSON, what a browser needs to make a passkey that no known one is.

    Args:
        origin: Where the browser finds the dashboard.
        run: The name of the run, which the browser shows.
        username: The user's name, which the browser shows.
        user_handle: What stands for the user in the passkey, which must not identify the person.
        challenge: Random bytes of this attempt.
        known: The ids of the user's passkeys.

    Returns:
        The options.

    """
    # Lazy import: only passkeys need it, here and below.
    import webauthn
    from webauthn.helpers import structs

    options = webauthn.generate_registration_options(
        rp_id=_host(origin),
        rp_name=run,
        user_id=user_handle,
        user_name=username,
        challenge=challenge,
        timeout=5 * _MINUTE,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=each) for each in known],
    )
    return webauthn.options_to_json(options)


def sign_in_options(origin: str, challenge: bytes) -> str:
    """Return, as JSON, what a browser needs to offer the person's own passkeys for this host."""
    import webauthn
    from webauthn.helpers.structs import UserVerificationRequirement

    options = webauthn.generate_authentication_options(
        rp_id=_host(origin),
        challenge=challenge,
        timeout=5 * _MINUTE,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def verified_registration(origin: str, answer: str, challenge: bytes) -> NewPasskey:
    """Return the passkey that a browser has made; SignInRefused when its answer isn't valid."""
    import webauthn

    with _refusals("This passkey couldn't be added. Reload the page, and try again."):
        found = webauthn.verify_registration_response(
            credential=_parsed(answer),
            expected_challenge=challenge,
            expected_rp_id=_host(origin),
            expected_origin=origin,
            require_user_verification=True,
        )
        return NewPasskey(found.credential_id, found.credential_public_key, found.sign_count)


def credential_id_in(answer: str) -> bytes:
    """Return the id of the passkey with which a browser answers; SignInRefused when there is none."""
    from webauthn.helpers import base64url_to_bytes

    with _refusals(_WRONG):
        return base64url_to_bytes(_parsed(answer)["rawId"])


def verified_count(origin: str, answer: str, challenge: bytes, public_key: bytes) -> int:
    """Return how often the passkey says it was used; SignInRefused when its answer isn't valid.

    The caller compares the count with the one before.
    """
    import webauthn

    with _refusals(_WRONG):
        found = webauthn.verify_authentication_response(
            credential=_parsed(answer),
            expected_challenge=challenge,
            expected_rp_id=_host(origin),
            expected_origin=origin,
            credential_public_key=public_key,
            # The library would refuse a lower count without saying so; the caller marks the passkey.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
        return found.new_sign_count


_WRONG: Final = "This passkey doesn't sign in here. Try again, or sign in in another way."


@contextmanager
def _refusals(sentence: str) -> Iterator[None]:
    from cryptography.exceptions import UnsupportedAlgorithm
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        yield
    except (
        WebAuthnException,
        UnsupportedAlgorithm,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        IndexError,
    ) as error:
        # Parsers of the answer raise these for one that was made up.
        raise SignInRefused(sentence, f"passkey: {type(error).__name__}") from error


def _parsed(answer: str) -> dict[str, Any]:
    if len(answer) > MOST_CHARACTERS:
        raise ValueError("the answer is too long")
    found = json.loads(answer)
    if not isinstance(found, dict):
        raise TypeError("the answer is not an object")
    return found


def _host(origin: str) -> str:
    return urlsplit(origin).hostname or ""
