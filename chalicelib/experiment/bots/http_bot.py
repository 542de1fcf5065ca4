"""A bot that asks over HTTP, waits in waiting rooms, and talks on channels."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from .api_client import ApiClient, BotError
from .base_bot import BaseBot
from .socket_client import QUORUM, BotSocket, ChannelMessage

#: Seconds that a bot waits at most for its group to come together.
QUORUM_TIMEOUT = 1800.0
#: Seconds after which a waiting bot asks, in case a message was lost.
POLL_SECONDS = 10.0


class Dismissed(Exception):
    """The platform let this participant go: the group ended, or never came together."""


class HttpBot(BaseBot):
    """What a bot does over the line: requests, channels, waiting."""

    #: The server said that more people came than are needed: the bot goes straight to the questionnaire.
    skip_experiment = False

    _line: ApiClient | None = None
    _waiting_for = ""
    _socket: BotSocket | None = None

    @property
    def line(self) -> ApiClient:
        """The connection to the server."""
        if self._line is None:
            self._line = ApiClient(self.host)
        return self._line

    @property
    def waiting_for(self) -> str:
        """What the bot waits for at this moment; empty while it waits for nothing."""
        return self._waiting_for or (self._line.waiting_for if self._line is not None else "")

    @waiting_for.setter
    def waiting_for(self, what: str) -> None:
        self._waiting_for = what

    def stop(self) -> None:
        """Let the bot ask the server for nothing more; its time is over."""
        self.line.is_stopped = True

    def post(self, route: str, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """POST form fields to a route such as "/info/7" and return the answer's JSON."""
        return self.line.ask("POST", route, data)

    def get(self, route: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """GET a route with query parameters and return the answer's JSON."""
        return self.line.ask("GET", route, params)

    # Channels

    @property
    def socket(self) -> BotSocket:
        """The socket; it opens when first used."""
        if self._socket is None:
            self._socket = BotSocket(self._socket_address)
        return self._socket

    def _socket_address(self) -> str:
        query = {"channel": QUORUM, "participant_id": self.participant_id, "token": self.line.token}
        return f"{self.host.replace('http', 'ws', 1)}/chat?{urlencode(query)}"

    def subscribe(self, *channels: str) -> None:
        """Listen to channels, such as "network-3"; what is said there comes with `next_message`."""
        for channel in channels:
            self.socket.subscribe(channel)

    def publish(self, channel: str, data: object) -> None:
        """Say something on a channel: a text as it is, anything else as JSON."""
        self.socket.send(channel, data)

    def next_message(self, within: float = POLL_SECONDS) -> ChannelMessage | None:
        """Return the next message (`channel`, `text`, `data`); None when none came `within` seconds.

        What is published while a socket is lost is not kept, so ask the experiment for its state as well.
        Raises `Dismissed`, which the base class handles, when the platform ends the group.
        """
        said_before, self.waiting_for = self._waiting_for, self._waiting_for or "a message on its channels"
        message = self.socket.receive(within)
        self.waiting_for = said_before
        if message is not None and message.channel == QUORUM:
            self._apply_room_state(message.data)
        return message

    def hang_up(self) -> None:
        """Close the socket, as somebody does who closes the page."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    # The waiting room

    def subscribe_to_quorum_channel(self) -> None:
        """Listen to what the waiting room says; every socket of a bot does."""
        self.subscribe(QUORUM)

    def wait_for_quorum(self) -> None:
        """Return when the room is full, or is full without this bot (`skip_experiment` is True then)."""
        self.subscribe_to_quorum_channel()
        until = time.monotonic() + QUORUM_TIMEOUT
        room = self.look_around()
        while not self._is_decided(room):
            if time.monotonic() > until:
                raise BotError(f"Nobody opened the waiting room within {QUORUM_TIMEOUT:.0f} seconds.")
            self.waiting_for = (
                f"others in the waiting room ({room.get('n', 0)} of {room.get('q', 1)} are there)"
            )
            message = self.next_message()
            room = message.data if message is not None and message.channel == QUORUM else self.look_around()
        self.waiting_for = ""

    def look_around(self) -> dict[str, Any]:
        """Return how far the waiting room is: q, n, overrecruited. Asking is being there."""
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
