"""Connects a bot's socket: `<channel>:<data>` frames both ways, heartbeats, and reconnects."""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.errors import ExperimentError

from .api_client import BotError

if TYPE_CHECKING:
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import ClientConnection

logger = logging.getLogger("petri.bots")

#: The protocol's own channel, and the channel with the platform's messages to the participant.
PROTOCOL, QUORUM = "petri", "quorum"
#: Seconds between two heartbeats; a participant without one for a minute loses the seat in the waiting room.
HEARTBEAT = 12.0
#: The maximum number of reconnects in a row.
MAX_ATTEMPTS = 8
BACKOFF_BASE = 0.2
BACKOFF_MAX = 10.0
#: The timeout in seconds of an opening handshake and of a subscription.
ANSWER_TIMEOUT = 35.0
CLOSE_TIMEOUT = 1.0
SERVER_ERROR, TOO_MANY_REQUESTS = 500, 429


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message on a channel."""

    channel: str
    text: str

    @property
    def data(self) -> Any:
        """The text parsed as JSON, without the number that pages add; the text itself if it isn't JSON."""
        try:
            found = json.loads(self.text)
        except ValueError:
            return self.text
        if isinstance(found, dict):
            found.pop("_seq", None)
        return found


class BotSocket:
    """One socket for all channels of a bot, which sends heartbeats while the bot receives."""

    def __init__(self, address: Callable[[], str]) -> None:
        """`address` returns the URL of the socket, with the participant's newest token."""
        self._address = address
        self._connection: ClientConnection | None = None
        self._closing = ExitStack()
        self._channels: list[str] = []
        self._early: list[ReceivedMessage] = []
        self._next_beat = 0.0
        # A generator of its own, so that reconnects don't change the bot's choices.
        self._jitter = random.Random()

    def subscribe(self, channel: str) -> None:
        """Subscribe to one more channel and wait for the confirmation; BotError when it is refused."""
        if channel not in self._channels:
            self._channels.append(channel)
            if self._connection is not None:
                self._ask_for(channel)
        self._open_connection()

    def send(self, channel: str, data: object) -> None:
        """Publish a text as it is, or any other value as JSON."""
        text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
        self._put(f"{channel}:{text}")

    def receive(self, within: float) -> ReceivedMessage | None:
        """Return the next message; None when there was none `within` seconds."""
        until = time.monotonic() + within
        while not self._early:
            left = until - time.monotonic()
            if left <= 0:
                return None
            message = self._hear(min(left, self._until_next_beat()))
            if message is not None and not self._is_protocol(message):
                return message
        return self._early.pop(0)

    def close(self) -> None:
        """Close the socket."""
        self._closing.close()
        self._connection = None

    # Frames

    def _until_next_beat(self) -> float:
        left = self._next_beat - time.monotonic()
        if left <= 0:
            self._put(_control_frame("heartbeat"))
            self._next_beat = time.monotonic() + HEARTBEAT
            left = HEARTBEAT
        return left

    def _hear(self, within: float) -> ReceivedMessage | None:
        from websockets.exceptions import ConnectionClosed  # Lazy import: see `_open`

        try:
            frame = self._open_connection().recv(timeout=within)
        except TimeoutError:
            return None
        except ConnectionClosed as closed:
            logger.debug("a socket was lost: %s", closed)
            self.close()
            return None
        channel, _, text = str(frame).partition(":")
        return ReceivedMessage(channel, text)

    def _put(self, frame: str) -> None:
        from websockets.exceptions import ConnectionClosed  # Lazy import: see `_open`

        for _ in range(MAX_ATTEMPTS):
            try:
                self._open_connection().send(frame)
            except ConnectionClosed:
                self.close()
                continue
            return
        raise BotError(f"/chat: the socket closed {MAX_ATTEMPTS} times in a row.", route="/chat")

    def _is_protocol(self, message: ReceivedMessage) -> bool:
        if message.channel != PROTOCOL:
            return False
        content = message.data
        if isinstance(content, dict) and content.get("type") == "error":
            reason = str(content.get("error_code"))
            raise BotError(f"/chat: {content.get('error_text')}", route="/chat", reason=reason)
        return True

    def _ask_for(self, channel: str) -> None:
        """Subscribe and wait for the confirmation; messages that arrive meanwhile are buffered."""
        self._put(_control_frame("subscribe", channel))
        until = time.monotonic() + ANSWER_TIMEOUT
        while time.monotonic() < until:
            message = self._hear(until - time.monotonic())
            if message is None:
                if self._connection is None:
                    return  # lost: the next socket subscribes to all channels
                continue
            if not self._is_protocol(message):
                self._early.append(message)
            elif message.data == {"type": "subscribed", "channel": channel}:
                return
        raise BotError(f"/chat: no answer to the subscription of {channel}.", route="/chat")

    # Opening

    def _open_connection(self) -> ClientConnection:
        if self._connection is None:
            self._connection = self._open()
            self._next_beat = time.monotonic() + HEARTBEAT
            for channel in self._channels:
                self._ask_for(channel)
        # The socket may have been lost again during a subscription.
        return self._connection or self._open_connection()

    def _open(self) -> ClientConnection:
        """Open a socket for the platform's messages; retry while the server isn't ready."""
        connect, refused = _client()
        for attempt in range(MAX_ATTEMPTS):
            try:
                opening = connect(
                    self._address(),
                    open_timeout=ANSWER_TIMEOUT,
                    close_timeout=CLOSE_TIMEOUT,
                    ping_interval=None,
                )
                return self._closing.enter_context(opening)
            except refused as error:
                if (
                    error.response.status_code < SERVER_ERROR
                    and error.response.status_code != TOO_MANY_REQUESTS
                ):
                    raise _refusal(error.response.status_code, error.response.body) from error
                logger.debug("a socket was not opened: %s", error)
            except (OSError, TimeoutError, EOFError) as error:
                logger.debug("a socket was not opened: %s", error)
            pause = min(BACKOFF_MAX, BACKOFF_BASE * 2**attempt)
            time.sleep(pause * self._jitter.uniform(0.75, 1.25))
        raise BotError(
            f"/chat: no socket in {MAX_ATTEMPTS} attempts; does the server run there?", route="/chat"
        )


def _client() -> tuple[Callable[..., AbstractContextManager[ClientConnection]], type[InvalidStatus]]:
    """Return the function that opens a socket, and the error that it raises when it is refused."""
    try:
        # Lazy import: authors' folders import bot bases in Lambda too, where there is no WebSocket client.
        from websockets.exceptions import InvalidStatus
        from websockets.sync.client import connect
    except ImportError as missing:
        raise ExperimentError(
            "This bot uses a socket, and the package websockets is not installed: "
            "pip install 'petri[cli]', or pip install websockets."
        ) from missing
    return connect, InvalidStatus


def _refusal(status: int, body: bytes | bytearray | None) -> BotError:
    try:
        response = json.loads(body or b"{}")
    except ValueError:
        response = {}
    text = response.get("error_text") or "the server refused the socket."
    return BotError(
        f"/chat: status {status}, {text}",
        route="/chat",
        answered=status,
        reason=str(response.get("error_code") or ""),
    )


def _control_frame(kind: str, channel: str | None = None) -> str:
    order = {"type": kind} if channel is None else {"type": kind, "channel": channel}
    return f"{PROTOCOL}:{json.dumps(order)}"
