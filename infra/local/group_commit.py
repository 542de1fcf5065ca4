"""Answers that go together: what requests of the same moment have committed reaches the disk in one go.

Bringing a commit to the disk takes longer than carrying a request out, and one go does for many commits.
"""

from __future__ import annotations

import asyncio

from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine


class GroupCommit:
    """Says when everything committed so far is on the disk."""

    def __init__(self, engine: SQLiteEngine) -> None:
        """`engine`: one that syncs later, since this does it."""
        self._engine = engine
        self._waiting: list[asyncio.Future[None]] = []

    async def reached(self) -> None:
        """Return when no power cut can take away what was committed before the call.

        Raises OSError when the disk refuses.
        """
        if not self._engine.unsynced:
            return
        loop = asyncio.get_running_loop()
        reached = loop.create_future()
        self._waiting.append(reached)
        if len(self._waiting) == 1:
            # Requests that are here already come first: they share this one.
            loop.call_soon(self._sync)
        await reached

    def _sync(self) -> None:
        waiting = [reached for reached in self._waiting if not reached.done()]
        self._waiting.clear()
        try:
            self._engine.sync()
        except OSError as problem:
            for reached in waiting:
                reached.set_exception(problem)
            return
        for reached in waiting:
            reached.set_result(None)
