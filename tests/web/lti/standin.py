"""A stand-in for a learning platform: login, signed launches, access tokens and line items, on loopback.

It verifies what a real platform verifies: the client, its redirect address, the signed assertion for a token,
and the token for scores. Sources: 1EdTech Security Framework 1.0, LTI Core 1.3, and Assignment and Grade
Services 2.0.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, DEPLOYMENT = "petri-tool", "deployment-1"
CLAIM = "https://purl.imsglobal.org/spec/lti/claim"
AGS = "https://purl.imsglobal.org/spec/lti-ags"
LEARNER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"
INSTRUCTOR = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"
ADA = {"sub": "ada-1815", "name": "Ada Lovelace", "email": "ada@example.edu"}

Reply = tuple[int, bytes]


def new_key() -> RSAKey:
    """Return a new pair of keys."""
    key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"})
    key.ensure_kid()
    return key


@dataclass
class StandInPlatform:
    """A platform: `with StandInPlatform.running() as platform: ... platform.setting(...)`."""

    url: str = ""
    key: RSAKey = field(default_factory=new_key)
    #: Where the tool takes launches, and where its keys are.
    launch_url: str = ""
    tool_keys: list[dict[str, Any]] = field(default_factory=list)
    #: Answers that come instead of the next ones, by path.
    faults: dict[str, deque[Reply]] = field(default_factory=dict)
    #: The scores of each line item, in the order in which they came.
    scores: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    calls: int = 0
    _tokens: set[str] = field(default_factory=set)
    _assertions: set[str] = field(default_factory=set)

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Self]:
        """Serve a platform on a free port of this machine, for the block."""
        platform = cls()
        server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Door", (_PlatformHandler,), {"platform": platform})
        )
        platform.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield platform
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def fields(self, **fields: Any) -> dict[str, Any]:
        """Return how the settings of a run describe this platform."""
        return {
            "label": "The university's Moodle",
            "issuer": self.url,
            "client_id": CLIENT,
            "login_url": f"{self.url}/auth",
            "token_url": f"{self.url}/token",
            "keys_url": f"{self.url}/keys",
            "deployments": [DEPLOYMENT],
            **fields,
        }

    def authorize(self, address: str) -> dict[str, str]:
        """Return the query with which the tool sent a browser here, checked as a platform does."""
        query = dict(parse_qsl(urlsplit(address).query))
        assert query["client_id"] == CLIENT
        assert query["redirect_uri"] == self.launch_url
        assert (query["response_type"], query["response_mode"]) == ("id_token", "form_post")
        assert (query["scope"], query["prompt"]) == ("openid", "none")
        return query

    def claims(self, person: dict[str, str], class_code: str, **changed: Any) -> dict[str, Any]:
        """Return the claims of a launch; a claim that is changed to None is left out."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            **person,
            f"{CLAIM}/deployment_id": DEPLOYMENT,
            f"{CLAIM}/version": "1.3.0",
            f"{CLAIM}/message_type": "LtiResourceLinkRequest",
            f"{CLAIM}/resource_link": {"id": "link-7"},
            f"{CLAIM}/roles": [LEARNER],
            f"{CLAIM}/custom": {"class": class_code},
            f"{AGS}/claim/endpoint": {
                "scope": [f"{AGS}/scope/score"],
                "lineitem": f"{self.url}/items/7?course=1",
            },
            **changed,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def signed(self, claims: dict[str, Any], key: RSAKey | None = None) -> str:
        """Sign the claims of a launch."""
        signing = key or self.key
        return jwt.encode({"alg": "RS256", "kid": signing.kid}, claims, signing)

    def answer(self, method: str, target: str, headers: Any, body: bytes) -> Reply:
        """Answer a call."""
        place = urlsplit(target)
        self.calls += 1
        if self.faults.get(place.path):
            return self.faults[place.path].popleft()
        match (method, place.path):
            case ("GET", "/keys"):
                return 200, json.dumps(KeySet([self.key]).as_dict(private=False)).encode()
            case ("POST", "/token"):
                return self._token(dict(parse_qsl(body.decode())))
            case ("POST", "/items/7/scores"):
                token = headers.get("Authorization", "").removeprefix("Bearer ")
                right_type = headers.get("Content-Type") == "application/vnd.ims.lis.v1.score+json"
                if token not in self._tokens or not right_type or place.query != "course=1":
                    return 401, b"{}"
                self.scores.append((place.path, json.loads(body)))
                return 200, b""
        return 404, b"{}"

    def _token(self, form: dict[str, str]) -> Reply:
        keys = KeySet([RSAKey.import_key(key) for key in self.tool_keys])
        claims = jwt.decode(form["client_assertion"], keys, algorithms=["RS256"]).claims
        is_valid = (
            claims["iss"] == claims["sub"] == CLIENT
            and claims["aud"] == f"{self.url}/token"
            and claims["jti"] not in self._assertions
            and form["scope"] == f"{AGS}/scope/score"
        )
        if not is_valid:
            return 400, b'{"error": "invalid_client"}'
        self._assertions.add(claims["jti"])
        token = secrets.token_urlsafe(16)
        self._tokens.add(token)
        return 200, json.dumps({"access_token": token, "token_type": "Bearer", "expires_in": 3600}).encode()


class _PlatformHandler(BaseHTTPRequestHandler):
    platform: StandInPlatform

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, answer = self.platform.answer(self.command, self.path, self.headers, body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""
