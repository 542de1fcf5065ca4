"""Defines infos, the pieces of information that nodes make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from chalicelib.errors import BadRequest, RuleBroken

from .failing import end_nodes
from .record import Cascade, Record, with_status

if TYPE_CHECKING:
    from .network import Network
    from .node import Node
    from .transformation import Transformation
    from .transmission import Transmission


class Info(Record):
    """A piece of information that a node made. Its contents don't change once it is stored."""

    type = "info"
    object_type: ClassVar[str] = "Info"
    own_fields: ClassVar[tuple[str, ...]] = ("type", "origin_id", "network_id", "contents", "object_type")
    kept_fields: ClassVar[tuple[str, ...]] = ("type", "origin_id", "network_id", "contents")
    #: Whether this is a tracking event, which isn't sent by default and doesn't count as an answer.
    is_tracking: ClassVar[bool] = False

    origin_id: int
    network_id: int
    contents: str | None = None

    _network: Network

    def __init__(
        self,
        origin: Node,
        contents: str | None = None,
        details: dict[str, Any] | None = None,
        failed: bool = False,
    ) -> None:
        """Make an info at a node.

        Args:
            origin: The node that makes the info.
            contents: The information, as text.
            details: Values of the experiment's own.
            failed: Whether the info is failed from the start.

        Raises:
            RuleBroken: The node has failed, and the info isn't failed from the start.

        """
        if origin.failed and not failed:
            raise RuleBroken(f"{origin!r} has failed, so it can only make infos with failed=True.")
        self.details = details or {}
        self.origin_id = origin.id
        self.network_id = origin.network_id
        self._network = origin.network
        self.contents = contents
        origin.work.attach(self)
        origin.n_infos += 1
        if failed:
            self._mark_failed(None)

    @property
    def origin(self) -> Node:
        """The node that made the info."""
        return self.work.node(self.origin_id)

    @property
    def network(self) -> Network:
        """The network that the info belongs to."""
        return self._network

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "contents" and not self.is_new and value != self.contents:
            raise RuleBroken(
                f"The contents of {self!r} can't be changed: it has been stored, and its receivers have "
                "copies. Make a new info instead."
            )
        super().__setattr__(name, value)

    def copied_to(self, node: Node, contents: str | None) -> Self:
        """Make an info of this class at another node, without the properties and details of this one.

        The constructor of a subclass isn't called, since it may need more arguments.

        Args:
            node: The node that makes the copy.
            contents: The contents of the copy.

        Returns:
            The new info.

        Raises:
            RuleBroken: The node has failed.

        """
        copy = type(self).blank()
        Info.__init__(copy, node, contents)
        return copy

    def _mutated_contents(self) -> str | None:
        """Override in a class whose infos can mutate, to return the contents of the mutant."""
        raise RuleBroken(f"{type(self).__name__} can't mutate: define _mutated_contents() in the class.")

    def transmissions(self, status: str = "all") -> list[Transmission]:
        """Return the transmissions of this info.

        Args:
            status: `"pending"`, `"received"` or `"all"`.

        Returns:
            The transmissions, failed ones included.

        Raises:
            BadRequest: `status` has another value.

        """
        sent = [t for t in self.work.transmissions_from(self.origin) if t.info_id == self.id]
        return with_status(sent, status)

    def transformations(self, relationship: str = "all") -> list[Transformation]:
        """Return the transformations of this info.

        Args:
            relationship: `"parent"` for those from this info, `"child"` for those to it, or `"all"`.

        Returns:
            The transformations, failed ones included.

        Raises:
            BadRequest: `relationship` has another value.

        """
        if relationship not in ("all", "parent", "child"):
            raise BadRequest(f"relationship must be all, parent or child, not {relationship!r}.")
        self.work.mark_network_read(self._network)
        return [
            t
            for t in self.work.transformations_in(self._network)
            if (relationship != "child" and t.info_in_id == self.id)
            or (relationship != "parent" and t.info_out_id == self.id)
        ]

    @property
    def all_transmissions(self) -> list[Transmission]:
        """All transmissions of this info."""
        return self.transmissions()

    @property
    def transformation_applied_to(self) -> list[Transformation]:
        """The transformations whose `info_in` is this info."""
        return self.transformations("parent")

    @property
    def transformation_whence(self) -> list[Transformation]:
        """The transformations whose `info_out` is this info."""
        return self.transformations("child")

    def _failed_above(self) -> Record | None:
        return self._network.mark_above(*end_nodes(self.object_type, self.__dict__))

    @property
    def failure_cascade(self) -> Cascade:
        """What fails with this info: its transmissions and its transformations."""
        return [self.transmissions, self.transformations]

    def _failure_counters(self) -> Sequence[Record]:
        return (self.origin,)

    def _mark_failed(self, reason: str | None) -> None:
        origin = self.origin
        origin.n_infos -= 1
        origin.n_failed_infos += 1
        super()._mark_failed(reason)
