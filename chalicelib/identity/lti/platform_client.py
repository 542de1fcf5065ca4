"""Calls learning platforms: fetches their public keys, and sends them scores.

Sources: 1EdTech Security Framework 1.0, section 4.1 (access tokens by a signed assertion), and Assignment and
Grade Services 2.0, section 3.4 (score service).
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from chalicelib.errors import VendorRefused, VendorUnreachable
from chalicelib.experiment.config.lti_settings import LtiPlatform
from chalicelib.identity.provider_client import CACHE_SECONDS, PAUSE_SECONDS, call, is_safe, json_of

from .launches import SCORE_SCOPE

#: Seconds for which keys aren't fetched again, though a launch names an unknown one.
FRESH_SECONDS: Final = 30.0
ALGORITHM: Final = "RS256"
#: Seconds for which an assertion to a platform is valid.
ASSERTION_SECONDS: Final = 60
_SCORE: Final = "application/vnd.ims.lis.v1.score+json"
_BITS: Final = 2048


class PlatformClient:
    """Calls platforms; one object serves a whole process, and caches their keys."""

    def __init__(self) -> None:
        self._keys: dict[str, tuple[float, list[dict[str, Any]]]] = {}
        #: When keys were asked for that haven't come yet.
        self._asked: dict[str, float] = {}
        #: A class opens the study at one moment: the first launch fetches the keys, the others wait for them.
        self._fetching: dict[str, threading.Lock] = {}

    def keys(self, platform: LtiPlatform, *, is_fresh: bool = False) -> list[dict[str, Any]]:
        """Return the public keys of a platform; `is_fresh`: fetch them even if they are cached.

        VendorUnreachable when the platform gave no answer a moment ago.
        """
        with self._fetching.setdefault(platform.keys_url, threading.Lock()):
            return self._current_keys(platform, is_fresh=is_fresh)

    def _current_keys(self, platform: LtiPlatform, *, is_fresh: bool) -> list[dict[str, Any]]:
        known, now = self._keys.get(platform.keys_url), time.monotonic()
        if known is not None and now - known[0] < (FRESH_SECONDS if is_fresh else CACHE_SECONDS):
            return known[1]
        # Strangers can send launches that name an unknown key, and each would make a call.
        if now - self._asked.get(platform.keys_url, -PAUSE_SECONDS) < PAUSE_SECONDS:
            raise VendorUnreachable(f"{platform.label} doesn't answer at the moment. Try again in a minute.")
        self._asked[platform.keys_url] = now
        found = json_of(platform, "GET", platform.keys_url).get("keys")
        keys = [key for key in found if isinstance(key, dict)] if isinstance(found, list) else []
        self._keys[platform.keys_url] = time.monotonic(), keys
        self._asked.pop(platform.keys_url, None)
        return keys

    def send_score(
        self,
        platform: LtiPlatform,
        key: Mapping[str, str],
        line_item: str,
        score: Mapping[str, Any],
        now: int,
    ) -> None:
        """Send a score to a platform's line item; a repeat with the same timestamp changes nothing.

        Args:
            platform: The platform.
            key: The private key of this run, as a JSON Web Key.
            line_item: The address of the line item, from the launch.
            score: The score, as the specification names its fields.
            now: The moment, in seconds since 1970.

        """
        if not is_safe(line_item, is_local=is_safe(platform.token_url, is_local=True)):
            raise VendorRefused(f"{platform.label} named no valid address for scores.")
        token = json_of(platform, "POST", platform.token_url, data=_token_request(platform, key, now)).get(
            "access_token"
        )
        if not isinstance(token, str) or not token:
            raise VendorRefused(f"{platform.label} gave no access token for sending scores.")
        place, _, query = line_item.partition("?")
        address = f"{place.rstrip('/')}/scores{'?' + query if query else ''}"
        headers = {"Authorization": f"Bearer {token}", "Content-Type": _SCORE}
        call(platform, "POST", address, headers=headers, data=json.dumps(dict(score)))


@cache
def platform_client() -> PlatformClient:
    """Return the client of this process."""
    return PlatformClient()


def new_tool_key() -> dict[str, str]:
    """Return a new RSA key of this run, as a JSON Web Key with its private part."""
    # Lazy import: only LTI needs it, here and below.
    from joserfc.jwk import RSAKey

    key = RSAKey.generate_key(_BITS, {"use": "sig", "alg": ALGORITHM}, private=True)
    return {
        **{name: str(value) for name, value in key.as_dict(private=True).items()},
        "kid": key.thumbprint(),
    }


def public_part(key: Mapping[str, str]) -> dict[str, str]:
    """Return a key as platforms get it, without its private part."""
    return {name: key[name] for name in ("kty", "n", "e", "kid", "use", "alg") if name in key}


def _token_request(platform: LtiPlatform, key: Mapping[str, str], now: int) -> dict[str, str]:
    from joserfc import jwt
    from joserfc.jwk import RSAKey

    claims = {
        "iss": platform.client_id,
        "sub": platform.client_id,
        "aud": platform.token_url,
        "iat": now,
        "exp": now + ASSERTION_SECONDS,
        "jti": secrets.token_urlsafe(16),
    }
    header = {"alg": ALGORITHM, "kid": key["kid"], "typ": "JWT"}
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode(header, claims, RSAKey.import_key(dict(key)), algorithms=[ALGORITHM]),
        "scope": SCORE_SCOPE,
    }
