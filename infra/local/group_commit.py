"""Group commit: syncs the commits of concurrent requests to disk together.

Syncing a commit to disk takes longer than processing a request, and one sync serves many commits.
"""

from __future__ import annotations

import asyncio

from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine


class GroupCommit:
    """Waits until everything committed so far is on disk."""

    def __init__(self, engine: SQLiteEngine) -> None:
        """`engine`: an engine with `sync_later`, which leaves syncing to this class."""
        self._engine = engine
        self._waiting: list[asyncio.Future[None]] = []

    async def reached(self) -> None:
        """Return when everything committed before the call would survive a power failure.

        Raises OSError when the sync fails.
        """
        if not self._engine.unsynced:
            return
        loop = asyncio.get_running_loop()
        reached = loop.create_future()
        self._waiting.append(reached)
        if len(self._waiting) == 1:
            # Requests that have already arrived are processed first, and share this sync.
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
