"""Seeds all randomness of a simulation, so that its counts are reproducible."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from unittest.mock import patch

from chalicelib.storage import unit_of_work

#: The default number of bytes in `secrets`.
_USUAL = 32


@contextmanager
def drawn_by(seed: int) -> Iterator[None]:
    """Seed `random` and the names of messages inside the with block.

    A message's random name determines its shard. Shards are read in units of 4 KB, so different names would
    give different read units.
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
