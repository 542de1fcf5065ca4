"""Copies of infos, times that never run backwards, and readers who see one picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.errors import Conflict
from chalicelib.experiment.networks import Chain
from chalicelib.model import keys
from chalicelib.model.info import Info
from chalicelib.model.node import Node
from chalicelib.model.participant import Participant
from chalicelib.model.question import Question
from chalicelib.storage.engine import Delete, Engine, Item, Key
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.contract.factories import NOW, begin
from tests.contract.unit_of_work.families import COLLECTIONS, a_family, a_network

# -- copies of infos ----------------------------------------------------------------------------


def received(work: EngineUnitOfWork, node_id: int) -> Info:
    (info,) = work.node(node_id).received_infos()
    return info


def test_a_change_of_a_received_info_reaches_the_original(engine: Engine) -> None:
    ids = a_family(engine)
    with begin(engine) as work:
        received(work, ids[1]).property1 = "rated"
        work.commit()
    with begin(engine) as work:
        assert work.node(ids[0]).infos()[0].property1 == "rated"


def test_a_change_of_a_received_info_keeps_what_others_changed(engine: Engine) -> None:
    ids = a_family(engine)
    with begin(engine) as work:
        work.node(ids[0]).infos()[0].property2 = "by its maker"
        work.commit()
    with begin(engine) as work:
        received(work, ids[1]).property1 = "by its reader"
        work.commit()
    with begin(engine) as work:
        info = work.node(ids[0]).infos()[0]
        assert (info.property1, info.property2) == ("by its reader", "by its maker")


def test_a_change_deep_in_a_received_info_reaches_the_original(engine: Engine) -> None:
    ids = a_family(engine)
    for value in (1, 2):
        with begin(engine) as work:
            received(work, ids[1]).details["seen"] = value
            work.commit()
    with begin(engine) as work:
        assert work.node(ids[0]).infos()[0].details == {"seen": 2}


def test_a_key_removed_from_a_received_info_is_deleted(engine: Engine) -> None:
    ids = a_network(engine, 2)
    with begin(engine) as work:
        first, second = work.nodes(ids)
        first.connect(whom=second)
        Info(origin=first, contents="x", details={"a": 1}).property1 = "old"
        first.transmit()
        second.receive()
        work.commit()
    with begin(engine) as work:
        info = received(work, ids[1])
        info.property1 = None
        del info.details["a"]
        work.commit()
    with begin(engine) as work:
        info = work.node(ids[0]).infos()[0]
        assert (info.property1, info.details, info.contents) == (None, {}, "x")


class Overtaken:
    """Passes everything on to an engine, and lets another unit in after the next read of some items."""

    def __init__(self, engine: Engine, meanwhile: Callable[[], None]) -> None:
        self._engine = engine
        self._meanwhile: list[Callable[[], None]] = [meanwhile]
        self.is_committing = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def get(self, keys: Iterable[Key]) -> dict[Key, Item]:
        found = self._engine.get(keys)
        if self.is_committing and self._meanwhile:
            self._meanwhile.pop()()
        return found


def test_a_received_copy_gives_way_to_what_was_written_while_it_was_looked_up(engine: Engine) -> None:
    ids = a_family(engine)

    def change_the_original() -> None:
        with begin(engine) as work:
            work.node(ids[0]).infos()[0].property2 = "by its maker"
            work.commit()

    overtaken = Overtaken(engine, change_the_original)
    with EngineUnitOfWork(overtaken, NOW) as work:  # type: ignore[arg-type]  # passes everything on
        received(work, ids[1]).property1 = "by its reader"
        overtaken.is_committing = True
        with pytest.raises(Conflict):
            work.commit()
    with begin(engine) as work:
        info = work.node(ids[0]).infos()[0]
        assert (info.property1, info.property2) == (None, "by its maker")


def test_a_received_copy_whose_original_is_gone_is_a_conflict(engine: Engine) -> None:
    ids = a_family(engine)
    with begin(engine) as work:
        info = received(work, ids[1])
        info.property1 = "late"
        engine.commit([Delete(keys.info(info.id))])
        with pytest.raises(Conflict, match="not there any more"):
            work.commit()


def test_each_change_of_a_received_copy_raises_the_originals_version(engine: Engine) -> None:
    ids = a_family(engine)
    for value in ("one", "two"):
        with begin(engine) as work:
            info = received(work, ids[1])
            info.property1 = value
            work.commit()
    assert engine.get([keys.info(info.id)])[keys.info(info.id)]["v"] == 3


def test_a_received_info_becomes_the_original_where_that_is_read(engine: Engine) -> None:
    ids = a_family(engine)
    with begin(engine) as work:
        work.node(ids[0]).infos()[0].property2 = "by its maker"
        work.commit()
    with begin(engine) as work:
        copy = received(work, ids[1])
        assert (work.node(ids[0]).infos(), copy.property2) == ([copy], "by its maker")


def test_a_failed_info_is_failed_for_its_receivers(engine: Engine) -> None:
    ids = a_family(engine)
    with begin(engine) as work:
        work.node(ids[0]).infos()[0].fail("wrong")
        work.commit()
    with begin(engine) as work:
        assert received(work, ids[1]).failed_reason == "wrong"


# -- times --------------------------------------------------------------------------------------


def times(engine: Engine, name: str) -> list[Any]:
    with begin(engine) as work:
        network = work.network(1)
        found = {
            "nodes": network.nodes,
            "structure": lambda: sorted(
                [*network.nodes(), *network.vectors()], key=lambda r: r.creation_time
            ),
            "infos": network.nodes()[0].infos,
        }[name]()
        return [record.creation_time for record in sorted(found, key=lambda record: record.id)]


@pytest.mark.parametrize("name", ["nodes", "infos"])
def test_creation_times_never_run_backwards(engine: Engine, name: str) -> None:
    a_network(engine, 1, Chain)
    for seconds in (3, -3, 0, 2):
        with begin(engine, NOW + timedelta(seconds=seconds)) as work:
            network = work.network(1)
            node = Node(network=network)
            network.add_node(node)
            Info(origin=network.nodes()[0], contents="x")
            work.commit()
    found = times(engine, name)
    assert found == sorted(set(found))


def test_a_vector_is_as_young_as_the_node_it_was_made_for(engine: Engine) -> None:
    a_network(engine, 1, Chain)
    with begin(engine, NOW - timedelta(seconds=5)) as work:
        network = work.network(1)
        node = Node(network=network)
        network.add_node(node)
        (vector,) = node.vectors()
        assert vector.creation_time > node.creation_time >= NOW


def test_a_record_made_after_a_vector_has_a_later_creation_time(engine: Engine) -> None:
    a_network(engine, 1, Chain)
    with begin(engine, NOW - timedelta(seconds=5)) as work:
        network = work.network(1)
        node = Node(network=network)
        network.add_node(node)
        assert Info(origin=node).creation_time > node.vectors()[0].creation_time


def test_questions_never_run_backwards(engine: Engine) -> None:
    with begin(engine, NOW) as work:
        person = Participant("hotair", "w", "a", "h")
        work.save(person)
        Question(person, "How?", "first", 1)
        work.commit()
    with begin(engine, NOW - timedelta(seconds=5)) as work:
        Question(work.participant(1), "How?", "second", 1)
        work.commit()
    with begin(engine) as work:
        assert [q.response for q in work.participant(1).questions()] == ["first", "second"]


# -- one picture --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COLLECTIONS)
def test_a_reader_sees_no_node_that_joined_after_it_read_the_network(engine: Engine, name: str) -> None:
    ids = a_family(engine)
    with begin(engine) as reader, begin(engine) as meanwhile:
        network = reader.network(1)
        count = {"nodes": 3, "vectors": 2, "infos": 2, "transmissions": 2, "transformations": 1}[name]
        fresh = Node(network=meanwhile.network(1))
        parent = meanwhile.node(ids[0])
        parent.connect(whom=fresh)
        parent.transmit(to_whom=fresh)
        fresh.receive()
        fresh.replicate(parent.infos()[0])
        meanwhile.commit()
        assert len(COLLECTIONS[name](network)) == count


def test_a_node_that_joined_after_the_network_was_read_causes_a_retry(engine: Engine) -> None:
    a_network(engine)
    with begin(engine) as reader, begin(engine) as meanwhile:
        reader.network(1)
        fresh = Node(network=meanwhile.network(1))
        meanwhile.commit()
        with pytest.raises(Conflict, match=r"joined while|Half of a commit"):
            reader.node(fresh.id)
