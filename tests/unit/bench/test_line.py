from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bench.clients.line import Line, Reply

Answering = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
BUSY = b"HTTP/1.1 503 Busy\r\ncontent-length: 4\r\nRetry-After: 2\r\nServer-Timing: hold;dur=250.0"


def asked(answering: Answering, times: int = 1) -> list[Reply]:
    """Ask a server of this test so often over one line."""

    async def run() -> list[Reply]:
        server = await asyncio.start_server(answering, "127.0.0.1", 0)
        line = Line(*server.sockets[0].getsockname()[:2])
        try:
            return [await line.ask("GET", "/", request_id="r") for _ in range(times)]
        finally:
            line.close()
            server.close()
            await server.wait_closed()

    return asyncio.run(run())


async def busy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(BUSY + b"\r\n\r\nbu")
    await writer.drain()
    writer.write(b"sy")
    await writer.drain()
    writer.close()


def test_a_reply_in_parts_is_put_together():
    assert asked(busy)[0].body == b"busy"


def test_how_long_to_wait_is_read():
    assert asked(busy)[0].retry_after == 2.0


def test_how_long_a_request_was_held_is_read_in_seconds():
    assert asked(busy)[0].held == 0.25


def test_a_line_that_the_server_closed_is_opened_again():
    assert [reply.status for reply in asked(busy, times=2)] == [503, 503]


def test_a_server_that_hangs_up_on_every_request_is_an_error():
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    with pytest.raises(ConnectionResetError):
        asked(hang_up)
