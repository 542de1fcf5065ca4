"""Seeds the random draws of hooks that are called repeatedly, so that each call draws different numbers."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.model import keys
from chalicelib.model.participant import Participant

from .context import Context


@contextmanager
def seeded_draws(ctx: Context, participant: Participant | None, operation: str) -> Iterator[None]:
    """Seed by how often this operation has drawn before; the count is stored only if the block draws.

    So the same order of arrival gives the same draws, and yet each call draws differently.
    """
    key = keys.draws(participant.id if participant is not None else None, operation)
    stored = ctx.uow.item(key)
    count = stored["count"] if stored is not None else 0
    ctx.seed(participant, operation, count)
    before = random.getstate()
    yield
    if random.getstate() != before or "random" in vars(ctx.experiment):
        ctx.uow.put_if_unchanged(key, "draws", {"count": count + 1})
