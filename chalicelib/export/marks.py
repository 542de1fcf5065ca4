"""Who failed with whom: a mark on a network or node holds for what lies below it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from chalicelib.storage import keys
from chalicelib.storage.engine import Item, Key

from .tables import Row

#: The nodes with which a record fails, in the order in which their marks count.
ENDS: Final[dict[str, tuple[str, ...]]] = {
    "node": (),
    "info": ("origin_id",),
    "vector": ("origin_id", "destination_id"),
    "transmission": ("origin_id", "destination_id"),
    "transformation": ("node_id",),
}


class Marks:
    """The marks in one network that hold for more than the record that carries them."""

    def __init__(self, root: Item, get: Callable[[Iterable[Key]], Iterable[Item]]) -> None:
        """Take a network's root; `get` reads the nodes whose marks hold for what is below them."""
        is_deep = root.get("failed") and root.get("deep", True)
        self._network: Item | None = root if is_deep else None
        marked = map(keys.node, root.get("failed_nodes", ()))
        self._nodes = {item["id"]: item for item in get(marked)}

    @property
    def network_has_failed(self) -> bool:
        """Whether everything in the network has failed with it."""
        return self._network is not None

    def above(self, kind: str, item: Item) -> Item | None:
        """Return the failed node or network whose mark holds for this item, or None."""
        if self._nodes:
            for end in ENDS[kind]:
                if item[end] in self._nodes:
                    return self._nodes[item[end]]
        return self._network


def failure(item: Item, above: Item | None, object_type: str) -> Row:
    """Return a record's failed, failed_reason and time_of_death; its own mark wins."""
    if item.get("failed"):
        marked, reason = item, item.get("failed_reason")
    elif above is not None:
        marked, reason = above, f"{above.get('failed_reason') or ''}->{object_type}{item['id']}"
    else:
        return {"failed": False, "failed_reason": None, "time_of_death": None}
    return {"failed": True, "failed_reason": reason, "time_of_death": marked["time_of_death"]}
