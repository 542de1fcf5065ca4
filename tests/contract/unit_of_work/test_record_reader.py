"""What a unit of work reads: how often, and what of it counts as visible or changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.errors import Conflict, NotFound
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.storage.engine import Delete, Put
from chalicelib.storage.sibling_versions import SIBLINGS
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.unit.model.things import NOW, a_network, answer, join, sent

MISSING = keys.participant(99)


@pytest.fixture
def engine() -> Iterator[SQLiteEngine]:
    """An engine with a network of two nodes, of which the first has sent an info to the second."""
    engine = SQLiteEngine(":memory:")
    with EngineUnitOfWork(engine, NOW) as work:
        network = a_network(work)
        first, second = join(network), join(network)
        answer(first)
        sent(first, second)
        work.commit()
    yield engine
    engine.close()


@pytest.fixture
def work(engine: SQLiteEngine) -> EngineUnitOfWork:
    return EngineUnitOfWork(engine, NOW)


def change(engine: SQLiteEngine, key: tuple[str, str], **fields: Any) -> None:
    """Change an item, as another request does."""
    item = engine.get([key])[key]
    engine.commit([Put({**item, **fields, "v": item["v"] + 1}, item["v"])])


def put(engine: SQLiteEngine, key: tuple[str, str], kind: str, **fields: Any) -> None:
    engine.commit([Put({"pk": key[0], "sk": key[1], "kind": kind, "v": 1, **fields}, None)])


# -- how often --------------------------------------------------------------------------------------


def test_what_is_prefetched_is_read_once(
    engine: SQLiteEngine, work: EngineUnitOfWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[list[Any]] = []
    get = engine.get
    monkeypatch.setattr(engine, "get", lambda wanted: reads.append(list(wanted)) or get(wanted))
    work.prefetch(node_id=100_001, participant_id=1, more=[MISSING])
    work.prefetch(node_id=100_001, participant_id=1)
    assert (work.node(100_001).id, work.participant(1).id, work.item(MISSING)) == (100_001, 1, None)
    assert reads == [[MISSING, keys.root(1), keys.node(100_001), keys.participant(1)]]


def test_what_a_node_made_is_read_with_it(
    engine: SQLiteEngine, work: EngineUnitOfWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries: list[Any] = []
    query = engine.query
    monkeypatch.setattr(engine, "query", lambda *given: queries.append(given) or query(*given))
    for _ in range(2):
        node = work.node_with_things(100_001)
        assert (len(node.infos()), len(node.vectors()), node.transformations()) == (2, 1, [])
    assert queries == [("net#1", "at#0000100001/")]


def test_what_was_read_of_a_node_is_listed_once_after_its_network_was_read(work: EngineUnitOfWork) -> None:
    node, other = work.node(100_001), work.node(100_002)
    before = [node.infos(), node.vectors(), other.vectors(), node.transmissions("outgoing")]
    assert (len(node.network.infos()), len(node.network.vectors())) == (2, 1)
    assert [node.infos(), node.vectors(), other.vectors(), node.transmissions("outgoing")] == before
    assert [len(found) for found in before] == [2, 1, 1, 1]


def test_a_listed_network_is_not_read_again(
    engine: SQLiteEngine, work: EngineUnitOfWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [network.id for network in work.networks()] == [1]
    monkeypatch.setattr(engine, "get", lambda wanted: pytest.fail(f"{wanted} was read again"))
    root = work.item(keys.root(1))
    assert root is not None
    assert (root["last_node"], work.network(1).last_node) == (2, 2)


# -- whether anything has changed -------------------------------------------------------------------


def test_nothing_has_changed_while_all_that_was_read_is_the_same(
    engine: SQLiteEngine, work: EngineUnitOfWork
) -> None:
    assert work.is_unchanged()
    work.node_with_things(100_001)
    work.item(MISSING)
    assert work.is_unchanged()
    change(engine, keys.participant(1), property1="not read")
    assert work.is_unchanged()


@pytest.mark.parametrize("key", [keys.root(1), keys.node(100_001)])
def test_a_change_of_what_was_read_is_noticed(
    engine: SQLiteEngine, work: EngineUnitOfWork, key: tuple[str, str]
) -> None:
    work.node(100_001)
    change(engine, key, property1="changed")
    assert not work.is_unchanged()


def test_an_item_that_was_missing_and_exists_now_is_noticed(
    engine: SQLiteEngine, work: EngineUnitOfWork
) -> None:
    work.item(MISSING)
    put(engine, MISSING, "participant", id=99)
    assert not work.is_unchanged()


def test_a_new_item_of_a_collection_that_was_read_is_noticed(
    engine: SQLiteEngine, work: EngineUnitOfWork
) -> None:
    work.node_with_things(100_001)
    put(engine, keys.info(10_000_100_009), "info", id=10_000_100_009)
    assert not work.is_unchanged()


def test_counters_may_go_on(engine: SQLiteEngine, work: EngineUnitOfWork) -> None:
    engine.increment(keys.network_count())
    assert work.item(keys.network_count()) is not None
    engine.increment(keys.network_count())
    assert work.is_unchanged()


def test_a_record_that_is_saved_unchanged_conflicts_with_a_change_meanwhile(
    engine: SQLiteEngine, work: EngineUnitOfWork
) -> None:
    work.save(work.participant(1))
    change(engine, keys.participant(1), property1="changed")
    with pytest.raises(Conflict):
        work.commit()


def test_what_is_made_after_a_node_was_read_is_not_listed(
    engine: SQLiteEngine, work: EngineUnitOfWork
) -> None:
    """Neither what the node itself has made, nor what a node that joined meanwhile has numbered."""
    node = work.node(100_001)
    with EngineUnitOfWork(engine, NOW) as other:
        again, newcomer = other.node(100_001), join(other.network(1))
        answer(again)
        sent(again, other.node(100_002))
        sent(again, newcomer)
        answer(newcomer)
        other.commit()
    assert (len(node.infos()), len(node.vectors()), len(node.transmissions("outgoing"))) == (2, 1, 1)
    assert (len(node.network.infos()), len(node.network.nodes())) == (2, 2)
    with EngineUnitOfWork(engine, NOW) as later:
        found = later.node(100_001)
        assert (len(found.infos()), len(found.vectors()), len(found.transmissions("outgoing"))) == (5, 2, 3)


# -- what is visible --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "is_visible"),
    [({}, False), ({"pub": 1}, False), ({"pub": 2}, True), ({"pub": 3}, True), (None, False)],
)
def test_a_network_of_a_large_commit_is_visible_once_it_is_published(
    engine: SQLiteEngine, header: dict[str, Any] | None, is_visible: bool
) -> None:
    stored = engine.get([keys.HEADER])[keys.HEADER]
    if header is None:
        engine.commit([Delete(keys.HEADER)])
    else:
        engine.commit([Put({**stored, **header, "v": 2}, 1)])
    put(engine, keys.root(2), "network", id=2, type="empty", s=2, creation_time=iso(NOW))
    listed = [network.id for network in EngineUnitOfWork(engine, NOW).networks()]
    assert listed == ([1, 2] if is_visible else [1])
    by_id = EngineUnitOfWork(engine, NOW)
    if is_visible:
        assert by_id.network(2).id == 2
    else:
        with pytest.raises(NotFound, match="There is no network 2"):
            by_id.network(2)


def test_the_first_large_commit_is_invisible_before_anything_is_published(engine: SQLiteEngine) -> None:
    put(engine, keys.root(2), "network", id=2, type="empty", s=1, creation_time=iso(NOW))
    assert [network.id for network in EngineUnitOfWork(engine, NOW).networks()] == [1]
    with pytest.raises(NotFound):
        EngineUnitOfWork(engine, NOW).network(2)


@pytest.mark.parametrize(
    ("node_id", "error"),
    [(100_002, Conflict), (100_003, NotFound), (100_000, NotFound), (200_001, NotFound)],
)
def test_only_a_missing_node_that_its_network_counts_is_half_of_a_commit(
    engine: SQLiteEngine, node_id: int, error: type[Exception]
) -> None:
    engine.commit([Delete(keys.node(100_002))])
    with pytest.raises(error):
        EngineUnitOfWork(engine, NOW).node(node_id)


def test_a_network_that_an_item_names_and_the_list_lacks_is_half_of_a_commit(engine: SQLiteEngine) -> None:
    change(engine, keys.participant(1), **{SIBLINGS: "r2=1"})
    work = EngineUnitOfWork(engine, NOW)
    assert work.participant(1).id == 1
    with pytest.raises(Conflict, match="has version 0, and 1 was written"):
        work.networks()
