"""Calls of Prolific's API, and what its refusals mean.

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
#: Seconds to connect, and to wait for an answer: well below the lease that a payment has.
TIMEOUT = (5.0, 30.0)
#: The same where a participant, who is about to begin, waits for the answer.
QUICK = (3.0, 8.0)
#: Lists longer than this many pages mean that `next` runs in circles.
MAX_PAGES = 1_000
SHOWN = 300

OK = range(200, 300)
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, TOO_MANY = 401, 403, 404, 429
SERVER_ERROR = 500


class ProlificNotFound(VendorRefused):
    """Prolific knows nothing under this id; check it, and that the token belongs to its workspace."""


@dataclass(frozen=True, slots=True)
class ProlificResponse:
    """What Prolific answered."""

    body: dict[str, Any]
    headers: Mapping[str, str]


class ProlificClient:
    """Speaks to the API with one researcher's token; a connection for each call, so nothing goes stale."""

    def __init__(self, token: str, api: str = API, timeout: tuple[float, float] = TIMEOUT) -> None:
        """`api`: the address that all paths are below; `timeout`: seconds to connect and to read."""
        self._token = token
        self._api = api.rstrip("/")
        self._timeout = timeout

    def __repr__(self) -> str:
        return f"<ProlificClient {self._api}>"

    def quick(self) -> ProlificClient:
        """Return one for questions that a participant waits for: it gives up after seconds."""
        return ProlificClient(self._token, self._api, QUICK)

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Read one thing."""
        return self.call("GET", f"{self._api}{path}", query=query).body

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Make something, or have something done."""
        return self.call("POST", f"{self._api}{path}", body=body or {}).body

    def post_with_headers(self, path: str, body: Mapping[str, Any]) -> ProlificResponse:
        """Make something whose answer says more in its headers."""
        return self.call("POST", f"{self._api}{path}", body=body)

    def patch(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Change something."""
        return self.call("PATCH", f"{self._api}{path}", body=body).body

    def list(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Read every page of a list."""
        page = self.get(path, **query)
        for _ in range(MAX_PAGES):
            yield from page.get("results") or ()
            following = ((page.get("_links") or {}).get("next") or {}).get("href")
            if not following:
                return
            if not str(following).startswith(f"{self._api}/"):
                # The token goes with each call: never to another host.
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
        """Make one call; VendorUnreachable when its effect isn't known, VendorRefused for a final no."""
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
    told = _detail(response)
    if status in (UNAUTHORIZED, FORBIDDEN):
        return VendorRefused(f"Prolific refuses the token ({told}); check prolific_token and its workspace.")
    if status == NOT_FOUND:
        return ProlificNotFound(
            f"Prolific doesn't know this ({told}); check the id and the token's workspace."
        )
    return VendorRefused(f"Prolific refused: {told} Fix what it names, then release or try again.")


def _detail(response: requests.Response) -> str:
    """Return Prolific's own words: {"error": {"detail": ...}}, or {"detail": ...}."""
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
