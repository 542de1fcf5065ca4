"""Verifies ID tokens of OpenID Connect providers; joserfc does the cryptography.

Source: OpenID Connect Core 1.0, section 3.1.3.7.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from .refusals import SignInRefused

#: Signatures with the private key of a pair: neither `none` nor HS256, whose key could be a public one.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
#: Seconds by which clocks may differ, and for how long after its issue a token is accepted.
CLOCK_SKEW: Final = 120
MOST_SECONDS: Final = 600
_KEY_TYPES: Final = frozenset({"RSA", "EC", "OKP"})
_LONGEST_SUBJECT: Final = 255


class TokenSource(Protocol):
    """Who issues tokens, and to which client."""

    @property
    def label(self) -> str:
        """What people call it."""

    @property
    def issuer(self) -> str:
        """The issuer, as tokens name it."""

    @property
    def client_id(self) -> str:
        """The id under which it knows Petri."""


Keys = Callable[[bool], Sequence[Mapping[str, Any]]]


def verified_claims(provider: TokenSource, token: str, *, nonce: str, keys: Keys, now: int) -> dict[str, Any]:
    """Return the claims of an ID token that is valid for this sign-in; SignInRefused for any other.

    Args:
        provider: The provider from whose token endpoint the token comes.
        token: The ID token.
        nonce: What this sign-in sent to the provider.
        keys: Returns the provider's public keys; True: those that it has now, False: cached ones.
        now: The moment, in seconds since 1970.

    Returns:
        The claims.

    """
    claims = _signed_claims(provider, token, keys)
    _check(provider, claims, nonce, now)
    return claims


def _signed_claims(provider: TokenSource, token: str, keys: Keys) -> dict[str, Any]:
    """Return the claims of a token with a valid signature; keys that a provider has replaced are fetched."""
    # Lazy import: only sign-in with a provider needs it.
    from joserfc import jwt
    from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
    from joserfc.jws import JWSRegistry

    refusal = SignInRefused(
        f"The answer of {provider.label} isn't signed in a way that this dashboard accepts, so you aren't "
        "signed in. Try again; if it happens again, tell the person who runs this experiment.",
        "signature",
    )
    registry = JWSRegistry(algorithms=list(ALGORITHMS))
    for is_fresh in (False, True):
        try:
            # joserfc raises ValueError for keys and tokens that it can't parse.
            return dict(jwt.decode(token, _key_set(keys(is_fresh)), registry=registry).claims)
        except (BadSignatureError, InvalidKeyIdError):
            continue
        except (JoseError, ValueError, TypeError):
            raise refusal from None
    raise refusal


def _key_set(keys: Sequence[Mapping[str, Any]]) -> Any:
    """Return the keys that can verify signatures; a set may contain others, of kinds unknown here."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from joserfc.errors import InvalidKeyIdError, JoseError
    from joserfc.jwk import KeySet, import_key

    found = []
    for key in keys:
        if key.get("kty") in _KEY_TYPES and key.get("use", "sig") == "sig" and "d" not in key:
            try:
                found.append(import_key(dict(key)))
            except (JoseError, UnsupportedAlgorithm, ValueError, TypeError, KeyError):
                continue
    if not found:
        raise InvalidKeyIdError("the provider has no usable keys")
    return KeySet(found)


def _check(provider: TokenSource, claims: Mapping[str, Any], nonce: str, now: int) -> None:
    from joserfc.errors import ClaimError, ExpiredTokenError
    from joserfc.jwt import JWTClaimsRegistry

    registry = JWTClaimsRegistry(
        now=now,
        leeway=CLOCK_SKEW,
        iss={"essential": True, "value": provider.issuer},
        sub={"essential": True},
        aud={"essential": True, "value": provider.client_id},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        registry.validate(dict(claims))
    except ExpiredTokenError:
        raise _refusal(provider, "exp") from None
    except ClaimError as error:
        raise _refusal(provider, error.claim) from None
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else provider.client_id) != provider.client_id:
        raise _refusal(provider, "azp")
    if claims["iat"] < now - MOST_SECONDS - CLOCK_SKEW:
        raise _refusal(provider, "iat")
    if not 0 < len(claims["sub"]) <= _LONGEST_SUBJECT or not claims["sub"].isprintable():
        raise _refusal(provider, "sub")


def _refusal(provider: TokenSource, claim: str) -> SignInRefused:
    expired = f"The answer of {provider.label} has expired, so you aren't signed in. Begin again."
    other_program = f"{provider.label} signed you in to another program, not to this dashboard."
    sentences = {
        "iss": f"The answer doesn't come from {provider.label}, so you aren't signed in. Begin again.",
        "aud": other_program,
        "azp": other_program,
        "exp": expired,
        "iat": expired,
        "nbf": expired,
        "nonce": "This sign-in was begun in another browser, or was used before. Begin again.",
    }
    incomplete = (
        f"The answer of {provider.label} lacks what identifies you, so you aren't signed in. Tell the person "
        "who runs this experiment."
    )
    return SignInRefused(sentences.get(claim, incomplete), claim)
