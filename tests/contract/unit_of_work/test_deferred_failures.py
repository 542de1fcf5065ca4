"""Which failures of a unit of work can be left to a later commit: those of records that only failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from chalicelib.errors import Conflict
from chalicelib.messages import FailRecords, from_body
from chalicelib.model.info import Info
from chalicelib.model.network import Network
from chalicelib.model.node import Node
from chalicelib.model.participant import Participant
from chalicelib.model.question import Question
from chalicelib.model.record import Cascade
from chalicelib.storage import unit_of_work
from chalicelib.storage.deferred_failures import group_of
from chalicelib.storage.engine_wrapper import EngineWrapper
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.unit.model.things import NOW, a_network, a_person, answer, join, later

Deferred = dict[tuple[str, int], list[str]]


@pytest.fixture
def work() -> Iterator[EngineUnitOfWork]:
    """A unit of work that begins with two networks of two nodes each, and a question of each participant."""
    engine = SQLiteEngine(":memory:")
    with EngineUnitOfWork(engine, NOW) as first:
        for _ in range(2):
            network = a_network(first)
            for node in (join(network), join(network)):
                answer(node)
                assert node.participant is not None
                Question(node.participant, "How?", "Well", 1)
        with later(first) as work:
            yield work
    engine.close()


def deferrable(work: EngineUnitOfWork) -> Deferred:
    """Return what could be deferred: the names of the changed records of each group."""
    groups = work._failure_log.deferrable(work._changed_records())
    return {group: sorted(map(repr, records)) for group, records in groups.items()}


def logged(work: EngineUnitOfWork) -> dict[tuple[str, int], list[tuple[str, int, str | None]]]:
    return dict(work._failure_log.failures)


def test_records_belong_to_their_network_and_a_question_to_itself(work: EngineUnitOfWork) -> None:
    node = work.node(200_001)
    (question,) = work.participant(3).questions()
    records = [node, node.infos()[0], node.network, question, work.participant(3)]
    assert [group_of(record) for record in records] == [
        ("Network", 2),
        ("Network", 2),
        ("Network", 2),
        ("Question", question.id),
        None,
    ]


def test_a_node_that_only_failed_is_deferred_with_its_network(work: EngineUnitOfWork) -> None:
    work.node(100_001).fail("left")
    assert deferrable(work) == {("Network", 1): ["Empty-1", "Node-100001"]}
    assert logged(work) == {("Network", 1): [("Node", 100_001, "left")]}


def test_two_failures_in_a_network_are_deferred_together(work: EngineUnitOfWork) -> None:
    work.node(100_001).fail("left")
    work.node(100_002).fail("bored")
    assert deferrable(work) == {("Network", 1): ["Empty-1", "Node-100001", "Node-100002"]}
    assert logged(work) == {("Network", 1): [("Node", 100_001, "left"), ("Node", 100_002, "bored")]}


def test_a_participants_failure_is_kept_and_what_fails_with_them_is_deferred(work: EngineUnitOfWork) -> None:
    person = work.participant(3)
    (question,) = person.questions()
    person.fail("left")
    caused = f"left->Participant{person.id}"
    assert deferrable(work) == {
        ("Network", 2): ["Empty-2", "Node-200001"],
        ("Question", question.id): [repr(question)],
    }
    assert logged(work) == {
        ("Network", 2): [("Node", 200_001, caused)],
        ("Question", question.id): [("Question", question.id, caused)],
    }


def test_what_fails_within_a_failure_of_its_network_is_not_logged_again(
    work: EngineUnitOfWork, own_classes: None
) -> None:
    class Own(Info):
        """A class whose cascade makes each failure a record of its own."""

        type = "own"

        @property
        def failure_cascade(self) -> Cascade:
            return []

    work.network(1).fail("stopped")
    assert logged(work) == {("Network", 1): [("Network", 1, "stopped")]}
    changed = ["Empty-1", "Info-10000100001", "Info-10000200001", "Node-100001", "Node-100002"]
    assert deferrable(work) == {("Network", 1): changed}


def change(node: Node) -> None:
    node.property1 = "changed"


def change_in_place(node: Node) -> None:
    node.details["deep"] = {"x": 1}


@pytest.mark.parametrize("change_it", [change, change_in_place])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_node_that_was_changed_as_well_is_written_now(
    work: EngineUnitOfWork, change_it: Callable[[Node], None], is_first: bool
) -> None:
    node = work.node(100_001)
    if is_first:
        change_it(node)
    node.fail("left")
    work.node(200_001).fail("left")
    if not is_first:
        change_it(node)
    assert deferrable(work) == {("Network", 2): ["Empty-2", "Node-200001"]}


def test_a_change_between_two_failures_of_a_network_is_written_now(work: EngineUnitOfWork) -> None:
    work.node(100_001).fail("left")
    work.network(1).property1 = "changed"
    work.node(100_002).fail("left")
    assert deferrable(work) == {}


def test_a_change_of_another_record_in_the_network_is_written_with_the_failure(
    work: EngineUnitOfWork,
) -> None:
    work.node(100_001).fail("left")
    change(work.node(100_002))
    change(work.node(200_002))
    assert deferrable(work) == {}


def test_a_change_in_another_network_defers_nothing_less(work: EngineUnitOfWork) -> None:
    work.node(100_001).fail("left")
    change(work.node(200_002))
    assert deferrable(work) == {("Network", 1): ["Empty-1", "Node-100001"]}


def test_the_failure_of_a_new_node_is_written_now(work: EngineUnitOfWork) -> None:
    join(work.network(1)).fail("left")
    assert deferrable(work) == {}


def test_a_failure_that_an_error_ended_is_written_now(
    work: EngineUnitOfWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Network, node: Node) -> None:
        raise LookupError("the author's mistake")

    node = work.node(100_001)
    with monkeypatch.context() as patch:
        patch.setattr(type(node.network), "node_left", refuse)
        with pytest.raises(LookupError):
            node.fail("left")
    work.node(200_001).fail("left")
    assert deferrable(work) == {("Network", 2): ["Empty-2", "Node-200001"]}


def test_a_person_without_nodes_defers_nothing(work: EngineUnitOfWork) -> None:
    person: Participant = a_person(work, "newcomer")
    person.fail("left")
    assert (deferrable(work), logged(work)) == ({}, {})


# -- what a commit writes, and what it leaves to messages -------------------------------------------


class Narrow(EngineWrapper):
    """Takes twelve writes at a time."""

    max_writes = 12
    max_bytes = 1_000_000


@pytest.fixture
def narrow() -> Iterator[Narrow]:
    """An engine with a participant who has a node in each of twenty networks, and an info at each."""
    inner = SQLiteEngine(":memory:")
    with EngineUnitOfWork(inner, NOW) as work:
        person = a_person(work)
        for _ in range(20):
            answer(Node(network=a_network(work), participant=person))
        work.commit()
    yield Narrow(inner)
    inner.close()


def messages(work: EngineUnitOfWork) -> list[list[int]]:
    """Return the ids of the records that each posted message fails."""
    bodies = [from_body(message.body) for message in work.posted]
    assert all(isinstance(body, FailRecords) for body in bodies)
    return [[record_id for _, record_id, _ in body.failures] for body in bodies]  # type: ignore[attr-defined]


def failed_nodes(engine: Narrow) -> list[int]:
    with EngineUnitOfWork(engine, NOW) as work:
        return [node.id for node in work.participant(1).nodes(failed=True)]


def node_ids(numbers: range) -> list[int]:
    return [number * 100_000 + 1 for number in numbers]


def test_a_commit_writes_the_failures_that_fit_and_posts_the_rest(narrow: Narrow) -> None:
    with EngineUnitOfWork(narrow, NOW) as work:
        work.participant(1).fail("left")
        work.commit()
        # Twelve writes: the participant, the message, and two for each of five nodes.
        assert messages(work) == [node_ids(range(6, 21))]
        (body,) = [from_body(message.body) for message in work.posted]
    assert {reason for _, _, reason in body.failures} == {"left->Participant1"}  # type: ignore[attr-defined]
    assert failed_nodes(narrow) == node_ids(range(1, 6))


def test_a_message_holds_so_many_failures(narrow: Narrow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_of_work, "FAILURES_TOGETHER", 4)
    with EngineUnitOfWork(narrow, NOW) as work:
        work.participant(1).fail("left")
        work.commit()
        # Six messages may be needed, so two nodes fail now.
        assert messages(work) == [node_ids(range(first, min(first + 4, 21))) for first in (3, 7, 11, 15, 19)]
    assert failed_nodes(narrow) == node_ids(range(1, 3))


@pytest.mark.parametrize(("number", "is_conflict"), [(3, True), (18, False)])
def test_only_the_networks_whose_failures_are_written_now_have_to_be_unchanged(
    narrow: Narrow, number: int, is_conflict: bool
) -> None:
    with EngineUnitOfWork(narrow, NOW) as work:
        for network in work.networks():
            network.nodes()
        work.participant(1).fail("left")
        with EngineUnitOfWork(narrow, NOW) as other:
            other.network(number).property1 = "changed"
            other.commit()
        if is_conflict:
            with pytest.raises(Conflict):
                work.commit()
        else:
            work.commit()
    assert failed_nodes(narrow) == ([] if is_conflict else node_ids(range(1, 6)))


def test_a_network_that_was_read_is_checked_with_the_failures_in_it(narrow: Narrow) -> None:
    with EngineUnitOfWork(narrow, NOW) as work:
        infos = [info for network in work.networks() for info in network.infos()]
        for info in infos:
            info.fail("wrong")
        work.commit()
        # Twelve writes: the message, and an info, its node and its network for each of three.
        assert messages(work) == [[info.id for info in infos[3:]]]


def test_failing_a_node_takes_two_of_the_writes_of_a_commit(narrow: Narrow) -> None:
    with EngineUnitOfWork(narrow, NOW) as work:
        assert work.share_of_commit(work.node(100_001)) == pytest.approx(2 / 12)
        assert work.share_of_commit(work.network(1)) == pytest.approx(1 / 12)
