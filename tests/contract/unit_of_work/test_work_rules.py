"""Rules of a unit of work over SQLite: ids of networks, leases, and messages beyond those of one commit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.errors import Conflict
from chalicelib.experiment.networks import Empty
from chalicelib.messages import RecordReturn, RunTimer
from chalicelib.model import keys
from chalicelib.model.node import Node
from chalicelib.model.record import iso
from chalicelib.storage.engine import Engine, Put
from chalicelib.storage.record_mapping import fields_of
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.storage.unit_of_work import MOST_POSTED, POSTED_TOGETHER
from tests.contract.factories import begin


@pytest.fixture
def sqlite_engine() -> Iterator[Engine]:
    engine = SQLiteEngine(":memory:")
    yield engine
    engine.close()


def new_network(engine: Engine) -> int:
    with begin(engine) as work:
        network = Empty(max_size=5)
        work.save(network)
        work.commit()
        return network.id


def leased(engine: Engine, key: tuple[str, str], seconds: float) -> None:
    """Give a holder the lease of a large commit that ends in so many seconds."""
    item = engine.get([key])[key]
    lease = {"by": "another", "until": iso(datetime.now(UTC) + timedelta(seconds=seconds))}
    engine.commit([Put({**item, "v": item["v"] + 1, "lease": lease}, item["v"])])


def test_networks_are_numbered_on_by_later_requests(sqlite_engine: Engine) -> None:
    assert [new_network(sqlite_engine) for _ in range(3)] == [1, 2, 3]
    with begin(sqlite_engine) as work:
        assert [network.id for network in work.networks()] == [1, 2, 3]
    header = sqlite_engine.get([keys.HEADER])[keys.HEADER]
    assert (header["kind"], header["last_id"], header["v"]) == ("networks_header", 3, 3)


def test_networks_of_one_request_are_listed_with_those_before(sqlite_engine: Engine) -> None:
    new_network(sqlite_engine)
    with begin(sqlite_engine) as work:
        assert len(work.networks()) == 1
        for _ in range(2):
            work.save(Empty(max_size=5))
        assert [network.id for network in work.networks()] == [1, 2, 3]
        work.commit()
    assert new_network(sqlite_engine) == 4


def test_of_two_requests_that_make_a_network_at_one_moment_one_is_a_conflict(sqlite_engine: Engine) -> None:
    new_network(sqlite_engine)
    with begin(sqlite_engine) as one, begin(sqlite_engine) as other:
        for work in (one, other):
            work.save(Empty(max_size=5))
        one.commit()
        with pytest.raises(Conflict):
            other.commit()


def test_networks_that_are_saved_concurrently_do_not_conflict(engine: Engine) -> None:
    before = new_network(engine)
    made = [Empty(max_size=5) for _ in range(3)]
    with begin(engine) as one, begin(engine) as other, begin(engine) as discarded:
        for work, network in zip((one, other, discarded), made, strict=True):
            work.save_concurrently(network)
        one.commit()
        other.commit()
    # `save` numbers on after them, and after the number that the discarded request had taken.
    after = new_network(engine)
    with begin(engine) as work:
        network = Empty(max_size=5)
        work.save_concurrently(network)
        assert [each.id for each in work.networks()] == [before, made[0].id, made[1].id, after, network.id]
        work.commit()
    assert (before, [each.id for each in made], after, network.id) == (1, [2, 3, 4], 5, 6)


def test_a_network_saved_concurrently_conflicts_with_one_that_save_has_numbered_alike(
    sqlite_engine: Engine,
) -> None:
    engine = sqlite_engine
    with begin(engine) as one, begin(engine) as other:
        one.save(Empty(max_size=5))
        other.save_concurrently(Empty(max_size=5))
        one.commit()
        with pytest.raises(Conflict):
            other.commit()
    with begin(engine) as work:
        work.save_concurrently(Empty(max_size=5))
        work.commit()
    with begin(engine) as work:
        assert [each.id for each in work.networks()] == [1, 2]


@pytest.mark.parametrize("seconds", [15, -1])
def test_no_network_is_made_while_a_large_commit_makes_some(sqlite_engine: Engine, seconds: float) -> None:
    new_network(sqlite_engine)
    leased(sqlite_engine, keys.HEADER, seconds)
    with pytest.raises(Conflict):
        new_network(sqlite_engine)
    if seconds < 0:
        assert new_network(sqlite_engine) == 2


@pytest.mark.parametrize("seconds", [15, -1])
def test_no_node_is_made_while_a_large_commit_changes_its_network(
    sqlite_engine: Engine, seconds: float
) -> None:
    new_network(sqlite_engine)
    leased(sqlite_engine, keys.root(1), seconds)

    def make() -> None:
        with begin(sqlite_engine) as work:
            Node(network=work.network(1))
            work.commit()

    with pytest.raises(Conflict):
        make()
    if seconds < 0:
        make()


def test_an_item_that_was_staged_keeps_its_stamp_and_a_network_does_not(sqlite_engine: Engine) -> None:
    new_network(sqlite_engine)
    with begin(sqlite_engine) as work:
        network = work.network(1)
        node = Node(network=network)
        node._stamp = network._stamp = 3
        assert (fields_of(node)["s"], "s" in fields_of(network)) == (3, False)
        node._stamp = 0
        assert "s" not in fields_of(node)


def messages(engine: Engine) -> list[dict[str, Any]]:
    found = [item for shard in range(keys.DUE_SHARDS) for item in engine.query(keys.due(shard))]
    return [item["body"] for item in found]


@pytest.mark.parametrize(
    ("count", "pages"),
    [
        (MOST_POSTED, []),
        (MOST_POSTED + 1, [1]),
        (MOST_POSTED + POSTED_TOGETHER, [80]),
        (MOST_POSTED + 2 * POSTED_TOGETHER + 1, [80, 80, 1]),
    ],
)
def test_messages_beyond_forty_are_recorded_in_batches_of_eighty(
    sqlite_engine: Engine, count: int, pages: list[int]
) -> None:
    with begin(sqlite_engine) as work:
        for number in range(count):
            work.post(RecordReturn(number + 1))
        work.commit()
    bodies = messages(sqlite_engine)
    singles = [body for body in bodies if body["kind"] == "record_return"]
    batches = [body["messages"] for body in bodies if body["kind"] == "post_more"]
    assert len(singles) == min(count, MOST_POSTED)
    assert sorted(map(len, batches), reverse=True) == pages
    ids = [body["participant_id"] for body in singles]
    ids += [message["body"]["participant_id"] for batch in batches for message in batch]
    assert sorted(ids) == list(range(1, count + 1))


@pytest.mark.parametrize(("length", "pages"), [(99_000, [2, 2, 1]), (110_000, [1] * 5)])
def test_long_messages_are_recorded_in_batches_of_two_hundred_kilobytes(
    sqlite_engine: Engine, length: int, pages: list[int]
) -> None:
    with begin(sqlite_engine) as work:
        for _ in range(MOST_POSTED):
            work.post(RecordReturn(1))
        for _ in range(5):
            work.post(RunTimer("rings", {"text": "x" * length}))
        work.commit()
    batches = [body["messages"] for body in messages(sqlite_engine) if body["kind"] == "post_more"]
    assert sorted(map(len, batches), reverse=True) == pages


def test_messages_beyond_forty_keep_their_due_times(sqlite_engine: Engine) -> None:
    due = datetime.now(UTC) + timedelta(hours=3)
    with begin(sqlite_engine) as work:
        for _ in range(MOST_POSTED + 1):
            work.post(RecordReturn(1), due=due)
        work.commit()
    (batch,) = [body["messages"] for body in messages(sqlite_engine) if body["kind"] == "post_more"]
    assert [message["due"] for message in batch] == [iso(due)]
