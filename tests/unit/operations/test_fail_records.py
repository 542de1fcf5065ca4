"""What a message fails of the records that were too many for the commit that failed them first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import services
from chalicelib.errors import PetriError
from chalicelib.messages import FailRecords, from_body
from chalicelib.model.question import Question
from chalicelib.model.record import Record
from chalicelib.model.transformation import Transformation
from chalicelib.operations.network.fail_records import fail_records
from chalicelib.ports import Message
from chalicelib.services import App
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.contract.factories import an_app, begin, take_place
from tests.contract.factories import arrive as arrive_at
from tests.unit.model.things import answer, sent

Failure = tuple[str, int, str | None]


@pytest.fixture
def engine() -> Iterator[SQLiteEngine]:
    engine = SQLiteEngine(":memory:")
    yield engine
    services.use(None)
    engine.close()


@pytest.fixture
def app(engine: SQLiteEngine) -> App:
    app = an_app(engine)
    services.use(app)
    return app


def seated(app: App, count: int) -> list[int]:
    """Give participants a node each; return the nodes' ids."""
    return [take_place(app, arrive_at(app, f"w{number}"))["id"] for number in range(count)]


def one_of_each(work: EngineUnitOfWork, node_ids: list[int]) -> dict[str, Record]:
    """Let one node send and the other retell; return a record of each kind."""
    sender, receiver = (work.node(node_id) for node_id in node_ids)
    back, out = sent(receiver, sender), sent(sender, receiver)
    receiver.receive()
    assert receiver.participant is not None
    return {
        "a vector": out.vector,
        "an info": out.info,
        "a transmission that its sender numbered": out,
        "a transmission the other way": back,
        "a transformation": Transformation(info_in=out.info, info_out=answer(receiver)),
        "a question": Question(receiver.participant, "How?", "Well", 1),
        "a node": receiver,
        "a network": receiver.network,
    }


def fail_later(app: App, *failures: Failure) -> list[Failure]:
    """Handle a message that fails records; return the failures of the message that it posts, if any."""
    before = {message.key for message in recorded(app)}
    app.run(fail_records, failures)
    bodies = [from_body(message.body) for message in recorded(app) if message.key not in before]
    return [failure for body in bodies if isinstance(body, FailRecords) for failure in body.failures]


def recorded(app: App) -> list[Message]:
    return app.store.due(app.clock.now() + timedelta(minutes=5))


@pytest.mark.parametrize(
    "name",
    [
        "a vector",
        "an info",
        "a transmission that its sender numbered",
        "a transmission the other way",
        "a transformation",
        "a question",
        "a node",
        "a network",
    ],
)
def test_a_record_of_each_kind_fails_later_and_once(app: App, engine: SQLiteEngine, name: str) -> None:
    node_ids = seated(app, 2)
    with begin(engine) as work:
        record = one_of_each(work, node_ids)[name]
        work.commit()
    for reason in ("left", "again"):
        assert fail_later(app, (record.object_type, record.id, reason)) == []
    with begin(engine) as work:
        found = [*work.participant(2).questions(), *work.networks()]
        found += [*work.network(1).all_nodes, *work.network(1).all_vectors, *work.network(1).all_infos]
        found += [*work.network(1).networks_transmissions, *work.network(1).networks_transformations]
        reasons = {(one.object_type, one.id): one.failed_reason for one in found}
    assert reasons[record.object_type, record.id] == "left"
    assert "again" not in "".join(filter(None, reasons.values()))


@pytest.mark.parametrize("kind", ["Vector", "Transmission", "Transformation", "Question"])
def test_a_record_that_is_to_fail_and_is_not_stored_is_an_error(app: App, kind: str) -> None:
    (node_id,) = seated(app, 1)
    record_id = 100_007 if kind == "Question" else node_id * 100_000 + 7
    with pytest.raises(PetriError, match=f"The record {record_id}, which is to fail, isn't stored"):
        fail_later(app, (kind, record_id, "left"))


def test_what_does_not_fit_into_a_commit_fails_with_the_next_messages(
    app: App, engine: SQLiteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EngineUnitOfWork, "share_of_commit", lambda self, record: 0.4)
    failures: list[Failure] = [("Node", node_id, f"left {node_id}") for node_id in seated(app, 5)]
    assert fail_later(app, *failures) == failures[2:]
    assert fail_later(app, *failures[2:]) == failures[4:]
    app.run(fail_records, failures[4:])
    with begin(engine) as work:
        assert [node.failed_reason for node in work.network(1).all_nodes] == [
            reason for _, _, reason in failures
        ]


def test_the_nodes_that_are_to_fail_are_read_together(
    app: App, engine: SQLiteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    node_ids = seated(app, 4)
    reads: list[int] = []
    get = engine.get

    def noted(wanted: Any) -> Any:
        reads.append(len([key for key in wanted if key[0] == "net#1"]))
        return get(wanted)

    monkeypatch.setattr(engine, "get", noted)
    fail_later(app, *[("Node", node_id, "left") for node_id in node_ids])
    assert [count for count in reads if count] == [4]
