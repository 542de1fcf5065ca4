"""Signs a person in with an OpenID Connect provider: the authorization code flow, with PKCE.

Sources: OpenID Connect Core 1.0 and RP-Initiated Logout 1.0, RFC 7636 (PKCE), RFC 9207 (the issuer in
answers), RFC 9700 (best practice).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from chalicelib.errors import VendorRefused
from chalicelib.experiment.config.openid_settings import OpenIdProvider

from .id_tokens import verified_claims
from .provider_client import ProviderClient
from .refusals import SignInRefused

_ENTROPY: Final = 32
_LONGEST_CODE: Final = 4096
_LONGEST_HINT: Final = 6000
_ERROR_CODE: Final = re.compile(r"[a-z_]{1,40}")
_CANCELLED: Final = frozenset({"access_denied", "user_cancelled"})


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """What a sign-in sent to a provider, and expects to get back."""

    provider: str
    state: str
    nonce: str
    verifier: str
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class VerifiedIdentity:
    """An account at a provider, which its owner has just signed in to."""

    provider: str
    issuer: str
    subject: str
    claims: Mapping[str, Any]
    #: Where the person signs out at the provider; "" for one that doesn't offer it.
    sign_out_address: str = field(default="", repr=False)


def begin(client: ProviderClient, provider: OpenIdProvider, redirect_uri: str) -> tuple[str, PendingSignIn]:
    """Return the address at which the person signs in, and what has to be kept until they come back."""
    state, nonce, verifier = (secrets.token_urlsafe(_ENTROPY) for _ in range(3))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": redirect_uri,
        "scope": provider.scopes,
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    endpoint = client.document(provider).authorization_endpoint
    address = f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"
    return address, PendingSignIn(provider.name, state, nonce, verifier, redirect_uri)


def finish(
    client: ProviderClient,
    provider: OpenIdProvider,
    pending: PendingSignIn,
    answer: Mapping[str, str],
    now: int,
) -> VerifiedIdentity:
    """Return the identity with which a person comes back from a provider.

    Args:
        client: Calls the provider.
        provider: The provider at whose address the answer arrived.
        pending: What this browser has begun.
        answer: The fields of the answer: state, code, iss, error.
        now: The moment, in seconds since 1970.

    Returns:
        The identity. SignInRefused, VendorRefused or VendorUnreachable when there is none.

    """
    state = answer.get("state", "")
    if not hmac.compare_digest(state.encode(), pending.state.encode()):
        raise not_begun()
    document = client.document(provider)
    issuer = answer.get("iss", provider.issuer if not document.names_issuer else "")
    if pending.provider != provider.name or issuer != provider.issuer:
        raise SignInRefused(
            f"The answer doesn't come from {provider.label}, so you aren't signed in. Begin again.", "mix-up"
        )
    if answer.get("error"):
        raise _provider_refusal(provider, answer["error"])
    code = answer.get("code", "")
    if not 0 < len(code) <= _LONGEST_CODE:
        raise SignInRefused(f"{provider.label} sent no answer to this sign-in. Begin again.", "code")
    tokens = _exchange(client, provider, pending, code)
    claims = verified_claims(
        provider,
        str(tokens.get("id_token", "")),
        nonce=pending.nonce,
        keys=lambda is_fresh: client.keys(provider, is_fresh=is_fresh),
        now=now,
    )
    found = _with_user_info(client, provider, claims, tokens)
    sign_out = _sign_out_address(provider, document.end_session_endpoint, tokens["id_token"])
    return VerifiedIdentity(provider.name, provider.issuer, claims["sub"], found, sign_out)


def _sign_out_address(provider: OpenIdProvider, endpoint: str, id_token: str) -> str:
    """Return the address at which the person ends their session at the provider.

    The ID token says whose session it is, so that the provider needn't ask; one that is too long for an
    address is left out. No address to come back to is named: a provider refuses one that isn't registered.
    """
    if not endpoint:
        return ""
    hint = {"id_token_hint": id_token} if len(id_token) <= _LONGEST_HINT else {}
    return (
        f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode({'client_id': provider.client_id, **hint})}"
    )


def not_begun() -> SignInRefused:
    """Return the refusal of an answer to a sign-in that this browser hasn't begun."""
    return SignInRefused(
        "This sign-in was begun in another browser, more than ten minutes ago, or in another tab since. "
        "Begin again.",
        "state",
    )


def _exchange(
    client: ProviderClient, provider: OpenIdProvider, pending: PendingSignIn, code: str
) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": pending.redirect_uri,
        "code_verifier": pending.verifier,
    }
    try:
        return client.exchange(provider, form)
    except VendorRefused as refused:
        raise SignInRefused(
            f"{provider.label} didn't confirm this sign-in. Begin again; if it happens again, tell the "
            "person who runs this experiment: the client ID or its secret may be wrong.",
            "token endpoint",
        ) from refused


def _with_user_info(
    client: ProviderClient, provider: OpenIdProvider, claims: dict[str, Any], tokens: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Add the claims that a provider reveals at its userinfo endpoint only."""
    wanted = {"name", "email"} | {rule.claim for rule in provider.rules if rule.claim}
    access_token = tokens.get("access_token")
    if wanted <= claims.keys() or not isinstance(access_token, str) or not access_token.isascii():
        return claims
    found = client.user_info(provider, access_token)
    if found and found.get("sub") != claims["sub"]:
        raise SignInRefused(
            f"{provider.label} described another person than the one who signed in. Begin again.", "userinfo"
        )
    # `email_verified` describes the address of its own source, not that of the other one.
    other = found if "email" in claims else claims
    other.pop("email_verified", None)
    return {**found, **claims}


def _provider_refusal(provider: OpenIdProvider, error: str) -> SignInRefused:
    word = error if _ERROR_CODE.fullmatch(error) else "other"
    if word in _CANCELLED:
        cancelled = SignInRefused(f"The sign-in was cancelled at {provider.label}.", word)
        cancelled.is_cancelled = True
        return cancelled
    return SignInRefused(
        f"{provider.label} didn't sign you in ({word}). Begin again; if it happens again, tell "
        f"{provider.contact}.",
        word,
    )
