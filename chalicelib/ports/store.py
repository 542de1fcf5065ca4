"""Keeps the records of one run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from chalicelib.access.rules import Mode
from chalicelib.immutable import immutable
from chalicelib.messages import MessageBody
from chalicelib.model.keys import Key
from chalicelib.model.network import Network
from chalicelib.model.participant import Participant
from chalicelib.model.record import Record
from chalicelib.model.repository import Repository
from chalicelib.model.run_records import Payment

from .queue import Message


@immutable()
class ItemPage:
    """Some raw items of a collection, in order of their keys."""

    items: list[dict[str, Any]]
    #: The cursor from which the next page continues; None at the end of the collection.
    after: str | None


@immutable()
class TouchedRow:
    """A row that the commit of a unit of work will write or delete, before and after."""

    kind: str
    id: str
    mode: Mode
    before: Mapping[str, Any]
    after: Mapping[str, Any]


class UnitOfWork(Repository, Protocol):
    """One transaction: reads records and raw items, and writes all changes in one commit."""

    posted: list[Message]
    #: Whether the commit changed a network, so that a place may have opened.
    network_changed: bool
    #: The kinds of the items that the commit has written.
    written_kinds: frozenset[str]

    @property
    def state(self) -> dict[str, Any]:
        """The experiment's own state; changes are written with the commit."""

    def is_unchanged(self) -> bool:
        """Return whether everything that this unit has read is still stored as it was read."""

    def prefetch(
        self, *, node_id: int | None = None, participant_id: int | None = None, more: Iterable[Key] = ()
    ) -> None:
        """Read a node with its network, and a participant, in one call."""

    def declare_scope(self, *node_ids: int) -> None:
        """Name the nodes that this request works on."""

    def share_of_commit(self, record: Record) -> float:
        """Return the share of one commit that failing a record takes, its cascade apart."""

    def save(self, *records: Record) -> None:
        """Add records to this unit."""

    def save_concurrently(self, network: Network) -> None:
        """Add a new network that doesn't conflict with those which other requests make at the same time."""

    def item(self, key: Key) -> Mapping[str, Any] | None:
        """Return a raw item (uniqueness, messages), or None."""

    def items(self, pk: str, prefix: str = "") -> Sequence[Mapping[str, Any]]:
        """Read the raw items of a collection, without the cache."""

    def page(
        self,
        pk: str,
        *,
        prefix: str = "",
        after: str | None = None,
        limit: int = 50,
        fields: Collection[str] | None = None,
        newest_first: bool = False,
    ) -> ItemPage:
        """Read one page of a collection as it is stored, without this unit's own changes.

        For lists that people look at: what is read doesn't count when this unit looks for conflicts. `after`:
        the cursor of the page before; `fields`: read only these fields, beside keys, kind and version.
        """

    def get_fields(self, wanted: Iterable[Key], fields: Collection[str]) -> Mapping[Key, Mapping[str, Any]]:
        """Read some fields of the items under these keys as they are stored, like `page`."""

    def put_item(self, key: Key, kind: str, fields: Mapping[str, Any], *, expect: Any = None) -> None:
        """Write a raw item with the commit, on condition that its version is `expect` (None: it is new)."""

    def put_unconditional(self, key: Key, kind: str, fields: Mapping[str, Any]) -> None:
        """Write a raw item with the commit, without a condition."""

    def put_if_unchanged(self, key: Key, kind: str, fields: Mapping[str, Any]) -> None:
        """Write a raw item with the commit, on condition that it is as this unit read it."""

    def increment_now(self, key: Key) -> int:
        """Add one to a counter outside this unit's commit; return the new count."""

    def write_if_discarded(self, items: Sequence[tuple[Key, str, Mapping[str, Any]]]) -> None:
        """Write new raw items, in a commit of their own, if this unit ends without a commit.

        They give back what `increment_now` took. Nothing is written when one of them exists by then.
        """

    def delete_item(self, key: Key, *, expect: Any = ...) -> None:
        """Delete a raw item with the commit; with a number, on condition that this is its version."""

    def payment(self, participant_id: int, kind: str) -> Payment | None:
        """Return a payment from the ledger, or None."""

    def update_status_index(self, participant: Participant) -> None:
        """Update the list of participants by status."""

    def participant_ids(self) -> Sequence[int]:
        """Return the ids of all participants."""

    def statuses(self) -> dict[str, int]:
        """Count participants by status."""

    def active_participants(self) -> Sequence[Mapping[str, Any]]:
        """Return the list items of participants who have not finished: id, status, whether seated before."""

    def listed_participants(self) -> Mapping[int, Mapping[str, Any]]:
        """Return the list items of all participants by id: status, whether seated before, recruiter."""

    def ledger_lines(self) -> Sequence[Mapping[str, Any]]:
        """Return what sums need of each payment: participant, kind, amount, status, since when, its lease."""

    def count_finished(self) -> int:
        """Count the participants with a final status (approved, rejected, returned ...)."""

    def post(self, body: MessageBody, due: datetime | None = None) -> None:
        """Record a message with the commit; it is sent after the commit, when due at the earliest."""

    def send_transient(self, body: MessageBody, name: str, due: datetime | None = None) -> None:
        """Send a message after the commit without recording it; one for each name in a burst."""

    def touched_rows(self) -> Sequence[TouchedRow]:
        """Return the records, notes and dead letters that the commit would write or delete, by now."""

    def has_changes(self) -> bool:
        """Return whether the commit would write, delete or send anything, by now."""

    def commit(self) -> None:
        """Write all changes atomically, or raise Conflict and write nothing."""


class Store(Protocol):
    """Keeps the records of one run."""

    def begin(self, now: datetime) -> AbstractContextManager[UnitOfWork]:
        """Open a unit of work; leaving the block without a commit discards it."""

    def due(self, until: datetime) -> list[Message]:
        """Return recorded messages that are due; one query for each shard, never a scan."""

    @property
    def deletes_expired(self) -> bool:
        """Whether expired records are deleted without `delete_expired`."""

    def delete_expired(self, now: datetime) -> int:
        """Delete records that have expired, as many as one job may; return how many."""

    def has_messages(self) -> bool:
        """Return whether any message is recorded, whenever it is due."""

    def close(self) -> None:
        """Close files and connections."""
