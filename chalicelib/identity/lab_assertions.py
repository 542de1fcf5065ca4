"""Signs and verifies the assertions of labs: JSON Web Tokens, for which joserfc does the cryptography.

Sources: RFC 7519 (JSON Web Token), RFC 8725 (best practice), RFC 7518 (ES256).
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.operations.labs.lab_records import (
    AssertionPurpose,
    LabAssertion,
    TrustedLab,
    issuer_of,
)

from .refusals import SignInRefused

#: The one algorithm: neither `none`, nor one whose key could be a public one.
ALGORITHM: Final = "ES256"
#: What the header says, so that no other signed token can be taken for an assertion.
TOKEN_TYPE: Final = "petri-lab+jwt"  # noqa: S105 - a type, not a secret
LIFETIME: Final = timedelta(minutes=5)
#: Seconds by which the clocks of a lab and of an app may differ.
CLOCK_SKEW: Final = 60
_MOST_CHARACTERS: Final = 4_000
_MOST_TEXT: Final = 200
_ENTROPY: Final = 16
_SHORTEST_ID: Final = 16


@dataclass(frozen=True, slots=True)
class LabKeyPair:
    """A key with which a lab signs, and by which apps verify."""

    #: The thumbprint of the key.
    id: str
    #: The JSON Web Key with its private part.
    private: Mapping[str, str]

    @property
    def public(self) -> dict[str, str]:
        """The JSON Web Key without its private part, as apps get it."""
        return {name: self.private[name] for name in ("kty", "crv", "x", "y")}


@dataclass(frozen=True, slots=True)
class LabStatement:
    """What a lab states: about whom, to which app, what for, and with which rights."""

    lab_id: str
    app_id: str
    subject: str
    username: str
    name: str
    rights: frozenset[Right]
    purpose: AssertionPurpose


def new_key_pair() -> LabKeyPair:
    """Return a new pair of keys."""
    # Lazy import: only labs need it, here and below.
    from joserfc.jwk import ECKey

    key = ECKey.generate_key("P-256", private=True)
    private = {name: str(value) for name, value in key.as_dict(private=True).items()}
    return LabKeyPair(key.thumbprint(), private)


def signed_assertion(key: LabKeyPair, statement: LabStatement, now: datetime) -> str:
    """Return an assertion, which is valid for five minutes and is used once."""
    from joserfc import jwt
    from joserfc.jwk import ECKey

    claims = {
        "iss": issuer_of(statement.lab_id),
        "aud": statement.app_id,
        "sub": statement.subject,
        "preferred_username": statement.username,
        "name": statement.name,
        "rights": sorted(statement.rights),
        "purpose": statement.purpose.value,
        "iat": int(now.timestamp()),
        "exp": int((now + LIFETIME).timestamp()),
        "jti": secrets.token_urlsafe(_ENTROPY),
    }
    header = {"alg": ALGORITHM, "kid": key.id, "typ": TOKEN_TYPE}
    return jwt.encode(header, claims, ECKey.import_key(dict(key.private)), algorithms=[ALGORITHM])


def verified_assertion(
    token: str, labs: Sequence[TrustedLab], app_id: str, purpose: AssertionPurpose, now: datetime
) -> LabAssertion:
    """Return what a lab states; SignInRefused for what isn't a valid assertion to this app.

    Args:
        token: The assertion.
        labs: The labs that the app trusts.
        app_id: The id of the app.
        purpose: What the assertion is used for.
        now: The moment.

    Returns:
        The statement, which can be used once: whoever acts on it notes its id in the same commit.

    """
    header, claims = _signed(token, labs, now)
    lab = next(lab for lab in labs if lab.key(header["kid"], now) is not None)
    _check(claims, lab, app_id, purpose, now)
    return LabAssertion(
        id=_text(claims, "jti", shortest=_SHORTEST_ID),
        lab_id=lab.id,
        key_id=header["kid"],
        subject=_text(claims, "sub"),
        username=_text(claims, "preferred_username", shortest=0),
        name=_text(claims, "name", shortest=0),
        rights=_rights(claims, lab),
        purpose=purpose,
        ends=datetime.fromtimestamp(claims["exp"] + CLOCK_SKEW, UTC),
    )


def _signed(
    token: str, labs: Collection[TrustedLab], now: datetime
) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """Return header and claims of a token that a valid key of a trusted lab has signed."""
    from joserfc import jws, jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey
    from joserfc.jws import JWSRegistry

    valid = {key.id: key for lab in labs for key in lab.keys if key.is_valid(now)}
    try:
        if len(token) > _MOST_CHARACTERS:
            raise _refusal("length")
        header = jws.extract_compact(token.encode()).headers()
        key = valid.get(str(header.get("kid")))
        if header.get("typ") != TOKEN_TYPE or key is None:
            raise _refusal("key" if header.get("typ") == TOKEN_TYPE else "type")
        registry = JWSRegistry(algorithms=[ALGORITHM])
        decoded = jwt.decode(token, ECKey.import_key(dict(key.public)), registry=registry)
        return decoded.header, dict(decoded.claims)
    except (JoseError, ValueError, TypeError):
        # joserfc raises ValueError for keys and tokens that it can't parse.
        raise _refusal("signature") from None


def _check(
    claims: Mapping[str, Any], lab: TrustedLab, app_id: str, purpose: AssertionPurpose, now: datetime
) -> None:
    from joserfc.errors import ClaimError, ExpiredTokenError
    from joserfc.jwt import JWTClaimsRegistry

    seconds = int(now.timestamp())
    registry = JWTClaimsRegistry(
        now=seconds,
        leeway=CLOCK_SKEW,
        iss={"essential": True, "value": lab.issuer},
        aud={"essential": True, "value": app_id},
        exp={"essential": True},
        iat={"essential": True},
        purpose={"essential": True, "value": purpose.value},
    )
    try:
        registry.validate(dict(claims))
    except ExpiredTokenError:
        raise _refusal("exp") from None
    except ClaimError as error:
        raise _refusal(error.claim) from None
    if not isinstance(claims["aud"], str):
        raise _refusal("aud")
    if not all(type(claims[each]) is int for each in ("exp", "iat")):
        raise _refusal("exp")
    if claims["exp"] - claims["iat"] > LIFETIME.total_seconds():
        raise _refusal("exp")


def _rights(claims: Mapping[str, Any], lab: TrustedLab) -> frozenset[Right]:
    """Return the stated rights; one that the lab may not give refuses all of them."""
    stated = claims.get("rights")
    if not isinstance(stated, list) or not stated or not all(isinstance(each, str) for each in stated):
        raise _refusal("rights")
    if not set(stated) <= set(lab.rights):
        raise _refusal("rights")
    return frozenset(Right(each) for each in stated)


def _text(claims: Mapping[str, Any], claim: str, *, shortest: int = 1) -> str:
    value = claims.get(claim)
    if not isinstance(value, str) or not shortest <= len(value) <= _MOST_TEXT or not value.isprintable():
        raise _refusal(claim)
    return value


def _refusal(reason: str) -> SignInRefused:
    begin_again = "Open the app again from the page Apps of the lab."
    late = f"This sign-in took longer than five minutes, or a clock is wrong. {begin_again}"
    unknown = (
        "This app doesn't know the key with which the lab has signed. Ask a person who manages the lab to "
        "add the app again: petri lab add"
    )
    sentences = {
        "exp": late,
        "iat": late,
        "nbf": late,
        "key": unknown,
        "aud": f"The lab has signed you in to another app, not to this one. {begin_again}",
        "rights": (
            "The lab gives you more rights than it may give in this app. Ask a person who manages the lab to "
            "take some away, or to add the app again with more."
        ),
    }
    return SignInRefused(
        sentences.get(reason, f"This isn't a valid assertion of a lab. {begin_again}"), f"lab: {reason}"
    )
