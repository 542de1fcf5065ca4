"""Generates load: a fixed number of clients, or a crowd that arrives within some seconds."""

from __future__ import annotations

import asyncio
import itertools
import time

from bench.figures.tally import Tally

from .line import Line
from .visitor import Manner, Visitor


async def in_turn(host: str, port: int, participants: int, clients: int) -> Tally:
    """Run participants with a fixed number of clients, each sequentially on a keep-alive connection."""
    tally = Tally()
    numbers = itertools.count(1)

    async def client() -> None:
        line = Line(host, port)
        while (number := next(numbers)) <= participants:
            await Visitor(number, line, tally, Manner()).take_part()
        line.close()

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    tally.wall = time.perf_counter() - began
    return tally


async def arriving(host: str, port: int, participants: int, within: float, thinking: float) -> Tally:
    """Let participants arrive evenly within some seconds, each on a separate connection."""
    tally = Tally()
    manner = Manner(thinking=thinking, heeds_retry_after=True)

    async def come(number: int) -> None:
        await asyncio.sleep(within * (number - 1) / participants)
        line = Line(host, port)
        await Visitor(number, line, tally, manner).take_part()
        line.close()

    began = time.perf_counter()
    await asyncio.gather(*(come(number) for number in range(1, participants + 1)))
    tally.wall = time.perf_counter() - began
    return tally
