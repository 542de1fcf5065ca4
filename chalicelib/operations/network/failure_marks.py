"""Derives which records have failed with their node or network, for exports and lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chalicelib.model import keys
from chalicelib.model.failing import end_nodes, failure_causes
from chalicelib.model.keys import Key

Item = Mapping[str, Any]


class FailureMarks:
    """The marks of one network and its nodes that apply to the records below them."""

    def __init__(self, root: Item, get: Callable[[Iterable[Key]], Iterable[Item]]) -> None:
        """`root`: of a network. `get`: reads the nodes whose marks apply to the records below them."""
        is_deep = root.get("failed") and root.get("deep", True)
        self._network: Item | None = root if is_deep else None
        marked = map(keys.node, root.get("failed_nodes", ()))
        #: In the order in which they failed.
        self._nodes = {item["id"]: (order, item) for order, item in enumerate(get(marked))}

    @property
    def network_has_failed(self) -> bool:
        """Whether everything in the network has failed with it."""
        return self._network is not None

    def above(self, kind: str, item: Item) -> Item | None:
        """Return the node that failed first of those whose marks hold for this item, else the network."""
        if self._nodes:
            ends = end_nodes(object_type_of(kind), item)
            marked = [self._nodes[end] for end in ends if end in self._nodes]
            if marked:
                return min(marked, key=lambda found: found[0])[1]
        return self._network


def object_type_of(kind: str) -> str:
    """Return the name of the base class of a kind of records."""
    return kind.capitalize()


def failure(kind: str, item: Item, above: Item | None) -> dict[str, Any]:
    """Return a record's failed, failed_reason and time_of_death; its own mark takes precedence."""
    if item.get("failed"):
        marked, reason = item, item.get("failed_reason")
    elif above is not None:
        marked = above
        chain = failure_causes(object_type_of(kind), item, object_type_of(above["kind"]), above["id"])
        reason = f"{above.get('failed_reason') or ''}{chain}"
    else:
        return {"failed": False, "failed_reason": None, "time_of_death": None}
    return {"failed": True, "failed_reason": reason, "time_of_death": marked["time_of_death"]}
