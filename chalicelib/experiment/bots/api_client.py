"""Sends a bot's HTTP requests, with retries and backoff.

Each request has an X-Request-Id, its idempotency key, which stays the same in each retry. So a retry of a
request that did arrive changes nothing and gets the first response again.
"""

from __future__ import annotations

import json
import logging
import math
import random
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import sleep
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from chalicelib.errors import PetriError

if TYPE_CHECKING:
    import requests

logger = logging.getLogger("petri.bots")

TOO_MANY_REQUESTS, SERVER_ERROR = 429, 500
#: Transient status codes: the server, or a gateway before it, was not ready.
TRANSIENT_STATUSES = frozenset({TOO_MANY_REQUESTS, 502, 503, 504})
#: The maximum number of attempts when a response is lost or the server is not ready.
MAX_ATTEMPTS = 8
#: The maximum number of attempts when the server is busy.
MAX_THROTTLED_ATTEMPTS = 40
#: The longest pause between two attempts, in seconds, whatever the server asks for.
MAX_SERVER_DELAY = 120.0
MAX_BACKOFF = 12.0
#: The maximum number of seconds that a bot waits, in one request, for the participant ahead of it.
BUSY_TIMEOUT = 1800.0
#: The timeout of one attempt in seconds; API Gateway's own timeout is 29.
ANSWER_TIMEOUT = 35.0
#: The first pause of the backoff in seconds, when the server names none; doubled with each retry.
BACKOFF_BASE = 0.2
#: The pause in seconds while the participant ahead is working, when the server names none.
BUSY_PAUSE = 0.5


class BotError(PetriError):
    """A bot could not go on; the message names the route and the server's response."""

    code = "bot_failed"

    def __init__(self, message: str = "", *, route: str = "", answered: int = 0, reason: str = "") -> None:
        """`route`: of the request. `answered`: the status code, or 0. `reason`: the server's error_code."""
        super().__init__(message)
        self.route = route
        self.answered = answered
        self.reason = reason


class ApiClient:
    """The HTTP client of one bot."""

    def __init__(self, host: str) -> None:
        """`host`: scheme and address, such as "http://127.0.0.1:5000"."""
        self.host = host
        #: The participant's token after POST /participant; before that, the token of the bot's operator.
        self.token = ""
        #: What the client is waiting for; empty between two requests.
        self.waiting_for = ""
        #: Set from outside to stop the bot: no more requests are sent.
        self.is_stopped = False
        self._session: requests.Session | None = None
        # A generator of its own, so that retries don't change the bot's choices.
        self._jitter = random.Random()

    @property
    def session(self) -> requests.Session:
        """The HTTP session that all requests share."""
        if self._session is None:
            # Lazy import: authors' folders import bot bases in Lambda too, where no bot runs.
            import requests

            self._session = requests.Session()
        return self._session

    def close(self) -> None:
        """Close the HTTP session."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def ask(self, method: str, route: str, fields: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Send fields to a route and return the JSON object of the response.

        Raises `BotError` at once when the server refuses the request (4xx), and after `MAX_ATTEMPTS` without
        a response or `MAX_THROTTLED_ATTEMPTS` that were all throttled.
        """
        headers = {"X-Request-Id": str(uuid.uuid4())}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        form = _form(fields)
        patience = BUSY_TIMEOUT
        lost = throttled = 0
        self.waiting_for = f"an answer to {method} {route}"
        while True:
            if self.is_stopped:
                raise BotError(f"{route}: the bot's time was over.", route=route)
            answer = self._send(method, route, form, headers)
            if answer is not None and not _is_transient(answer):
                self.waiting_for = ""
                return self._read(route, answer)
            if patience > 0 and _body(answer).get("error_code") == "network_busy":
                self.waiting_for = f"the answer of the participant ahead ({method} {route})"
                patience -= self._pause(_retry_after(answer) or BUSY_PAUSE)
                continue
            if _is_throttled(answer):
                throttled += 1
            else:
                lost += 1
            if lost >= MAX_ATTEMPTS or throttled >= MAX_THROTTLED_ATTEMPTS:
                raise self._failure(route, answer)
            own = min(MAX_BACKOFF, BACKOFF_BASE * 2 ** (lost + throttled - 1))
            self._pause(max(_retry_after(answer), own))

    def send_file(self, form: Mapping[str, Any], content: bytes) -> None:
        """Post a file to the address of an upload's form; BotError when the address refuses it."""
        self.waiting_for = "the upload of a file"
        answer = self._post_file(str(form["url"]), form.get("fields"), content)
        self.waiting_for = ""
        if answer is None or not answer.ok:
            raise self._failure("the upload's address", answer)

    def _post_file(
        self, url: str, fields: Mapping[str, str] | None, content: bytes
    ) -> requests.Response | None:
        """Post a file once: as a form with these fields, or as the body; None when there was no response."""
        import requests  # Lazy import: see `session`

        sent: dict[str, Any] = (
            {"data": content} if fields is None else {"data": fields, "files": {"file": content}}
        )
        try:
            return self.session.post(urljoin(f"{self.host}/", url), timeout=ANSWER_TIMEOUT, **sent)
        except (requests.ConnectionError, requests.Timeout) as error:
            logger.debug("an upload got no answer: %s", error)
            return None

    def _send(
        self, method: str, route: str, form: dict[str, str], headers: dict[str, str]
    ) -> requests.Response | None:
        """Send the request once; None when there was no response."""
        import requests  # Lazy import: see `session`
        from requests.exceptions import ChunkedEncodingError

        where = "params" if method == "GET" else "data"
        payload: dict[str, Any] = {where: form}
        try:
            return self.session.request(
                method, f"{self.host}{route}", headers=headers, timeout=ANSWER_TIMEOUT, **payload
            )
        except (requests.ConnectionError, requests.Timeout, ChunkedEncodingError) as error:
            logger.debug("%s %s got no answer: %s", method, route, error)
            return None

    def _pause(self, seconds: float) -> float:
        spread = seconds * self._jitter.uniform(1.0, 1.25)
        sleep(spread)
        return spread

    def _read(self, route: str, answer: requests.Response) -> dict[str, Any]:
        body = _body(answer)
        if answer.ok and body and body.get("status") != "error":
            return body
        raise self._failure(route, answer)

    def _failure(self, route: str, answer: requests.Response | None) -> BotError:
        if answer is None:
            return BotError(
                f"{route}: no answer from {self.host} in {MAX_ATTEMPTS} attempts; does the server run there?",
                route=route,
            )
        body = _body(answer)
        text = body.get("error_text") or "the answer is not this server's JSON; its log says more."
        return BotError(
            f"{route}: status {answer.status_code}, {text}",
            route=route,
            answered=answer.status_code,
            reason=str(body.get("error_code") or ""),
        )


def _form(fields: Mapping[str, Any] | None) -> dict[str, str]:
    """Encode values as form fields: objects as JSON, None left out."""
    return {
        name: json.dumps(value) if isinstance(value, dict | list) else str(value)
        for name, value in (fields or {}).items()
        if value is not None
    }


def _body(answer: requests.Response | None) -> dict[str, Any]:
    """Return the JSON object of a response; {} when there is none, as in a gateway's own error page."""
    if answer is None:
        return {}
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _is_transient(answer: requests.Response) -> bool:
    """Whether a retry can succeed: too many requests, or an error of a gateway instead of the app."""
    status = answer.status_code
    return status in TRANSIENT_STATUSES or (status >= SERVER_ERROR and not _body(answer).get("error_code"))


def _is_throttled(answer: requests.Response | None) -> bool:
    """Whether the server is throttling requests."""
    if answer is None:
        return False
    return answer.status_code == TOO_MANY_REQUESTS or _body(answer).get("error_code") == "busy"


def _retry_after(answer: requests.Response | None) -> float:
    """Return the Retry-After header in seconds, 0 without one; the header can be a date."""
    retry_after = "" if answer is None else answer.headers.get("Retry-After", "")
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            return 0.0
    return min(MAX_SERVER_DELAY, max(0.0, seconds)) if math.isfinite(seconds) else 0.0
