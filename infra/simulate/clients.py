"""HTTP and socket clients through which bots call the simulated platform, without a network."""

from __future__ import annotations

import json
import random
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from chalicelib.experiment.bots.api_client import ApiClient, BotError
from chalicelib.experiment.bots.socket_client import BotSocket

from .bot_threads import BotThread, SimulationEnded
from .pace import Tempo
from .platform import OK, Platform
from .tally import AwsUsage
from .timeline import Event

if TYPE_CHECKING:
    import requests
    from websockets.sync.client import ClientConnection

#: Round-trip seconds of a request to a warm function.
ROUND_TRIP = 0.15
#: Maximum number of requests of a bot.
MOST_REQUESTS = 5_000
#: RFC 6455's close code for a page that was left.
GOING_AWAY = 1001
NO_CONTENT = 204
JOIN = "/participant"


class Dropout(SimulationEnded):
    """The participant has closed the page and won't return."""


@dataclass
class BotResult:
    """The result of one bot; `number` counts from 1."""

    number: int
    is_replacement: bool = False
    left: bool = False
    never_ended: bool = False
    problems: tuple[str, ...] = ()
    #: Seconds in waiting rooms and behind the participant ahead.
    waited: float = 0.0
    #: Whether the recruiter has got the submission.
    has_submitted: bool = False


@dataclass
class SimulatedPerson:
    """A simulated participant."""

    result: BotResult
    recruiter: str
    actor: BotThread
    tempo: Tempo
    #: The random generator for the client's pauses.
    draw: random.Random
    #: The answer before which the participant drops out; 0: none.
    leaves_before: int = 0
    requests: int = 0
    answers: int = 0
    #: The event that ends a bot that never finishes.
    limit: Event = field(default_factory=lambda: Event(0, 0, bool))
    connections: list[SimulatedConnection] = field(default_factory=list)
    #: Called when the person has come to the end of a session, and will come back for the next one.
    on_session_end: Callable[[], object] = bool


class SimulatedClient(ApiClient):
    """An API client in simulated time, at the pace of a person."""

    def __init__(self, host: str, platform: Platform, person: SimulatedPerson) -> None:
        """`person`: the participant that the bot simulates."""
        super().__init__(host)
        self._platform = platform
        self._person = person
        # Reproducible draws.
        self._jitter = person.draw

    def ask(self, method: str, route: str, fields: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Send a request as a page does, after the time that a person takes."""
        person, sent = self._person, dict(fields or {})
        if route == JOIN:
            sent["recruiter"] = person.recruiter
        seconds = person.tempo.before(method, route, sent)
        if seconds:
            person.actor.rest(seconds)
            person.answers += 1
            if person.answers == person.leaves_before:
                raise Dropout
        answer = super().ask(method, route, sent)
        person.tempo.saw(route, answer)
        if route == "/page" and answer.get("kind") == "session" and not answer.get("is_open"):
            person.actor.ask(person.on_session_end, 0.0)
        return answer

    def _send(
        self, method: str, route: str, form: dict[str, str], headers: dict[str, str]
    ) -> requests.Response | None:
        self._person.requests += 1
        if self._person.requests > MOST_REQUESTS:
            raise BotError(f"{route}: more than {MOST_REQUESTS} requests; check that participate() ends.")
        written = urlencode(form)
        query, body = (written, "") if method == "GET" else ("", written)
        path = urlsplit(route)
        query = "&".join(part for part in (path.query, query) if part)
        answer = self._person.actor.ask(
            lambda: self._platform.answer(method, path.path, query, body, headers), ROUND_TRIP
        )
        return _response(answer.status, answer.body)

    def _post_file(
        self, url: str, fields: Mapping[str, str] | None, content: bytes
    ) -> requests.Response | None:
        del fields
        self._person.actor.ask(lambda: self._platform.take_file(url, content), ROUND_TRIP)
        return _response(NO_CONTENT, b"")

    def _pause(self, seconds: float) -> float:
        spread = seconds * self._jitter.uniform(1.0, 1.25)
        self._person.actor.rest(spread)
        self._person.result.waited += spread
        return spread


def _response(status: int, body: bytes) -> requests.Response:
    # Lazy import: only bots need it.
    import requests

    # Without Retry-After, which is random, bots draw their own pauses reproducibly.
    response = requests.Response()
    response.status_code = status
    response._content = body  # noqa: SLF001 - the library has no public way to set it
    return response


class SimulatedSocket(BotSocket):
    """A bot's socket to the simulated platform."""

    def __init__(
        self, address: Callable[[], str], platform: Platform, tally: AwsUsage, person: SimulatedPerson
    ) -> None:
        """`address`: returns the socket's address, with the participant's token."""
        super().__init__(address)
        self._platform = platform
        self._tally = tally
        self._person = person
        self._jitter = person.draw

    def beat(self) -> float | None:
        """Send a heartbeat if it is due; return the seconds until the next."""
        return None if self._connection is None else self._until_next_beat()

    def _open(self) -> ClientConnection:
        query = urlsplit(self._address()).query
        connection = SimulatedConnection(self._platform, self._tally, self._person, query)
        self._closing.callback(connection.close)
        return connection  # type: ignore[return-value]  # it has the methods that BotSocket uses


class SimulatedConnection:
    """One open socket, with an inbox of the platform's frames."""

    def __init__(self, platform: Platform, tally: AwsUsage, person: SimulatedPerson, query: str) -> None:
        """Connect; BotError when the platform rejects the connection."""
        self._platform = platform
        self._tally = tally
        self._person = person
        self._actor = person.actor
        self._opened_at = 0.0
        self._inbox: deque[str] = deque()
        self._closed_with: int | None = None
        self._visit, (status, body) = self._actor.ask(lambda: self._connect(query), ROUND_TRIP)
        if status != OK:
            problem = json.loads(body)
            raise BotError(
                f"/chat: status {status}, {problem.get('error_text')}",
                route="/chat",
                answered=status,
                reason=str(problem.get("error_code") or ""),
            )

    def _connect(self, query: str) -> Any:
        visit, response = self._platform.connect(query)
        if response[0] == OK:
            self._opened_at = self._actor.seconds
            self._platform.channels.opened(visit.id, SocketListener(self))
            self._person.connections.append(self)
        return visit, response

    # The methods that BotSocket uses

    def recv(self, timeout: float) -> str:
        """Return the next frame; TimeoutError after the timeout."""
        if not self._inbox and self._closed_with is None:
            self._actor.wait(timeout)
        if self._inbox:
            return self._inbox.popleft()
        self._check_open()
        raise TimeoutError

    def send(self, text: str) -> None:
        """Send a frame."""
        self._check_open()
        self._actor.ask(lambda: self._platform.frame(self._visit, text), ROUND_TRIP)

    def close(self) -> None:
        """Close the socket, as a page does that is left."""
        if self._closed_with is None:
            self._actor.ask(lambda: self.end(GOING_AWAY), ROUND_TRIP)

    def _check_open(self) -> None:
        # Lazy import: only bots with sockets need it.
        from websockets.exceptions import ConnectionClosedError

        if self._closed_with is not None:
            raise ConnectionClosedError(None, None)

    # The methods that the platform calls

    def receive(self, text: str) -> None:
        """Put a frame of the platform into the inbox."""
        self._tally.frame_out(len(text.encode()))
        self._inbox.append(text)
        self._actor.notify()

    def end_soon(self, code: int) -> None:
        """End the connection after the current event."""
        self._actor.soon(lambda: self.end(code))

    def end(self, code: int) -> None:
        """End the connection, from either side."""
        if self._closed_with is not None:
            return
        self._closed_with = code
        self._tally.connected_for(self._actor.seconds - self._opened_at)
        self._platform.channels.closed(self._visit.id)
        self._platform.disconnect(self._visit, code)
        self._actor.notify()


class SocketListener:
    """The socket interface that LocalChannels uses."""

    def __init__(self, connection: SimulatedConnection) -> None:
        """Wrap a connection."""
        self._connection = connection

    def send(self, text: str) -> None:
        """Pass a text on."""
        self._connection.receive(text)

    def close(self, code: int, reason: str) -> None:
        """Close the connection from the platform's side."""
        del reason
        # After the closing function has ended: each function is a separate invocation.
        self._connection.end_soon(code)
