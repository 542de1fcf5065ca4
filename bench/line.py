"""A lean HTTP/1.1 client: one kept connection, one request at a time, next to no work of its own."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

_END_OF_HEADERS = b"\r\n\r\n"
_LENGTH = b"content-length:"
_RETRY = b"retry-after:"
_HELD = b"server-timing: hold;dur="


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, body, how long the server asks to wait and how long it held the request, in seconds."""

    status: int
    body: bytes
    retry_after: float | None
    held: float

    def json(self) -> Any:
        return json.loads(self.body)


class Line(asyncio.Protocol):
    """One connection; `ask` sends a request and waits for its reply."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._waiting: asyncio.Future[Reply] | None = None

    @classmethod
    async def to(cls, host: str, port: int) -> Line:
        _, line = await asyncio.get_running_loop().create_connection(cls, host, port)
        return line

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(exc or ConnectionResetError("the server closed the line"))

    def data_received(self, data: bytes) -> None:
        self._received += data
        reply = self._complete()
        if reply is not None and self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(reply)

    async def ask(
        self, method: str, path: str, body: str = "", token: str = "", request_id: str = ""
    ) -> Reply:
        if self._transport is None:
            raise ConnectionError("the line isn't open")
        lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", "accept: */*"]
        if token:
            lines.append(f"authorization: Bearer {token}")
        if request_id:
            lines.append(f"x-request-id: {request_id}")
        payload = body.encode()
        if payload:
            lines.append("content-type: application/x-www-form-urlencoded")
        lines.append(f"content-length: {len(payload)}")
        self._received = b""
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write("\r\n".join(lines).encode() + _END_OF_HEADERS + payload)
        return await self._waiting

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _complete(self) -> Reply | None:
        head, end, body = self._received.partition(_END_OF_HEADERS)
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
