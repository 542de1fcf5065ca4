"""In a lab: the private keys with which it signs, the newest first, where its other secrets are.

No page, export or list shows them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.model import keys
from chalicelib.operations.shared.access import require_operator
from chalicelib.operations.shared.context import Context


def read_lab_keys(ctx: Context) -> Sequence[Mapping[str, Any]]:
    """Return the keys, each with its thumbprint and its private JSON Web Key."""
    item = ctx.uow.item(keys.LAB_KEYS)
    return [] if item is None else list(item["pairs"])


def write_lab_keys(ctx: Context, pairs: Sequence[Mapping[str, Any]]) -> None:
    """Store the keys."""
    require_operator(ctx)
    ctx.uow.put_if_unchanged(keys.LAB_KEYS, "lab_keys", {"pairs": [dict(pair) for pair in pairs]})
