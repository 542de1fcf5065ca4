"""Implements the DynamoDB engine: one table, one client, strongly consistent reads, conditional writes."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError
from pynamodb.connection import Connection
from pynamodb.connection.base import MetaTable
from pynamodb.constants import BATCH_GET_PAGE_LIMIT, ITEM, KEY, PAY_PER_REQUEST_BILLING_MODE, PUT_ITEM
from pynamodb.expressions.condition import Condition

from chalicelib.errors import Busy, CommitTooLarge, Conflict, PetriError, TooLarge
from chalicelib.storage.engine import (
    ALWAYS_READ,
    ANY,
    Check,
    Delete,
    Expect,
    Item,
    ItemPage,
    Key,
    Put,
    Write,
    project,
    require_page,
)

from .dynamodb_errors import CONDITION_FAILED, translated
from .item_models import MARK, MORE, StoredItem, Wire, from_wire, to_wire, wire_size

#: DynamoDB's limits (AWS: "Service, account, and table quotas").
MAX_WRITES: Final = 100
MAX_TRANSACTION: Final = 4 * 1024 * 1024
MAX_ITEM: Final = 400 * 1024
MAX_PK: Final = 2048
MAX_SK: Final = 1024
#: A margin for a transaction's conditions and for errors of the size estimate.
MARGIN: Final = 128 * 1024

#: How many items one isolated read returns. DynamoDB takes 100; its emulators often take 25.
ISOLATED_AT_ONCE: Final = 25

#: Rounds of BatchGetItem that may return nothing before Busy is raised.
EMPTY_ROUNDS: Final = 8
#: The longest backoff in seconds before the first of these rounds is repeated; it doubles each time.
BACKOFF_BASE: Final = 0.02

SCHEMA: Final = {
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "S"},
    ],
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ],
}


class DynamoDBEngine:
    """Items in one DynamoDB table, through one botocore client that every model and thread shares."""

    max_writes = MAX_WRITES
    max_bytes = MAX_TRANSACTION - MARGIN
    #: Reads are isolated from a transaction item by item, not across all of its items.
    shows_whole_commits = False
    deletes_expired = True

    def __init__(
        self,
        table_name: str,
        region: str,
        *,
        host: str | None = None,
        aws_access_key_id: str | None = None,
        aws_secret_access_key: str | None = None,
        aws_session_token: str | None = None,
        max_attempts: int = 4,
        connect_timeout: float = 2.0,
        read_timeout: float = 5.0,
        max_connections: int = 50,
    ) -> None:
        """Create the client without calling anything yet.

        `host`: the address of another implementation of DynamoDB. Without keys, botocore finds the
        credentials. A call has `max_attempts` attempts; the timeouts are in seconds. With the defaults, a
        call succeeds or fails before API Gateway's timeout of 29 seconds.
        """
        self.table_name = table_name
        self._closed = False
        self._connection = Connection(
            region=region,
            host=host,
            aws_access_key_id=aws_access_key_id,
            aws_secret_access_key=aws_secret_access_key,
            aws_session_token=aws_session_token,
            connect_timeout_seconds=connect_timeout,
            read_timeout_seconds=read_timeout,
            retry_configuration={"total_max_attempts": max_attempts, "mode": "standard"},
            max_pool_connections=max_connections,
        )
        self._connection.add_meta_table(MetaTable({"TableName": table_name, **SCHEMA}))
        # Created here and not by the first call: concurrent threads would create one each.
        self.client: Any = self._connection.client

    @property
    def session(self) -> Any:
        """The botocore session, with which other clients can be created."""
        return self._connection.session

    def create_table(self) -> None:
        """Create the on-demand table, and wait until it is active."""
        with translated(self.table_name):
            self._connection.create_table(
                self.table_name,
                attribute_definitions=SCHEMA["AttributeDefinitions"],
                key_schema=SCHEMA["KeySchema"],
                billing_mode=PAY_PER_REQUEST_BILLING_MODE,
            )
            self.client.get_waiter("table_exists").wait(TableName=self.table_name)

    # -- reading --------------------------------------------------------------------------------

    def get(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """Return the items that exist under these keys, strongly consistent."""
        return self._get(keys, None)

    def get_fields(self, keys: Iterable[Key], fields: Collection[str]) -> dict[Key, Item]:
        """Return these fields of the items that exist under these keys, strongly consistent."""
        return {key: project(item, fields) for key, item in self._get(keys, _projection(fields)).items()}

    def _get(self, keys: Iterable[Key], attributes: Sequence[str] | None) -> dict[Key, Item]:
        wanted = list(dict.fromkeys(keys))
        for key in wanted:
            _check_key(key)
        found: dict[Key, Item] = {}
        wires = (
            self._get_one(wanted[0], attributes) if len(wanted) == 1 else self._get_many(wanted, attributes)
        )
        for wire in wires:
            item = from_wire(wire)
            found[item["pk"], item["sk"]] = item
        return found

    def _get_one(self, key: Key, attributes: Sequence[str] | None) -> list[Wire]:
        self._check_open()
        with translated(self.table_name):
            answer = self._connection.get_item(
                self.table_name, key[0], key[1], consistent_read=True, attributes_to_get=attributes
            )
        return [answer[ITEM]] if ITEM in answer else []

    def _get_many(self, wanted: Sequence[Key], attributes: Sequence[str] | None) -> Iterator[Wire]:
        for start in range(0, len(wanted), BATCH_GET_PAGE_LIMIT):
            requested = [{"pk": pk, "sk": sk} for pk, sk in wanted[start : start + BATCH_GET_PAGE_LIMIT]]
            empty_rounds = 0
            while requested:
                wires, requested = self._get_batch(requested, attributes)
                yield from wires
                if requested:
                    empty_rounds = 0 if wires else empty_rounds + 1
                    _pause(empty_rounds)

    def _get_batch(
        self, requested: Sequence[dict[str, Any]], attributes: Sequence[str] | None
    ) -> tuple[list[Wire], list[dict[str, Any]]]:
        """Return the items of this response, and the keys that DynamoDB left unprocessed."""
        self._check_open()
        with translated(self.table_name):
            answer = self._connection.batch_get_item(
                self.table_name,
                requested,  # type: ignore[arg-type]  # PynamoDB says strings, and takes maps of key attributes
                consistent_read=True,
                attributes_to_get=attributes,
            )
        left = answer.get("UnprocessedKeys", {}).get(self.table_name, {}).get("Keys", [])
        return answer["Responses"].get(self.table_name, []), left

    def get_isolated(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """Return a consistent snapshot of the items under these keys; Conflict while one is being changed."""
        wanted = list(dict.fromkeys(keys))
        for key in wanted:
            _check_key(key)
        found: dict[Key, Item] = {}
        for start in range(0, len(wanted), ISOLATED_AT_ONCE):
            self._check_open()
            requested = [self._get_arguments(key) for key in wanted[start : start + ISOLATED_AT_ONCE]]
            with translated(self.table_name):
                answer = self._connection.transact_get_items(requested)
            for response in answer["Responses"]:
                if response.get(ITEM):
                    item = from_wire(response[ITEM])
                    found[item["pk"], item["sk"]] = item
        return found

    def _get_arguments(self, key: Key) -> dict[str, Any]:
        return self._connection.get_operation_kwargs(self.table_name, key[0], key[1])

    def query(self, pk: str, prefix: str = "") -> Iterator[Item]:
        """Yield the items of a collection whose sk begins with the prefix, in order of sk."""
        for page in self._pages(pk, _begins_with(prefix)):
            yield from map(from_wire, page["Items"])

    def count(self, pk: str, prefix: str = "") -> int:
        """Return how many items of a collection have an sk that begins with the prefix."""
        return sum(page["Count"] for page in self._pages(pk, _begins_with(prefix), select="COUNT"))

    def query_each(self, pks: Sequence[str], prefix: str = "") -> Iterator[Item]:
        """Yield the items of several collections, one after the other."""
        for pk in pks:
            yield from self.query(pk, prefix)

    def query_known(self, pk: str, known: Mapping[str, Item]) -> Iterator[Item]:
        """Yield a collection's items, in order of sk: DynamoDB sends all of them, known or not."""
        del known
        return self.query(pk)

    def count_each(self, pks: Sequence[str], prefix: str = "") -> int:
        """Return how many items several collections have together."""
        return sum(self.count(pk, prefix) for pk in pks)

    def query_until(self, pk: str, last: str) -> Iterator[Item]:
        """Yield the items of a collection whose sk is not after `last`, in order of sk."""
        for page in self._pages(pk, StoredItem.sk <= last):
            yield from map(from_wire, page["Items"])

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
        """Return at most `limit` items of a collection, with the cursor of the next page: one Query."""
        require_page(prefix, after, limit)
        self._check_open()
        with translated(self.table_name):
            # One item more than the page shows whether another page follows.
            answer = self._connection.query(
                self.table_name,
                pk,
                range_key_condition=_begins_with(prefix),
                attributes_to_get=None if fields is None else _projection(fields),
                consistent_read=True,
                exclusive_start_key=None if after is None else {"pk": {"S": pk}, "sk": {"S": after}},
                limit=limit + 1,
                scan_index_forward=not newest_first,
            )
        items = [project(from_wire(wire), fields) for wire in answer["Items"]]
        if len(items) > limit:
            return ItemPage(items[:limit], items[limit - 1]["sk"])
        last = answer.get("LastEvaluatedKey")
        return ItemPage(items, None if last is None else last["sk"]["S"])

    def _pages(self, pk: str, condition: Condition | None, select: str | None = None) -> Iterator[Any]:
        after: Wire | None = None
        while True:
            self._check_open()
            with translated(self.table_name):
                page = self._connection.query(
                    self.table_name,
                    pk,
                    range_key_condition=condition,
                    consistent_read=True,
                    exclusive_start_key=after,
                    select=select,
                )
            yield page
            after = page.get("LastEvaluatedKey")
            if after is None:
                return

    # -- writing --------------------------------------------------------------------------------

    def commit(self, writes: Sequence[Write]) -> None:
        """Write all or nothing; raise Conflict when an expectation fails or a race is lost."""
        for write in writes:
            _check_key(write.key)
        if len(writes) != 1:
            self._transact(writes)
            return
        (write,) = writes
        if isinstance(write, Put):
            self._put(write)
        elif isinstance(write, Check):
            self._check(write)
        elif write.expect is ANY:
            self._delete(write.key)
        else:
            # A deleted item can't have a mark; a transaction's token makes its retry idempotent.
            self._transact(writes)

    def _put(self, write: Put) -> None:
        """Put one item; the mark shows whether a put that the client retried had already succeeded."""
        mark = None if write.expect is ANY else secrets.token_hex(8)
        wire = to_wire(write.item, mark)
        _check_size(write.key, wire)
        self._check_open()
        arguments = self._put_arguments(write, wire)
        with translated(self.table_name):
            try:
                self._connection.dispatch(PUT_ITEM, arguments)
            except ClientError as error:
                if mark is None or _mark_found(error) != mark:
                    raise

    def _check(self, write: Check) -> None:
        """Check with a read, which is cheaper than a transaction and doesn't conflict with other requests."""
        stored = self.get([write.key]).get(write.key)
        if (stored["v"] if stored else None) != write.expect:
            raise Conflict(f"{write.key} was changed by another request.")

    def _delete(self, key: Key) -> None:
        self._check_open()
        with translated(self.table_name):
            self._connection.delete_item(self.table_name, key[0], key[1])

    def _transact(self, writes: Sequence[Write]) -> None:
        if not writes:
            return
        if len(writes) > MAX_WRITES:
            raise CommitTooLarge(f"{len(writes)} writes at one moment; DynamoDB takes {MAX_WRITES}.")
        puts = self._transacted_puts([write for write in writes if isinstance(write, Put)])
        self._check_open()
        with translated(self.table_name):
            self._connection.transact_write_items(
                condition_check_items=self._bare(writes, Check),
                delete_items=self._bare(writes, Delete),
                put_items=puts,
                update_items=[],
                client_request_token=secrets.token_hex(16),
            )

    def _bare(self, writes: Sequence[Write], sort: type[Check | Delete]) -> list[dict[str, Any]]:
        return [self._arguments(write.key, write.expect) for write in writes if isinstance(write, sort)]

    def _transacted_puts(self, writes: Sequence[Put]) -> list[dict[str, Any]]:
        size = 0
        puts = []
        for write in writes:
            wire = to_wire(write.item)
            size += _check_size(write.key, wire)
            puts.append(self._put_arguments(write, wire))
        if size > MAX_TRANSACTION:
            raise CommitTooLarge(f"{size} bytes at one moment; DynamoDB takes {MAX_TRANSACTION}.")
        return puts

    def _put_arguments(self, write: Put, wire: Wire) -> dict[str, Any]:
        return self._arguments(write.key, write.expect, ITEM, wire)

    def _arguments(
        self, at: Key, expect: Expect, place: str = KEY, attributes: Wire | None = None
    ) -> dict[str, Any]:
        condition = _condition(expect)
        return self._connection.get_operation_kwargs(
            self.table_name,
            at[0],
            at[1],
            key=place,
            attributes=attributes,
            condition=condition,
            return_values_on_condition_failure=None if condition is None else "ALL_OLD",
        )

    def delete_expired(self, prefix: str, now: float, limit: int) -> int:
        """Delete nothing: the table's time to live does, within days."""
        del prefix, now, limit
        return 0

    def increment(self, key: Key, by: int = 1) -> int:
        """Add to the counter at a key (created at 0) and return the new value; a retry leaves a gap."""
        _check_key(key)
        self._check_open()
        with translated(self.table_name):
            answer = self._connection.update_item(
                self.table_name,
                key[0],
                key[1],
                actions=[StoredItem.kind.set("counter"), StoredItem.v.add(by)],
                return_values="UPDATED_NEW",
            )
        return int(answer["Attributes"]["v"]["N"])

    # -- closing --------------------------------------------------------------------------------

    def close(self) -> None:
        """Close the connections."""
        self._closed = True
        self.client.close()

    def _check_open(self) -> None:
        if self._closed:
            raise PetriError(f"The engine of table {self.table_name} is closed: make a new one.")


def _projection(fields: Collection[str]) -> list[str]:
    # A field that its item's model doesn't name, or whose value has another type, is inside `more`.
    return list(dict.fromkeys([*ALWAYS_READ, *fields, MORE]))


def _begins_with(prefix: str) -> Condition | None:
    return StoredItem.sk.startswith(prefix) if prefix else None


def _condition(expect: Expect) -> Condition | None:
    if expect is None:
        return StoredItem.pk.does_not_exist()
    if isinstance(expect, int):
        return StoredItem.v == expect
    return None


def _mark_found(error: ClientError) -> str | None:
    """Return the mark of the item because of which a conditional put was refused."""
    if error.response["Error"]["Code"] != CONDITION_FAILED:
        return None
    # PynamoDB's own error leaves the item out; botocore's, below it, has it.
    refused: Any = error.__cause__.response if isinstance(error.__cause__, ClientError) else error.response
    mark: str | None = refused.get("Item", {}).get(MARK, {}).get("S")
    return mark


def _check_key(key: Key) -> None:
    pk, sk = key
    # A character takes at most four bytes, so short keys needn't be measured.
    if len(pk) * 4 > MAX_PK and len(pk.encode()) > MAX_PK:
        raise TooLarge(f"A key of {len(pk)} characters: an id sent from outside is far too long.")
    if len(sk) * 4 > MAX_SK and len(sk.encode()) > MAX_SK:
        raise TooLarge(f"A key of {len(sk)} characters: an id sent from outside is far too long.")


def _check_size(key: Key, wire: Wire) -> int:
    size = wire_size(wire)
    if size > MAX_ITEM:
        raise TooLarge(
            f"The record at {key} would have {size} bytes; {MAX_ITEM} (400 KB) is the most. Send less."
        )
    return size


def _pause(empty_rounds: int) -> None:
    if empty_rounds > EMPTY_ROUNDS:
        raise Busy("The database answers only part of what it is asked; try again in a moment.")
    time.sleep(random.uniform(0, BACKOFF_BASE * 2**empty_rounds))
