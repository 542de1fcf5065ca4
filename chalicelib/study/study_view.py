"""Defines what the parts of a study need from it: the study's class itself is above them.

Players and groups are `Any` here, since they are made from this view.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from chalicelib.ports import UnitOfWork

from .design.conditions import Conditions
from .elements import For
from .items import Item
from .pages import PageLibrary
from .plan import TimelinePlan

if TYPE_CHECKING:
    from chalicelib.study.study_records import Place


class SessionView(Protocol):
    """The places and groups that one request has read."""

    #: The entries of the responses that this request writes, by participant and serial.
    recorded: dict[tuple[int, int], list[dict[str, Any]]]

    def place(self, participant_id: int) -> Place:
        """Return a participant's place."""

    def player(self, participant_id: int) -> Any:
        """Return a participant as a player."""

    def group(self, network_id: int) -> Any:
        """Return a group."""

    def cohort(self, name: str) -> Any:
        """Return a cohort's record."""

    def values(self, element: For, player: Any) -> list[Any]:
        """Return what a For goes through."""

    def value_of(self, player: Any, scope: str, number: int) -> Any:
        """Return the value of a For in one of its rounds."""

    def received(self, player: Any) -> list[Any]:
        """Return the contents of what a player's node has received."""

    def tell(self, participant_ids: Sequence[int], data: Any) -> None:
        """Send data to the pages of participants after the commit."""

    def add_row(self, group: Any, name: str, values: Mapping[str, Any]) -> None:
        """Store a row of data for a group."""

    def hides_feedback(self, place: Place, item: str) -> bool:
        """Whether an assignment of the player's class shows no feedback to an item yet."""

    def note_earning(self, player: Any, points: Decimal, reason: str) -> None:
        """Note that a player has earned points."""


class DeclaredStudy(Protocol):
    """A study's class, as checks and bots use it."""

    timeline: ClassVar[Any]
    conditions: ClassVar[Any]
    library: ClassVar[PageLibrary]

    @classmethod
    def plan(cls) -> TimelinePlan:
        """Return the compiled timeline."""

    @classmethod
    def design(cls) -> Conditions | None:
        """Return the experimental design, or None."""

    @classmethod
    def items(cls) -> Mapping[str, Item]:
        """Return the items by name."""

    @classmethod
    def items_of(cls, page: Any) -> dict[str, Item]:
        """Return the items of a page."""

    @classmethod
    def pool_of(cls, page: Any) -> dict[str, Item]:
        """Return the items from which those of a page are drawn."""


class StudyView(Protocol):
    """A study in one request."""

    @property
    def work(self) -> UnitOfWork:
        """The request's unit of work."""

    @property
    def language(self) -> str:
        """The language of its pages."""

    @property
    def library(self) -> PageLibrary:
        """The compiled pages."""

    @property
    def session(self) -> SessionView:
        """The places and groups that this request has read."""

    def design(self) -> Conditions | None:
        """Return the experimental design, or None."""

    def plan(self) -> TimelinePlan:
        """Return the compiled timeline."""

    def items(self) -> Mapping[str, Item]:
        """Return the items by name."""

    def items_of(self, page: Any) -> dict[str, Item]:
        """Return the items of a page."""

    def pool_of(self, page: Any) -> dict[str, Item]:
        """Return the items from which those of a page are drawn."""

    def rounds_at(self, player: Any) -> int | None:
        """Return how many rounds the innermost Rounds around a player has, if that is fixed."""

    def public_config(self) -> Mapping[str, Any]:
        """Return the public settings."""
