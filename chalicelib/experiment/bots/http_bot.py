"""Defines bots that send HTTP requests, wait in waiting rooms and use channels."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from .api_client import ApiClient, BotError
from .base_bot import BaseBot
from .socket_client import QUORUM, BotSocket, ReceivedMessage

#: The maximum number of seconds that a bot waits for its group to be complete.
QUORUM_TIMEOUT = 1800.0
#: Seconds after which a waiting bot polls, in case a message was lost.
POLL_SECONDS = 10.0


class Dismissed(Exception):
    """The platform released this participant: the group ended, or was never complete."""


class HttpBot(BaseBot):
    """The base class of bots that use HTTP and sockets directly."""

    #: Whether the server has more participants than it needs, so that the bot skips to the questionnaire.
    skip_experiment = False

    _line: ApiClient | None = None
    _waiting_for = ""
    _socket: BotSocket | None = None

    @property
    def line(self) -> ApiClient:
        """The API client of this bot."""
        if self._line is None:
            self._line = ApiClient(self.host)
        return self._line

    @property
    def waiting_for(self) -> str:
        """What the bot is waiting for; empty when it isn't waiting."""
        return self._waiting_for or (self._line.waiting_for if self._line is not None else "")

    @waiting_for.setter
    def waiting_for(self, what: str) -> None:
        self._waiting_for = what

    def stop(self) -> None:
        """Stop the bot: it sends no more requests."""
        self.line.is_stopped = True

    def post(self, route: str, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Send a POST request.

        Args:
            route: The route, such as `"/info/7"`.
            data: The form fields.

        Returns:
            The JSON object of the response.

        Raises:
            BotError: The server refused the request, or no retry succeeded.

        """
        return self.line.ask("POST", route, data)

    def get(self, route: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Send a GET request.

        Args:
            route: The route, such as `"/info/7"`.
            params: The query parameters.

        Returns:
            The JSON object of the response.

        Raises:
            BotError: The server refused the request, or no retry succeeded.

        """
        return self.line.ask("GET", route, params)

    # Channels

    @property
    def socket(self) -> BotSocket:
        """The bot's socket, which is opened when it is first used."""
        if self._socket is None:
            self._socket = BotSocket(self._socket_address)
        return self._socket

    def _socket_address(self) -> str:
        query = {"channel": QUORUM, "participant_id": self.participant_id, "token": self.line.token}
        return f"{self.host.replace('http', 'ws', 1)}/chat?{urlencode(query)}"

    def subscribe(self, *channels: str) -> None:
        """Subscribe to channels, whose messages `next_message` then returns.

        Args:
            *channels: The names of the channels, such as `"network-3"`.

        Raises:
            BotError: The server refused a subscription, or no retry succeeded.

        """
        for channel in channels:
            self.socket.subscribe(channel)

    def publish(self, channel: str, data: object) -> None:
        """Publish a message on a channel.

        Args:
            channel: The name of the channel.
            data: A text, or any other value, which is sent as JSON.

        Raises:
            BotError: The socket was lost and couldn't be opened again.

        """
        self.socket.send(channel, data)

    def next_message(self, within: float = POLL_SECONDS) -> ReceivedMessage | None:
        """Return the next message of the subscribed channels.

        Messages that are published while the socket is disconnected are lost, so poll the experiment's state
        as well. When the platform ends the group, this raises `Dismissed`, which the base class handles.

        Args:
            within: How many seconds to wait.

        Returns:
            A message with `channel`, `text` and `data`, or None when there was none in this time.

        Raises:
            BotError: The socket was lost and couldn't be opened again.

        """
        previous, self.waiting_for = self._waiting_for, self._waiting_for or "a message on its channels"
        message = self.socket.receive(within)
        self.waiting_for = previous
        if message is not None and message.channel == QUORUM:
            self._apply_room_state(message.data)
        return message

    def hang_up(self) -> None:
        """Close the socket, as a participant does who closes the page."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    # The waiting room

    def subscribe_to_quorum_channel(self) -> None:
        """Subscribe to the messages of the waiting room, as every socket of a bot does."""
        self.subscribe(QUORUM)

    def wait_for_quorum(self) -> None:
        """Wait until the room is full, with this bot or without it (then `skip_experiment` is True).

        Raises:
            BotError: The waiting room didn't open in time, or a request failed.

        """
        self.subscribe_to_quorum_channel()
        until = time.monotonic() + QUORUM_TIMEOUT
        room = self.look_around()
        while not self._is_decided(room):
            if time.monotonic() > until:
                raise BotError(f"The waiting room did not open within {QUORUM_TIMEOUT:.0f} seconds.")
            self.waiting_for = (
                f"others in the waiting room ({room.get('n', 0)} of {room.get('q', 1)} are there)"
            )
            message = self.next_message()
            room = message.data if message is not None and message.channel == QUORUM else self.look_around()
        self.waiting_for = ""

    def look_around(self) -> dict[str, Any]:
        """Return the state of the waiting room. The request also counts as a heartbeat.

        Returns:
            A dict with `q`, `n` and `overrecruited`.

        Raises:
            BotError: The server refused the request, or no retry succeeded.

        """
        room: dict[str, Any] = self.get(f"/waiting-room/{self.participant_id}")["quorum"]
        self._apply_room_state(room)
        return room

    def _is_decided(self, room: Any) -> bool:
        if not isinstance(room, dict):
            return False
        self.skip_experiment = bool(room.get("overrecruited"))
        return self.skip_experiment or room.get("n", 0) >= room.get("q", 1)

    def _apply_room_state(self, room: Any) -> None:
        if isinstance(room, dict) and room.get("released"):
            raise Dismissed
