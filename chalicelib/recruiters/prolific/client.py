"""Calls Prolific's API, and translates its errors.

Source: docs.prolific.com, "API Fundamentals" (token, error codes) and "Managing high loads" (429).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import requests

from chalicelib.errors import VendorRefused, VendorUnreachable

API = "https://api.prolific.com/api/v1"
#: Timeouts in seconds for connecting and for the response: well below the lease of a payment.
TIMEOUT = (5.0, 30.0)
#: The same for calls during which a participant waits to begin.
QUICK = (3.0, 8.0)
#: A list with more pages than this has a `next` that runs in circles.
MAX_PAGES = 1_000
SHOWN = 300

OK = range(200, 300)
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, TOO_MANY = 401, 403, 404, 429
SERVER_ERROR = 500


class ProlificNotFound(VendorRefused):
    """Prolific has nothing with this id; check it, and that the token belongs to its workspace."""


@dataclass(frozen=True, slots=True)
class ProlificResponse:
    """A response of Prolific's."""

    body: dict[str, Any]
    headers: Mapping[str, str]


class ProlificClient:
    """Calls the API with one researcher's token, with a new connection for each call."""

    def __init__(self, token: str, api: str = API, timeout: tuple[float, float] = TIMEOUT) -> None:
        """`api`: the base address; `timeout`: seconds to connect and to read."""
        self._token = token
        self._api = api.rstrip("/")
        self._timeout = timeout

    def __repr__(self) -> str:
        return f"<ProlificClient {self._api}>"

    def quick(self) -> ProlificClient:
        """Return a client with short timeouts, for calls during which a participant waits."""
        return ProlificClient(self._token, self._api, QUICK)

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """GET a resource."""
        return self.call("GET", f"{self._api}{path}", query=query).body

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """POST to a resource."""
        return self.call("POST", f"{self._api}{path}", body=body or {}).body

    def post_with_headers(self, path: str, body: Mapping[str, Any]) -> ProlificResponse:
        """POST to a resource, and return the response with its headers."""
        return self.call("POST", f"{self._api}{path}", body=body)

    def patch(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """PATCH a resource."""
        return self.call("PATCH", f"{self._api}{path}", body=body).body

    def list(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """GET all pages of a list."""
        page = self.get(path, **query)
        for _ in range(MAX_PAGES):
            yield from page.get("results") or ()
            following = ((page.get("_links") or {}).get("next") or {}).get("href")
            if not following:
                return
            if not str(following).startswith(f"{self._api}/"):
                # Each call sends the token, so it must never go to another host.
                raise VendorUnreachable(f"Prolific's list goes on at a foreign address, {following}.")
            page = self.call("GET", str(following)).body
        raise VendorUnreachable(f"Prolific's list {path} doesn't end.")

    def call(
        self,
        method: str,
        address: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> ProlificResponse:
        """Make one call; VendorUnreachable if its effect isn't known, VendorRefused for a permanent error."""
        try:
            response = requests.request(
                method,
                address,
                params=query,
                json=body,
                headers={"Authorization": f"Token {self._token}", "Accept": "application/json"},
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise VendorUnreachable(
                f"Prolific didn't answer ({type(error).__name__}); it is tried again."
            ) from error
        if response.status_code not in OK:
            raise _refusal(response)
        return ProlificResponse(_parsed(response), response.headers)


def _parsed(response: requests.Response) -> dict[str, Any]:
    if not response.content:
        return {}
    try:
        parsed = response.json()
    except requests.JSONDecodeError as error:
        raise VendorUnreachable("Prolific's answer can't be read; it is tried again.") from error
    return parsed if isinstance(parsed, dict) else {"results": parsed}


def _refusal(response: requests.Response) -> VendorRefused | VendorUnreachable:
    status = response.status_code
    if status == TOO_MANY:
        return VendorUnreachable("Prolific takes no more calls at this moment (429); it is tried again.")
    if status >= SERVER_ERROR or status < 400:  # noqa: PLR2004 - a redirect is no answer either
        return VendorUnreachable(f"Prolific has a fault ({status}); it is tried again.")
    detail = _detail(response)
    if status in (UNAUTHORIZED, FORBIDDEN):
        return VendorRefused(
            f"Prolific refuses the token ({detail}); check prolific_token and its workspace."
        )
    if status == NOT_FOUND:
        return ProlificNotFound(
            f"Prolific doesn't know this ({detail}); check the id and the token's workspace."
        )
    return VendorRefused(f"Prolific refused: {detail} Fix what it names, then release or try again.")


def _detail(response: requests.Response) -> str:
    """Return Prolific's own message: {"error": {"detail": ...}}, or {"detail": ...}."""
    try:
        body = response.json()
    except requests.JSONDecodeError:
        body = response.text
    if isinstance(body, dict):
        inner = body.get("error")
        body = inner.get("detail", inner) if isinstance(inner, dict) else body.get("detail", body)
    text = " ".join(str(body).split())[:SHOWN] or f"status {response.status_code}"
    return text if text.endswith((".", "!")) else f"{text}."


def status_in(found: Mapping[str, Any]) -> str:
    """Return the status of a submission, study or event: in capitals, with spaces between its words.

    Prolific writes one status in several ways: "TIMED-OUT", "TIMED_OUT", "Timed out".
    """
    return " ".join(re.split(r"[\s_-]+", str(found.get("status") or "").strip().upper()))
