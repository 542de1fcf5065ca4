"""Serves the OpenID Connect protocol over HTTP: discovery, keys, sign-in, tokens, user info, and faults.

It verifies what a real provider verifies: the client, its secret, the redirect address, PKCE, and that each
code is used once. Sources: OpenID Connect Core 1.0 and Discovery 1.0, RFC 6749, RFC 7636.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

CLIENT, SECRET = "petri-dashboard", "secret of the/test"
ADA = {"sub": "ada-1815", "name": "Ada Lovelace", "email": "ada@example.edu", "email_verified": True}

Reply = tuple[int, dict[str, str], bytes]


def new_key() -> ECKey:
    """Return a new pair of keys."""
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"})
    key.ensure_kid()
    return key


@dataclass
class _Grant:
    """What a code stands for."""

    redirect_uri: str
    nonce: str
    challenge: str
    person: dict[str, Any]
    is_used: bool = False


@dataclass
class StandInProvider:
    """A provider: `with StandInProvider.running() as provider: ... provider.issuer`."""

    issuer: str = ""
    secret: str = SECRET
    #: The person who is signed in at the provider.
    person: dict[str, Any] = field(default_factory=lambda: dict(ADA))
    #: Changes the claims of the next ID tokens.
    change_claims: Callable[[dict[str, Any]], dict[str, Any]] = dict
    #: Signs the claims of ID tokens.
    sign: Callable[[dict[str, Any]], str] | None = None
    #: Fields that replace those of the discovery document.
    discovery: dict[str, Any] = field(default_factory=dict)
    #: What an address answers instead, by its path.
    faults: dict[str, Reply | Callable[[Any], None]] = field(default_factory=dict)
    #: Which claims are revealed at the userinfo endpoint only.
    hidden: frozenset[str] = frozenset()
    #: What replaces the userinfo of the person.
    user_info: dict[str, Any] = field(default_factory=dict)
    #: The error with which sign-in ends, or "".
    error: str = ""
    calls: list[str] = field(default_factory=list)
    #: Who has signed out at the provider.
    signed_out: list[str] = field(default_factory=list)
    key: ECKey = field(default_factory=new_key)
    _codes: dict[str, _Grant] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Self]:
        """Serve a provider on a free port of this machine, for the block."""
        provider = cls()
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Door", (_Handler,), {"provider": provider}))
        provider.issuer = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def rotate_key(self) -> None:
        """Sign with another key from now on; the former one is withdrawn."""
        self.key = new_key()

    def answer(self, method: str, target: str, headers: Any, body: str) -> Reply:
        """Answer a call."""
        place = urlsplit(target)
        self.calls.append(f"{method} {place.path}")
        query, form = dict(parse_qsl(place.query)), dict(parse_qsl(body))
        match (method, place.path):
            case ("GET", "/.well-known/openid-configuration"):
                return _json(self._document())
            case ("GET", "/keys"):
                return _json(KeySet([self.key]).as_dict(private=False))
            case ("GET", "/sign-out" | "/authorize" as page):
                return self._sign_out(query) if page == "/sign-out" else self._authorize(query)
            case ("POST", "/token"):
                return self._token(form, headers)
            case ("GET", "/userinfo"):
                is_known = headers.get("Authorization", "").startswith("Bearer access-")
                return _json(self.user_info or self.person) if is_known else _json({}, 401)
        return _json({"error": "not found"}, 404)

    def code_for(self, address: str) -> dict[str, str]:
        """Return the fields with which the person comes back after signing in at this address."""
        status, headers, body = self._authorize(dict(parse_qsl(urlsplit(address).query)), is_shown=False)
        assert status == 302, body
        return dict(parse_qsl(urlsplit(headers["Location"]).query))

    def _document(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "authorization_response_iss_parameter_supported": True,
            **self.discovery,
        }

    def _authorize(self, query: dict[str, str], *, is_shown: bool = True) -> Reply:
        """Show a page whose button signs in, as a provider does for a person who is known there."""
        if query.get("client_id") != CLIENT or query.get("response_type") != "code":
            return 400, {}, b"unknown client"
        if "openid" not in query.get("scope", "").split() or query.get("code_challenge_method") != "S256":
            return 400, {}, b"invalid request"
        back = {"state": query.get("state", ""), "iss": self.issuer}
        if self.error:
            back |= {"error": self.error, "error_description": "<b>The provider's words.</b>"}
        else:
            code = secrets.token_urlsafe(16)
            self._codes[code] = _Grant(
                query["redirect_uri"], query.get("nonce", ""), query["code_challenge"], dict(self.person)
            )
            back |= {"code": code}
        address = f"{query['redirect_uri']}?{urlencode(back)}"
        if not is_shown:
            return 302, {"Location": address}, b""
        page = (
            '<!doctype html><title>Sign in</title><link rel="icon" href="data:,">'
            f'<a id="go" href="{escape(address)}">Continue as Ada</a>'
        )
        return 200, {"Content-Type": "text/html; charset=utf-8"}, page.encode()

    def _sign_out(self, query: dict[str, str]) -> Reply:
        """Sign the person out whom a token of this provider names, without asking them."""
        hint = jwt.decode(query.get("id_token_hint", ""), self.key)
        if (query.get("client_id"), hint.claims["aud"]) != (CLIENT, CLIENT):
            return 400, {}, b"invalid request"
        self.signed_out.append(hint.claims["sub"])
        return 200, {"Content-Type": "text/html; charset=utf-8"}, b"<!doctype html><title>Bye</title>"

    def _token(self, form: dict[str, str], headers: Any) -> Reply:
        if not self._is_client(form, headers):
            return _json({"error": "invalid_client"}, 401)
        grant = self._codes.get(form.get("code", ""))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            grant is None
            or grant.is_used
            or (grant.redirect_uri, grant.challenge) != (form.get("redirect_uri"), challenge)
        ):
            return _json({"error": "invalid_grant"}, 400)
        grant.is_used = True
        now = int(time.time())
        claims = {name: value for name, value in grant.person.items() if name not in self.hidden}
        claims |= {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": grant.nonce}
        claims = self.change_claims(claims)
        token = (self.sign or self.signed)(claims)
        return _json({"access_token": "access-1", "token_type": "Bearer", "id_token": token})

    def signed(self, claims: dict[str, Any]) -> str:
        """Sign the claims of an ID token."""
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, self.key)

    def _is_client(self, form: dict[str, str], headers: Any) -> bool:
        if not self.secret:
            return form.get("client_id") == CLIENT
        methods = self.discovery.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if "client_secret_basic" in methods:
            scheme, _, sent = headers.get("Authorization", "").partition(" ")
            name, _, secret = base64.b64decode(sent).decode().partition(":")
            return scheme == "Basic" and (unquote(name), unquote(secret)) == (CLIENT, self.secret)
        return (form.get("client_id"), form.get("client_secret")) == (CLIENT, self.secret)


def _json(value: Any, status: int = 200) -> Reply:
    return status, {"Content-Type": "application/json"}, json.dumps(value).encode()


class _Handler(BaseHTTPRequestHandler):
    provider: StandInProvider

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        fault = self.provider.faults.get(urlsplit(self.path).path)
        if callable(fault):
            fault(self)
            return
        answer = self.provider.answer(self.command, self.path, self.headers, body)
        status, headers, content = fault or answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Log nothing."""
