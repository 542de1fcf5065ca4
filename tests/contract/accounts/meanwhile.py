"""An engine between two reads of which another process commits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from chalicelib.storage.engine import Engine, Item, Key
from chalicelib.storage.engine_wrapper import EngineWrapper


class InterruptedEngine(EngineWrapper):
    """Lets another process act once, right after an item or a collection was read."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._place: Key | str | None = None
        self._act: Callable[[], object] = lambda: None

    @contextmanager
    def act_after_reading(self, place: Key | str, act: Callable[[], object]) -> Iterator[None]:
        """Act, within the block, after the first read of an item, or of a collection; fail without one."""
        self._place, self._act = place, act
        yield
        assert self._place is None, f"{place} was not read"

    def get(self, keys: Iterable[Key]) -> dict[Key, Item]:
        wanted = list(keys)
        found = super().get(wanted)
        for key in wanted:
            self._note(key)
        return found

    def query(self, pk: str, prefix: str = "") -> Iterator[Item]:
        found = list(super().query(pk, prefix))
        self._note(pk)
        yield from found

    def _note(self, place: Key | str) -> None:
        if self._place is not None and place == self._place:
            self._place = None
            self._act()
