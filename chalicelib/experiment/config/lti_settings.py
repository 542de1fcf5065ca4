"""Reads the setting of learning platforms that open the study by LTI 1.3."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlsplit

from chalicelib.immutable import immutable

from .openid_settings import LOOPBACK, json_object

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,30}")
_EXAMPLE: Final = '{"moodle": {"issuer": "https://moodle.example.edu", "client_id": "...", ...}}'
_ADDRESSES: Final = ("login_url", "token_url", "keys_url")
_FIELDS: Final = frozenset({"label", "issuer", "client_id", "deployments", *_ADDRESSES})
_MOST_PLATFORMS: Final = 10
_MOST_DEPLOYMENTS: Final = 50
_LONGEST: Final = 500


@immutable()
class LtiPlatform:
    """A learning platform (Moodle, Canvas, ...) at which Petri is registered as a tool."""

    #: The last segment of its addresses below /join/lti.
    name: str
    #: What people call it.
    label: str
    issuer: str
    client_id: str
    #: Where people sign in, where access tokens are issued, and where the platform's public keys are.
    login_url: str
    token_url: str
    keys_url: str
    #: The ids of the deployments that may open the study; empty for all of this client.
    deployments: tuple[str, ...] = ()


def check_platforms(text: str) -> None:
    """Validate the setting `lti_platforms`; ValueError with the end of a sentence."""
    _platforms(text)


def platforms_in(config: Any) -> tuple[LtiPlatform, ...]:
    """Return the platforms of a run's settings; ValueError when they aren't valid."""
    return _platforms(str(config.get("lti_platforms", "") or ""))


def local_platforms(text: str) -> list[str]:
    """Return the names of platforms on this machine, which work in debug mode only."""
    return [each.name for each in _platforms(text) if _is_local(each)]


def _is_local(platform: LtiPlatform) -> bool:
    addresses = (platform.issuer, platform.login_url, platform.token_url, platform.keys_url)
    return any(urlsplit(address).scheme == "http" for address in addresses)


def _platforms(text: str) -> tuple[LtiPlatform, ...]:
    if not text.strip():
        return ()
    found = json_object(text, f"must be a JSON object such as {_EXAMPLE}")
    if len(found) > _MOST_PLATFORMS:
        raise ValueError(f"must name at most {_MOST_PLATFORMS} platforms")
    return tuple(_platform(name, fields) for name, fields in found.items())


def _platform(name: str, fields: Any) -> LtiPlatform:
    if not _NAME.fullmatch(name):
        raise ValueError(
            "must name each platform with up to 31 lower-case letters, digits and dashes, such as moodle"
        )
    if not isinstance(fields, dict) or not fields.keys() <= _FIELDS:
        raise ValueError(f"must give '{name}' no other fields than {', '.join(sorted(_FIELDS))}")
    deployments = fields.get("deployments", [])
    is_list = isinstance(deployments, list) and len(deployments) <= _MOST_DEPLOYMENTS
    if not is_list or not all(isinstance(one, str) and one for one in deployments):
        raise ValueError(f"must have a list of deployment ids for '{name}', such as [\"1\"]")
    login, token, keys = (_address(name, field, fields.get(field)) for field in _ADDRESSES)
    return LtiPlatform(
        name=name,
        label=_text(name, "label", fields.get("label", name.replace("-", " ").capitalize())),
        issuer=_address(name, "issuer", fields.get("issuer")),
        client_id=_text(name, "client_id", fields.get("client_id")),
        login_url=login,
        token_url=token,
        keys_url=keys,
        deployments=tuple(deployments),
    )


def _text(name: str, field: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST or not value.isprintable():
        raise ValueError(f"must have a text in one line as the {field} of '{name}'")
    return value.strip()


def _address(name: str, field: str, value: Any) -> str:
    """Return an address exactly as it is written: the issuer is compared with that in tokens."""
    address = _text(name, field, value)
    parts = urlsplit(address)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not is_safe or not parts.hostname or parts.fragment or "@" in parts.netloc:
        raise ValueError(f"must have an https address as the {field} of '{name}'")
    return address
