"""The line between a bot and the server: repeats what got lost, waits when asked to, never argues.

Every request carries an X-Request-Id that stays the same however often it is sent, so a repeat of something
that did arrive changes nothing and gets the first answer again.
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

from chalicelib.errors import PetriError

if TYPE_CHECKING:
    import requests

logger = logging.getLogger("petri.bots")

TOO_MANY_REQUESTS, SERVER_ERROR = 429, 500
#: Answers that say nothing about the request itself: the server, or what stands before it, was not ready.
TRANSIENT_STATUSES = frozenset({TOO_MANY_REQUESTS, 502, 503, 504})
#: How often a request is sent at most when its answer gets lost or the server is not ready.
MAX_ATTEMPTS = 8
#: The same where the server is there and asks for patience: many act at this moment.
MAX_THROTTLED_ATTEMPTS = 40
#: Seconds of a pause at most, whatever was asked for.
MAX_SERVER_DELAY = 120.0
MAX_BACKOFF = 12.0
#: Seconds that a bot waits at most, over one request, for the person ahead of it.
BUSY_TIMEOUT = 1800.0
#: Seconds until an answer counts as lost; API Gateway itself gives up after 29.
ANSWER_TIMEOUT = 35.0
#: Seconds of the first pause when the server names none; doubled with each further loss.
BACKOFF_BASE = 0.2
#: Seconds of a pause for the person ahead when the server names none.
BUSY_PAUSE = 0.5


class BotError(PetriError):
    """A bot could not go on; the message names the route and what the server answered."""

    code = "bot_failed"

    def __init__(self, message: str = "", *, route: str = "", answered: int = 0, reason: str = "") -> None:
        """`route` that was asked, status it `answered` (0: no answer), `reason`: the server's error_code."""
        super().__init__(message)
        self.route = route
        self.answered = answered
        self.reason = reason


class ApiClient:
    """One bot's connection to one server."""

    def __init__(self, host: str) -> None:
        """`host` is scheme and address: "http://127.0.0.1:5000"."""
        self.host = host
        #: The participant's token, once POST /participant has answered; before, that of who sends the bot.
        self.token = ""
        #: What the line waits for at this moment; empty between two requests.
        self.waiting_for = ""
        #: Set from outside when the bot's time is over: nothing is sent from then on.
        self.is_stopped = False
        self._session: requests.Session | None = None
        # Drawn apart from the bot's own choices, so that a bad line never changes what a bot decides.
        self._jitter = random.Random()

    @property
    def session(self) -> requests.Session:
        """The connection that all requests share."""
        if self._session is None:
            # Put off: authors' folders import bot bases in Lambda too, where no bot runs.
            import requests

            self._session = requests.Session()
        return self._session

    def close(self) -> None:
        """Give the connection back."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def ask(self, method: str, route: str, fields: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Send fields to a route and return the answer's JSON.

        Raises `BotError` at once when the server refuses (4xx), and when `MAX_ATTEMPTS` brought no answer, or
        `MAX_THROTTLED_ATTEMPTS` nothing but the answer that there are too many requests.
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

    def _send(
        self, method: str, route: str, form: dict[str, str], headers: dict[str, str]
    ) -> requests.Response | None:
        """Send once; None when the answer got lost on the way."""
        import requests  # put off as in `session`
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
    """Write values as forms carry them: objects as JSON, nothing for None."""
    return {
        name: json.dumps(value) if isinstance(value, dict | list) else str(value)
        for name, value in (fields or {}).items()
        if value is not None
    }


def _body(answer: requests.Response | None) -> dict[str, Any]:
    """Return the JSON object of an answer; {} when it holds none, a gateway's own page say."""
    if answer is None:
        return {}
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _is_transient(answer: requests.Response) -> bool:
    """Whether a repeat may fare better: too many requests, or a gateway that answers in place of the app."""
    status = answer.status_code
    return status in TRANSIENT_STATUSES or (status >= SERVER_ERROR and not _body(answer).get("error_code"))


def _is_throttled(answer: requests.Response | None) -> bool:
    """Whether the server is there, and lets in fewer requests than come at this moment."""
    if answer is None:
        return False
    return answer.status_code == TOO_MANY_REQUESTS or _body(answer).get("error_code") == "busy"


def _retry_after(answer: requests.Response | None) -> float:
    """Return the seconds that the server asked to wait, 0 when it asked for none; it may name a date."""
    asked = "" if answer is None else answer.headers.get("Retry-After", "")
    try:
        seconds = float(asked)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            return 0.0
    return min(MAX_SERVER_DELAY, max(0.0, seconds)) if math.isfinite(seconds) else 0.0
