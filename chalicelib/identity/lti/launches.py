"""Verifies the launches of learning platforms.

Sources: 1EdTech Security Framework 1.0, section 5.1 (third-party initiated login), and Learning Tools
Interoperability Core 1.3, sections 5 and 6 (messages and claims).
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from chalicelib.errors import Forbidden
from chalicelib.experiment.config.lti_settings import LtiPlatform
from chalicelib.identity.id_tokens import Keys, verified_claims
from chalicelib.identity.refusals import SignInRefused
from chalicelib.operations.classes.lti_members import LtiLaunch

#: For how long a person may take from the platform's login to the launch.
LIFETIME: Final = timedelta(minutes=10)
_CLAIM: Final = "https://purl.imsglobal.org/spec/lti/claim"
_GRADES: Final = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
SCORE_SCOPE: Final = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
_RESOURCE_LINK: Final = "LtiResourceLinkRequest"
_VERSION: Final = "1.3.0"
#: Roles in the course; people also have roles at the institution, which say nothing about this course.
_IN_COURSE: Final = "/vocab/lis/v2/membership"
_TEACHES: Final = re.compile(r"[#/](Instructor|TeachingAssistant|ContentDeveloper|Administrator)$")
_ENTROPY: Final = 32
_LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class PendingLaunch:
    """A launch that a platform has begun in this browser."""

    platform: str
    state: str
    nonce: str


def begin_launch(
    platform: LtiPlatform, given: Mapping[str, str], launch_url: str
) -> tuple[str, PendingLaunch]:
    """Return the address at which the platform proves who the person is, and what the browser has to keep.

    Args:
        platform: The platform that began the launch.
        given: What it sent: iss, login_hint, and lti_message_hint and client_id if it has them.
        launch_url: The address to which it sends the launch.

    Returns:
        The address, and the launch. Forbidden for what doesn't come from this platform.

    """
    if (
        given.get("iss") != platform.issuer
        or given.get("client_id", platform.client_id) != platform.client_id
    ):
        raise refused_launch(platform, "login")
    if not 0 < len(given.get("login_hint", "")) <= _LONGEST * 4:
        raise refused_launch(platform, "login_hint")
    state, nonce = secrets.token_urlsafe(_ENTROPY), secrets.token_urlsafe(_ENTROPY)
    asked = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": platform.client_id,
        "redirect_uri": launch_url,
        "login_hint": given["login_hint"],
        "state": state,
        "nonce": nonce,
    }
    if given.get("lti_message_hint"):
        asked["lti_message_hint"] = given["lti_message_hint"]
    separator = "&" if "?" in platform.login_url else "?"
    return f"{platform.login_url}{separator}{urlencode(asked)}", PendingLaunch(platform.name, state, nonce)


def verified_launch(
    platform: LtiPlatform, pending: PendingLaunch, given: Mapping[str, str], keys: Keys, now: datetime
) -> LtiLaunch:
    """Return who a platform sends, and to which class; Forbidden for anything but a valid launch.

    Args:
        platform: The platform at whose address the launch arrived.
        pending: The launch that this browser has begun.
        given: The fields of the form: id_token, state, or error.
        keys: Returns the platform's public keys.
        now: The moment.

    Returns:
        The launch, which is used once: the operation that acts on it stores its id in the same commit.

    """
    is_own = hmac.compare_digest(given.get("state", "").encode(), pending.state.encode())
    if not is_own or pending.platform != platform.name:
        raise refused_launch(platform, "state")
    if given.get("error"):
        raise refused_launch(platform, "error")
    try:
        claims = verified_claims(
            platform, given.get("id_token", ""), nonce=pending.nonce, keys=keys, now=int(now.timestamp())
        )
    except SignInRefused as refused:
        raise refused_launch(platform, refused.reason) from None
    _check(platform, claims)
    custom = _mapping(claims, "custom")
    grades = claims.get(_GRADES)
    line_item = str(grades.get("lineitem") or "") if isinstance(grades, dict) else ""
    scopes = grades.get("scope") if isinstance(grades, dict) else None
    return LtiLaunch(
        id=pending.nonce,
        ends=now + LIFETIME,
        platform=platform.name,
        issuer=platform.issuer,
        subject=claims["sub"],
        name=_name(claims),
        email=_text(claims.get("email")),
        class_code=_text(custom.get("class")),
        teaches=_teaches(_roles(claims)),
        line_item=line_item if isinstance(scopes, list) and SCORE_SCOPE in scopes else "",
    )


def refused_launch(platform: LtiPlatform, reason: str) -> Forbidden:
    """Return the refusal of a launch; `reason`: a word for the person who set the platform up."""
    return Forbidden(
        f"The study can't be opened from {platform.label} ({reason}). Go back there and open it again; if it "
        "happens again, tell your teacher.",
        code="lti_refused",
    )


def _check(platform: LtiPlatform, claims: Mapping[str, Any]) -> None:
    deployment = claims.get(f"{_CLAIM}/deployment_id")
    if not isinstance(deployment, str) or not deployment:
        raise refused_launch(platform, "deployment")
    if platform.deployments and deployment not in platform.deployments:
        raise refused_launch(platform, "deployment")
    if claims.get(f"{_CLAIM}/version") != _VERSION:
        raise refused_launch(platform, "version")
    if claims.get(f"{_CLAIM}/message_type") != _RESOURCE_LINK:
        raise refused_launch(platform, "message type")
    if not _text(_mapping(claims, "resource_link").get("id")):
        raise refused_launch(platform, "resource link")


def _mapping(claims: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = claims.get(f"{_CLAIM}/{name}")
    return found if isinstance(found, dict) else {}


def _roles(claims: Mapping[str, Any]) -> list[str]:
    found = claims.get(f"{_CLAIM}/roles")
    return [role for role in found if isinstance(role, str)] if isinstance(found, list) else []


def _teaches(roles: list[str]) -> bool:
    """Whether a person teaches: by their roles in the course, and by others only if they have none there."""
    in_course = [role for role in roles if _IN_COURSE in role or "/" not in role]
    return any(_TEACHES.search(f"#{role}") for role in in_course or roles)


def _name(claims: Mapping[str, Any]) -> str:
    parts = " ".join(filter(None, (_text(claims.get("given_name")), _text(claims.get("family_name")))))
    return _text(claims.get("name")) or parts


def _text(value: Any) -> str:
    """Return a claim that is a short text; "" for any other."""
    return value.strip() if isinstance(value, str) and len(value) <= _LONGEST else ""
