"""All chance of a trial, drawn by its seed: what is counted is the same each time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from unittest.mock import patch

from chalicelib.storage import unit_of_work

#: How many bytes the library makes where no number is given.
_USUAL = 32


@contextmanager
def drawn_by(seed: int) -> Iterator[None]:
    """Draw `random` and the names of messages by a seed while the block lasts.

    A message's name, which is left to chance, says on which shard it lies; a shard is read in steps of 4 KB,
    so other names are other read units.
    """
    draw = random.Random(f"names:{seed}")

    def token_hex(length: int | None = None) -> str:
        return draw.randbytes(_USUAL if length is None else length).hex()

    before = random.getstate()
    random.seed(seed)
    try:
        with patch.object(unit_of_work, "secrets", SimpleNamespace(token_hex=token_hex)):
            yield
    finally:
        random.setstate(before)
