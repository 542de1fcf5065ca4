from __future__ import annotations

import asyncio
import signal

import pytest

from infra.local.signals import stopping_on_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_the_run_to_stop(number: signal.Signals) -> None:
    async def run() -> bool:
        stop = asyncio.Event()
        with stopping_on_signals(stop):
            signal.raise_signal(number)
            await asyncio.wait_for(stop.wait(), 10)
        return stop.is_set()

    assert asyncio.run(run())


def test_the_second_signal_ends_the_program() -> None:
    async def run() -> None:
        with stopping_on_signals(asyncio.Event()):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(run())


def test_afterwards_signals_do_what_they_did() -> None:
    async def run() -> None:
        with stopping_on_signals(asyncio.Event()):
            pass

    before = signal.getsignal(signal.SIGTERM)
    asyncio.run(run())
    assert signal.getsignal(signal.SIGTERM) == before
