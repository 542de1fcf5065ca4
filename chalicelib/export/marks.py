"""Who failed with whom: a mark on a network or node holds for what lies below it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from chalicelib.model.marks import ends, way
from chalicelib.storage import keys
from chalicelib.storage.engine import Item, Key
from chalicelib.storage.mapping import KINDS

from .tables import Row


class Marks:
    """The marks in one network that hold for more than the record that carries them."""

    def __init__(self, root: Item, get: Callable[[Iterable[Key]], Iterable[Item]]) -> None:
        """Take a network's root; `get` reads the nodes whose marks hold for what is below them."""
        is_deep = root.get("failed") and root.get("deep", True)
        self._network: Item | None = root if is_deep else None
        self._failed: list[int] = root.get("failed_nodes", [])
        self._nodes = {item["id"]: item for item in get(map(keys.node, self._failed))}

    @property
    def network_has_failed(self) -> bool:
        """Whether everything in the network has failed with it."""
        return self._network is not None

    def above(self, kind: str, item: Item) -> Item | None:
        """Return the failed node or network whose mark holds for this item, or None."""
        if self._nodes:
            marked = [node_id for node_id in ends(KINDS[kind].object_type, item) if node_id in self._nodes]
            if marked:
                return self._nodes[min(marked, key=self._failed.index)]
        return self._network


def failure(item: Item, above: Item | None, object_type: str) -> Row:
    """Return a record's failed, failed_reason and time_of_death; its own mark wins."""
    if item.get("failed"):
        marked, reason = item, item.get("failed_reason")
    elif above is not None:
        between = way(object_type, item, above["id"] if above["kind"] == "node" else None)
        marked, reason = above, f"{above.get('failed_reason') or ''}{between}->{object_type}{item['id']}"
    else:
        return {"failed": False, "failed_reason": None, "time_of_death": None}
    return {"failed": True, "failed_reason": reason, "time_of_death": marked["time_of_death"]}
