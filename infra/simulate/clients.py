"""How bots reach the platform here: requests, and a socket, without a network."""

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

#: Seconds that a request takes, there and back, when its function is warm.
ROUND_TRIP = 0.15
#: How often a bot may ask before it counts as one that never ends.
MOST_REQUESTS = 5_000
#: RFC 6455's code for who left the page.
GOING_AWAY = 1001
JOIN = "/participant"


class Dropout(SimulationEnded):
    """This person has closed the page for good."""


@dataclass
class BotResult:
    """How one bot fared; `number` counts from 1."""

    number: int
    is_stand_in: bool = False
    left: bool = False
    never_ended: bool = False
    problems: tuple[str, ...] = ()
    #: Seconds in waiting rooms and behind the person ahead.
    waited: float = 0.0


@dataclass
class SimulatedPerson:
    """Somebody who takes part, as the trial sees them."""

    fared: BotResult
    recruiter: str
    actor: BotThread
    tempo: Tempo
    #: Draws of the line: how long pauses are.
    draw: random.Random
    #: Before which answer this person leaves; 0: not at all.
    leaves_before: int = 0
    requests: int = 0
    answers: int = 0
    #: When a bot that never ends is ended.
    limit: Event = field(default_factory=lambda: Event(0, 0, bool))
    connections: list[SimulatedConnection] = field(default_factory=list)


class SimulatedClient(ApiClient):
    """A bot's line that asks the platform in simulated time, at a person's pace."""

    def __init__(self, host: str, platform: Platform, person: SimulatedPerson) -> None:
        """`person`: who the bot plays."""
        super().__init__(host)
        self._platform = platform
        self._person = person
        # The same draws in every run.
        self._jitter = person.draw

    def ask(self, method: str, route: str, fields: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Ask as a page does: after the time that a person takes for it."""
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
        return answer

    def _send(
        self, method: str, route: str, form: dict[str, str], headers: dict[str, str]
    ) -> requests.Response | None:
        self._person.requests += 1
        if self._person.requests > MOST_REQUESTS:
            raise BotError(f"{route}: asked more than {MOST_REQUESTS} times; does participate() end?")
        written = urlencode(form)
        query, body = (written, "") if method == "GET" else ("", written)
        path = urlsplit(route)
        query = "&".join(part for part in (path.query, query) if part)
        answer = self._person.actor.ask(
            lambda: self._platform.answer(method, path.path, query, body, headers), ROUND_TRIP
        )
        return _response(answer.status, answer.body)

    def _pause(self, seconds: float) -> float:
        spread = seconds * self._jitter.uniform(1.0, 1.25)
        self._person.actor.rest(spread)
        self._person.fared.waited += spread
        return spread


def _response(status: int, body: bytes) -> requests.Response:
    # Lazy import: bots bring it along anyway, but nobody else here needs it.
    import requests

    # Retry-After is drawn anew each time; left out, bots pause by draws that are the same in every run.
    response = requests.Response()
    response.status_code = status
    response._content = body  # noqa: SLF001 - the library has no other way to make one
    return response


class SimulatedSocket(BotSocket):
    """A bot's socket whose connection ends in this process."""

    def __init__(
        self, address: Callable[[], str], platform: Platform, tally: AwsUsage, person: SimulatedPerson
    ) -> None:
        """`address`: of the socket, with the participant's token."""
        super().__init__(address)
        self._platform = platform
        self._tally = tally
        self._person = person
        self._jitter = person.draw

    def beat(self) -> float | None:
        """Keep the platform informed that the page is open; return when to beat next."""
        return None if self._connection is None else self._until_next_beat()

    def _open(self) -> ClientConnection:
        query = urlsplit(self._address()).query
        connection = SimulatedConnection(self._platform, self._tally, self._person, query)
        self._closing.callback(connection.close)
        return connection  # type: ignore[return-value]  # it does what a BotSocket asks of one


class SimulatedConnection:
    """One open socket: what the platform says waits here until the bot listens."""

    def __init__(self, platform: Platform, tally: AwsUsage, person: SimulatedPerson, query: str) -> None:
        """Connect; BotError when the platform refuses."""
        self._platform = platform
        self._tally = tally
        self._person = person
        self._actor = person.actor
        self._opened_at = 0.0
        self._inbox: deque[str] = deque()
        self._closed_with: int | None = None
        self._visit, (status, body) = self._actor.ask(lambda: self._connect(query), ROUND_TRIP)
        if status != OK:
            said = json.loads(body)
            raise BotError(
                f"/chat: status {status}, {said.get('error_text')}",
                route="/chat",
                answered=status,
                reason=str(said.get("error_code") or ""),
            )

    def _connect(self, query: str) -> Any:
        visit, said = self._platform.connect(query)
        if said[0] == OK:
            self._opened_at = self._actor.seconds
            self._platform.channels.opened(visit.id, SocketListener(self))
            self._person.connections.append(self)
        return visit, said

    # What BotSocket asks of a connection

    def recv(self, timeout: float) -> str:
        """Return the next frame; TimeoutError when none came."""
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
        """Close it, as a page does that is left."""
        if self._closed_with is None:
            self._actor.ask(lambda: self.end(GOING_AWAY), ROUND_TRIP)

    def _check_open(self) -> None:
        # Lazy import: only bots that talk need it.
        from websockets.exceptions import ConnectionClosedError

        if self._closed_with is not None:
            raise ConnectionClosedError(None, None)

    # What the platform does to it

    def heard(self, text: str) -> None:
        """Put what the platform says into the inbox."""
        self._tally.frame_out(len(text.encode()))
        self._inbox.append(text)
        self._actor.ring()

    def end_soon(self, code: int) -> None:
        """End when what is going on is done."""
        self._actor.soon(lambda: self.end(code))

    def end(self, code: int) -> None:
        """End, from either side."""
        if self._closed_with is not None:
            return
        self._closed_with = code
        self._tally.connected_for(self._actor.seconds - self._opened_at)
        self._platform.channels.closed(self._visit.id)
        self._platform.disconnect(self._visit, code)
        self._actor.ring()


class SocketListener:
    """A connection as LocalChannels sees it."""

    def __init__(self, connection: SimulatedConnection) -> None:
        """Of this connection."""
        self._connection = connection

    def send(self, text: str) -> None:
        """Pass a text on."""
        self._connection.heard(text)

    def close(self, code: int, reason: str) -> None:
        """Close it from the platform's side."""
        del reason
        # After what closes it has been carried out: each function works by itself.
        self._connection.end_soon(code)
