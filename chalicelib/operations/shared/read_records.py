"""Reads a participant, a network, or all items below a key."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final

from .access import own_network, own_participant
from .context import Context

#: How many items are read in one call.
_PER_CALL: Final = 1000


def get_participant(ctx: Context, participant_id: int) -> dict[str, Any]:
    """Return a participant, without the recruiter's worker id."""
    return {"participant": own_participant(ctx, participant_id).as_json()}


def get_network(ctx: Context, network_id: int) -> dict[str, Any]:
    """Return a network that the caller is in, with its counts."""
    return {"network": own_network(ctx, network_id).as_json()}


def all_items(
    ctx: Context, pk: str, prefix: str = "", fields: Collection[str] | None = None
) -> Iterator[dict[str, object]]:
    """Read all items of a partition whose sort keys begin with `prefix`, in the order of the keys.

    `fields`: read only these fields, beside keys, kind and version.
    """
    after = None
    while True:
        page = ctx.uow.page(pk, prefix=prefix, after=after, limit=_PER_CALL, fields=fields)
        yield from page.items
        after = page.after
        if after is None:
            return
