"""Keeps what expensive reads return for a moment, so that many open dashboards cost little more than one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

from chalicelib.operations.shared.context import Context

T = TypeVar("T")

#: A read that takes more processor time than this, in seconds, is kept.
EXPENSIVE: Final = 0.05
#: For how many times as long, and for how many seconds at most: such reads take a twentieth of a processor.
TIMES_AS_LONG: Final = 20
LONGEST: Final = 10.0
#: For how many seconds a former result is used while another thread reads; if that fails, one reads again.
WHILE_READING: Final = 2.0


def recent(ctx: Context, name: str, read: Callable[[Context], T]) -> T:
    """Return the result of a read, or the one that this process has kept from a moment ago."""
    kept = ctx.recent_reads.get(name)
    if kept is not None and time.monotonic() < kept[0]:
        found: T = kept[1]
        return found
    if kept is not None and time.monotonic() - kept[0] < LONGEST:
        # Other threads use the former result meanwhile, so that not all of them read at once.
        ctx.recent_reads[name] = (time.monotonic() + WHILE_READING, kept[1])
    began = time.thread_time()
    result = read(ctx)
    took = time.thread_time() - began
    if took > EXPENSIVE:
        ctx.recent_reads[name] = (time.monotonic() + min(LONGEST, took * TIMES_AS_LONG), result)
    else:
        ctx.recent_reads.pop(name, None)
    return result
