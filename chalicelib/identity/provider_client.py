"""Fetches the documents of OpenID Connect providers, with limits on time and size, and a cache.

Sources: OpenID Connect Discovery 1.0 and RFC 7517 (JWK sets). Redirects aren't followed: a document comes
from the address that the settings or the discovery document name.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import quote, urlsplit

import requests
from requests.auth import AuthBase, HTTPBasicAuth
from urllib3.exceptions import HTTPError

from chalicelib.errors import VendorRefused, VendorUnreachable
from chalicelib.experiment.config.openid_settings import LOOPBACK, OpenIdProvider

#: Seconds to connect and to wait for bytes, and for one whole call; a sign-in makes up to five of them within
#: the 29 seconds of a request.
TIMEOUT: Final = (3.05, 4.0)
DEADLINE: Final = 5.0
#: Seconds for which a document isn't asked for again after its provider gave no answer: strangers can begin
#: sign-ins, and each of them would wait.
PAUSE_SECONDS: Final = 5.0
#: The largest document, in bytes.
MOST_BYTES: Final = 256 * 1024
#: Seconds for which a discovery document and keys are cached.
CACHE_SECONDS: Final = 3600.0
_CHUNK: Final = 16 * 1024
_SUCCESS: Final = range(200, 300)
_SERVER_ERROR: Final = 500
_TOO_MANY: Final = 429


class Labelled(Protocol):
    """A provider or a platform, as far as errors name it."""

    @property
    def label(self) -> str:
        """What people call it."""


@dataclass(frozen=True, slots=True)
class ProviderDocument:
    """What a provider says about itself: its addresses and methods."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    #: "" for a provider without one.
    userinfo_endpoint: str
    token_auth_methods: tuple[str, ...]
    #: Whether each answer names its issuer (RFC 9207).
    names_issuer: bool
    #: Where a person signs out; "" for a provider without such an address, or with an invalid one.
    end_session_endpoint: str = ""


class ProviderClient:
    """Calls providers; one object serves a whole process, and caches what seldom changes."""

    def __init__(self) -> None:
        self._cached: dict[str, tuple[float, dict[str, Any]]] = {}
        #: When an address last gave no answer.
        self._failed: dict[str, float] = {}

    def document(self, provider: OpenIdProvider) -> ProviderDocument:
        """Return the discovery document of a provider.

        VendorUnreachable without an answer, VendorRefused when the document isn't one of this issuer.
        """
        address = f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"
        found = self._cached_json(provider, address)
        if found.get("issuer") != provider.issuer:
            self._cached.pop(address, None)
            raise VendorRefused(
                f"{provider.label} describes itself as another issuer than the settings of this run name; "
                "correct the issuer in oidc_providers."
            )
        methods = found.get("token_endpoint_auth_methods_supported")
        return ProviderDocument(
            issuer=provider.issuer,
            authorization_endpoint=_address(provider, found, "authorization_endpoint"),
            token_endpoint=_address(provider, found, "token_endpoint"),
            jwks_uri=_address(provider, found, "jwks_uri"),
            userinfo_endpoint=(
                _address(provider, found, "userinfo_endpoint") if "userinfo_endpoint" in found else ""
            ),
            token_auth_methods=tuple(map(str, methods)) if isinstance(methods, list) else (),
            names_issuer=found.get("authorization_response_iss_parameter_supported") is True,
            end_session_endpoint=_sign_out_address(provider, found),
        )

    def keys(self, provider: OpenIdProvider, *, is_fresh: bool = False) -> list[dict[str, Any]]:
        """Return the public keys of a provider; `is_fresh`: fetch them even if they are cached."""
        address = self.document(provider).jwks_uri
        if is_fresh:
            self._cached.pop(address, None)
        found = self._cached_json(provider, address).get("keys")
        return [key for key in found if isinstance(key, dict)] if isinstance(found, list) else []

    def exchange(self, provider: OpenIdProvider, form: Mapping[str, str]) -> dict[str, Any]:
        """Exchange a code for tokens at the provider's token endpoint."""
        document = self.document(provider)
        methods = document.token_auth_methods
        sent = dict(form)
        auth: AuthBase | None = None
        if not provider.secret:
            sent["client_id"] = provider.client_id
        elif "client_secret_post" in methods and "client_secret_basic" not in methods:
            sent |= {"client_id": provider.client_id, "client_secret": provider.secret}
        else:
            auth = _Basic(provider.client_id, provider.secret)
        return json_of(provider, "POST", document.token_endpoint, data=sent, auth=auth)

    def user_info(self, provider: OpenIdProvider, access_token: str) -> dict[str, Any]:
        """Return the claims of the provider's userinfo endpoint; empty for a provider without one."""
        address = self.document(provider).userinfo_endpoint
        return json_of(provider, "GET", address, auth=_Bearer(access_token)) if address else {}

    def _cached_json(self, provider: OpenIdProvider, address: str) -> dict[str, Any]:
        found = self._cached.get(address)
        if found is not None and time.monotonic() - found[0] < CACHE_SECONDS:
            return found[1]
        if time.monotonic() - self._failed.get(address, -PAUSE_SECONDS) < PAUSE_SECONDS:
            raise VendorUnreachable(f"{provider.label} doesn't answer at the moment. Try again in a minute.")
        try:
            fetched = json_of(provider, "GET", address)
        except VendorUnreachable:
            self._failed[address] = time.monotonic()
            raise
        self._cached[address] = time.monotonic(), fetched
        return fetched


class _Basic(AuthBase):
    """HTTP Basic authentication with the encoding of RFC 6749, section 2.3.1."""

    def __init__(self, client_id: str, secret: str) -> None:
        self._basic = HTTPBasicAuth(quote(client_id, safe=""), quote(secret, safe=""))

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        self._basic(request)
        return request


class _Bearer(AuthBase):
    """Sends an access token; requests then reads no password for the host from a file."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _address(provider: OpenIdProvider, found: Mapping[str, Any], name: str) -> str:
    """Return an address of a discovery document; only that of a local provider may be unencrypted."""
    address = found.get(name)
    if isinstance(address, str) and is_safe(address, is_local=urlsplit(provider.issuer).scheme == "http"):
        return address
    raise VendorRefused(
        f"{provider.label} describes itself without a valid {name}; ask its operators about it."
    )


def _sign_out_address(provider: OpenIdProvider, found: Mapping[str, Any]) -> str:
    try:
        return _address(provider, found, "end_session_endpoint")
    except VendorRefused:
        # Signing in works without it.
        return ""


def is_safe(address: str, *, is_local: bool) -> bool:
    """Whether an address may be called: encrypted, or of this machine where that is allowed."""
    parts = urlsplit(address)
    is_encrypted = parts.scheme == "https" or (
        is_local and parts.scheme == "http" and parts.hostname in LOOPBACK
    )
    return is_encrypted and bool(parts.hostname) and "@" not in parts.netloc and not parts.fragment


def json_of(provider: Labelled, method: str, address: str, **asked: Any) -> dict[str, Any]:
    """Call an address of a provider and return the JSON object with which it answers."""
    return _object(provider, call(provider, method, address, **asked))


def call(
    provider: Labelled, method: str, address: str, *, headers: Mapping[str, str] | None = None, **asked: Any
) -> bytes:
    """Call an address of a provider and return the body of its answer.

    VendorUnreachable when a retry may succeed, VendorRefused when a person has to change something.
    """
    ends = time.monotonic() + DEADLINE
    sent = {"Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})}
    try:
        with (
            requests.Session() as session,
            session.request(
                method,
                address,
                headers=sent,
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
                **asked,
            ) as answer,
        ):
            status = answer.status_code
            body = _body(answer, ends) if status in _SUCCESS else b""
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        raise VendorUnreachable(
            f"{provider.label} doesn't answer at the moment. Try again in a minute."
        ) from error
    if status >= _SERVER_ERROR or status == _TOO_MANY:
        raise VendorUnreachable(f"{provider.label} has an error ({status}). Try again in a minute.")
    if status not in _SUCCESS:
        raise VendorRefused(f"{provider.label} refused a request of this dashboard ({status}).")
    return body


def _body(answer: requests.Response, ends: float) -> bytes:
    """Read an answer piece by piece; ValueError when it is too long, too slow or compressed."""
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise ValueError("the answer is compressed")
    found = bytearray()
    while piece := answer.raw.read1(_CHUNK):
        found += piece
        if len(found) > MOST_BYTES:
            raise ValueError("the answer is too long")
        if time.monotonic() > ends:
            raise ValueError("the answer is too slow")
    return bytes(found)


def _object(provider: Labelled, body: bytes) -> dict[str, Any]:
    refusal = VendorRefused(
        f"{provider.label} sent an answer that can't be read; ask its operators about it."
    )
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise refusal from None
    if not isinstance(found, dict):
        raise refusal
    return found
