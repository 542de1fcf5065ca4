"""A minimal HTTP/1.1 client with little overhead: one keep-alive connection, one request at a time."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

_END_OF_HEADERS = b"\r\n\r\n"
_LENGTH = b"content-length:"
_RETRY = b"retry-after:"
_HELD = b"server-timing: hold;dur="
#: The server may close an idle connection just when the next request is sent; it is then retried once.
TRIES = 2


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, body, Retry-After, and how long the server held the request, in seconds."""

    status: int
    body: bytes
    retry_after: float | None
    held: float

    def json(self) -> Any:
        return json.loads(self.body)


class _Connection(asyncio.Protocol):
    """One open connection."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._waiting: asyncio.Future[Reply] | None = None

    @property
    def is_open(self) -> bool:
        return self._transport is not None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(exc or ConnectionResetError("the server closed the line"))

    def data_received(self, data: bytes) -> None:
        self._received += data
        reply = _complete(self._received)
        if reply is not None and self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(reply)

    async def ask(self, request: bytes) -> Reply:
        if self._transport is None:
            raise ConnectionResetError("the server closed the line")
        self._received = b""
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class Line:
    """A client that reconnects when the server has closed its idle connection."""

    def __init__(self, host: str, port: int) -> None:
        self._address = host, port
        self._connection = _Connection()

    async def ask(
        self, method: str, path: str, body: str = "", token: str = "", request_id: str = ""
    ) -> Reply:
        """Send a request and wait for its reply; ConnectionError when the server has stopped."""
        request = _request(method, path, body.encode(), token, request_id)
        for _ in range(TRIES - 1):
            try:
                return await (await self._open()).ask(request)
            except ConnectionResetError:
                continue
        return await (await self._open()).ask(request)

    def close(self) -> None:
        self._connection.close()

    async def _open(self) -> _Connection:
        if not self._connection.is_open:
            loop = asyncio.get_running_loop()
            _, self._connection = await loop.create_connection(_Connection, *self._address)
        return self._connection


def _request(method: str, path: str, payload: bytes, token: str, request_id: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", "accept: */*"]
    if token:
        lines.append(f"authorization: Bearer {token}")
    if request_id:
        lines.append(f"x-request-id: {request_id}")
    if payload:
        lines.append("content-type: application/x-www-form-urlencoded")
    lines.append(f"content-length: {len(payload)}")
    return "\r\n".join(lines).encode() + _END_OF_HEADERS + payload


def _complete(received: bytes) -> Reply | None:
    """Parse a reply; None while it is incomplete."""
    head, end, body = received.partition(_END_OF_HEADERS)
    if not end:
        return None
    length, retry_after, held = 0, None, 0.0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(_LENGTH):
            length = int(line[len(_LENGTH) :])
        elif line.startswith(_RETRY):
            retry_after = float(line[len(_RETRY) :])
        elif line.startswith(_HELD):
            held = float(line[len(_HELD) :]) / 1000
    return Reply(int(head[9:12]), body, retry_after, held) if len(body) >= length else None
