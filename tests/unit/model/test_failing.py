"""Records fail once, with a reason and a time, and what hangs on them fails with them."""

from __future__ import annotations

import re

import pytest

from chalicelib.errors import RuleBroken
from chalicelib.model import network as network_module
from chalicelib.model import node as node_module
from chalicelib.model.failing import FailureQuota, fail_within
from chalicelib.model.info import Info
from chalicelib.model.node import Node
from chalicelib.model.question import Question
from chalicelib.model.record import Cascade, Record
from chalicelib.model.transformation import Transformation
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.unit.model.things import NOW, a_network, a_person, answer, join, later, sent


def everything_at_two_nodes(work: EngineUnitOfWork) -> dict[str, Record]:
    """A sender with an info, a receiver with a retelling, and the links between them."""
    network = a_network(work)
    sender, receiver = join(network), join(network)
    transmission = sent(sender, receiver)
    receiver.receive()
    retold = answer(receiver)
    return {
        "network": network,
        "sender": sender,
        "receiver": receiver,
        "vector": transmission.vector,
        "transmission": transmission,
        "heard": transmission.info,
        "retold": retold,
        "transformation": Transformation(info_in=transmission.info, info_out=retold),
    }


def without_network(record: Record) -> str:
    """A record's reason and time of death, with the numbers that ids have within their network."""
    reason = re.sub(r"(Network|Node|Info|Vector)\d", r"\1", record.failed_reason or "living")
    return f"{record.object_type} {reason} {record.time_of_death}"


def by_cascade(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each record of a cascade be written, as where an author overrides a cascade."""
    for module in (network_module, node_module):
        monkeypatch.setattr(module, "all_cascades_are_default", lambda: False)


#: What fails with each.
FALLS = {
    "network": {
        "network",
        "sender",
        "receiver",
        "vector",
        "transmission",
        "heard",
        "retold",
        "transformation",
    },
    "sender": {"sender", "vector", "transmission", "heard", "transformation"},
    "receiver": {"receiver", "vector", "transmission", "retold", "transformation"},
    "vector": {"vector", "transmission"},
    "heard": {"heard", "transmission", "transformation"},
    "retold": {"retold", "transformation"},
    "transmission": {"transmission"},
    "transformation": {"transformation"},
}


@pytest.mark.parametrize("name", FALLS)
def test_dependent_records_fail_with_a_record(work: EngineUnitOfWork, name: str) -> None:
    things = everything_at_two_nodes(work)
    things[name].fail()
    assert {other for other, record in things.items() if record.failed} == FALLS[name]


@pytest.mark.parametrize("name", FALLS)
def test_failures_persist_to_the_next_request(work: EngineUnitOfWork, name: str) -> None:
    things = everything_at_two_nodes(work)
    things[name].fail()
    with later(work) as again:
        network = again.network(1)
        found = [network, *network.all_nodes, *network.all_vectors, *network.networks_transmissions]
        found += [*network.all_infos, *network.networks_transformations]
        dead = {(record.object_type, record.id) for record in found if record.failed}
    assert dead == {(things[other].object_type, things[other].id) for other in FALLS[name]}


@pytest.mark.parametrize("name", FALLS)
def test_a_record_fails_only_once(work: EngineUnitOfWork, name: str) -> None:
    record = everything_at_two_nodes(work)[name]
    record.fail()
    with pytest.raises(RuleBroken, match="failed already"):
        record.fail()


def test_a_record_that_failed_with_its_node_can_not_fail_again(work: EngineUnitOfWork) -> None:
    things = everything_at_two_nodes(work)
    things["sender"].fail()
    with pytest.raises(RuleBroken, match="failed already"):
        things["heard"].fail()


def test_a_node_of_a_failed_network_can_not_fail_again(work: EngineUnitOfWork) -> None:
    things = everything_at_two_nodes(work)
    things["network"].fail()
    with pytest.raises(RuleBroken, match="failed already"):
        things["sender"].fail()


def test_failing_notes_the_reason_and_the_time(work: EngineUnitOfWork) -> None:
    node = join(a_network(work))
    node.fail("left")
    assert (node.failed_reason, node.time_of_death) == ("left", NOW)


@pytest.mark.parametrize("reason", ["left", None])
def test_the_reason_and_the_time_are_the_same_for_the_next_request(
    work: EngineUnitOfWork, reason: str | None
) -> None:
    node = join(a_network(work))
    node.fail(reason)
    with later(work) as again:
        found = again.node(node.id)
        assert (found.failed_reason, found.time_of_death) == (reason, NOW)


def test_a_record_may_fail_without_a_reason(work: EngineUnitOfWork) -> None:
    node = join(a_network(work))
    node.fail()
    assert node.as_json()["failed_reason"] is None


def test_a_reason_names_the_record_whose_failing_caused_it(work: EngineUnitOfWork) -> None:
    things = everything_at_two_nodes(work)
    things["heard"].fail("wrong")
    assert things["transmission"].failed_reason == f"wrong->Info{things['heard'].id}"


def test_a_reason_names_each_record_of_the_cascade_from_the_first(work: EngineUnitOfWork) -> None:
    node = join(a_network(work))
    info, person = answer(node), node.participant
    assert person is not None
    person.fail("Boom!")
    assert (node.failed_reason, info.failed_reason) == (
        f"Boom!->Participant{person.id}",
        f"Boom!->Participant{person.id}->Node{node.id}",
    )


def test_the_reason_of_records_below_a_node_names_it(work: EngineUnitOfWork) -> None:
    things = everything_at_two_nodes(work)
    things["sender"].fail("left")
    assert things["heard"].failed_reason == f"left->Node{things['sender'].id}"


def test_a_reason_without_words_is_the_causes_alone(work: EngineUnitOfWork) -> None:
    things = everything_at_two_nodes(work)
    things["sender"].fail()
    assert things["heard"].failed_reason == f"->Node{things['sender'].id}"


def test_a_reason_without_words_is_the_causes_alone_where_each_record_is_written(
    work: EngineUnitOfWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_cascade(monkeypatch)
    things = everything_at_two_nodes(work)
    things["sender"].fail()
    assert things["heard"].failed_reason == f"->Node{things['sender'].id}"


def test_dependent_records_have_the_time_of_death_of_their_node(work: EngineUnitOfWork) -> None:
    info = everything_at_two_nodes(work)["heard"]
    with later(work, 60) as again:
        again.network(1).fail()
        assert again.info(info.id).time_of_death == again.now


def test_a_participants_nodes_fail_with_them(work: EngineUnitOfWork) -> None:
    node = join(a_network(work))
    person = node.participant
    assert person is not None
    person.fail("gone")
    assert node.failed_reason == f"gone->Participant{person.id}"


def test_a_participants_questions_fail_with_them(work: EngineUnitOfWork) -> None:
    person = a_person(work)
    question = Question(person, "How?", "Well", 1)
    person.fail("gone")
    assert question.failed_reason == f"gone->Participant{person.id}"


def test_a_question_fails_alone(work: EngineUnitOfWork) -> None:
    person = a_person(work)
    Question(person, "How?", "Well", 1).fail()
    assert not person.failed


def test_a_node_that_failed_before_its_participant_keeps_its_reason(work: EngineUnitOfWork) -> None:
    node = join(a_network(work))
    node.fail("bored")
    assert node.participant is not None
    node.participant.fail("gone")
    assert node.failed_reason == "bored"


def test_an_own_mark_wins_over_the_nodes(work: EngineUnitOfWork) -> None:
    things = everything_at_two_nodes(work)
    things["heard"].fail("wrong")
    things["sender"].fail("left")
    assert things["heard"].failed_reason == "wrong"


def test_a_nodes_mark_wins_over_the_networks(work: EngineUnitOfWork) -> None:
    things = everything_at_two_nodes(work)
    things["sender"].fail("left")
    things["network"].fail("stopped")
    assert things["heard"].failed_reason == f"left->Node{things['sender'].id}"


@pytest.mark.parametrize("end", ["sender", "receiver"])
def test_a_links_reason_is_that_of_the_end_that_failed_before_the_network(
    work: EngineUnitOfWork, end: str
) -> None:
    things = everything_at_two_nodes(work)
    things[end].fail("left")
    things["network"].fail("stopped")
    assert things["vector"].failed_reason == f"left->Node{things[end].id}"


def test_a_failed_node_leaves_the_others_alone(work: EngineUnitOfWork) -> None:
    things = everything_at_two_nodes(work)
    things["receiver"].fail()
    assert not things["heard"].failed


@pytest.fixture
def own_cascade(own_classes: None) -> type[Node]:
    class Sparing(Node):
        """Fails with its infos, and spares its vectors."""

        type = "sparing"

        @property
        def failure_cascade(self) -> Cascade:
            return [self.infos]

    return Sparing


def test_an_authors_own_cascade_is_carried_out(work: EngineUnitOfWork, own_cascade: type[Node]) -> None:
    network = a_network(work)
    node, other = join(network, own_cascade), join(network)
    vector, info = node.connect(whom=other)[0], answer(node)
    node.fail("left")
    assert (vector.failed, info.failed_reason) == (False, f"left->Node{node.id}")


def test_an_authors_own_cascade_is_remembered(work: EngineUnitOfWork, own_cascade: type[Node]) -> None:
    network = a_network(work)
    node, other = join(network, own_cascade), join(network)
    vector, info = node.connect(whom=other)[0], answer(node)
    node.fail("left")
    with later(work) as again:
        (found,) = again.network(1).vectors()
        assert (found.id, again.info(info.id).failed) == (vector.id, True)


def test_a_network_fails_nodes_with_their_own_cascade(
    work: EngineUnitOfWork, own_cascade: type[Node]
) -> None:
    network = a_network(work)
    nodes = [join(network, own_cascade), join(network)]
    network.fail("stopped")
    assert [node.failed_reason for node in nodes] == [f"stopped->Network{network.id}"] * 2


@pytest.mark.parametrize("name", ["network", "sender", "receiver"])
def test_one_mark_has_the_effect_of_a_cascade(
    work: EngineUnitOfWork, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked, cascaded = everything_at_two_nodes(work), everything_at_two_nodes(work)
    marked[name].fail("left")
    by_cascade(monkeypatch)
    cascaded[name].fail("left")
    assert [without_network(record) for record in marked.values()] == [
        without_network(record) for record in cascaded.values()
    ]


def test_each_part_of_a_cascade_is_called_when_its_turn_comes(
    work: EngineUnitOfWork, own_classes: None
) -> None:
    class Twice(Info):
        """Names one thing in both parts of its cascade: the second part must find it failed."""

        type = "twice"

        @property
        def failure_cascade(self) -> Cascade:
            return [self.transmissions, self.transmissions]

    network = a_network(work)
    sender, receiver = join(network), join(network)
    sender.connect(whom=receiver)
    info = Twice(origin=sender, contents="t")
    (transmission,) = sender.transmit(what=info)
    info.fail("wrong")
    assert transmission.failed


def test_a_failed_node_makes_room(work: EngineUnitOfWork) -> None:
    network = a_network(work, max_size=1)
    join(network).fail()
    assert not network.full


def test_a_failed_network_takes_no_nodes(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    network.fail()
    person = a_person(work)
    with pytest.raises(RuleBroken, match="nodes can't be added to it"):
        Node(network=network, participant=person)


def test_a_node_that_a_failed_network_refused_is_not_counted(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    network.fail()
    with pytest.raises(RuleBroken):
        Node(network=network)
    assert network.n_failed_nodes == 0


def test_a_failed_node_makes_no_infos(work: EngineUnitOfWork) -> None:
    node = join(a_network(work))
    node.fail()
    with pytest.raises(RuleBroken, match="can only make infos with failed=True"):
        Info(origin=node, contents="late")


def test_a_failed_node_makes_infos_that_are_born_failed(work: EngineUnitOfWork) -> None:
    node = join(a_network(work))
    node.fail()
    assert Info(origin=node, contents="late", failed=True).failed


def test_an_info_may_be_born_failed_at_a_living_node(work: EngineUnitOfWork) -> None:
    node = join(a_network(work))
    Info(origin=node, contents="noise", failed=True)
    assert (node.n_infos, node.n_failed_infos) == (0, 1)


def test_a_failed_participant_gets_no_node(work: EngineUnitOfWork) -> None:
    network, person = a_network(work), a_person(work)
    person.fail()
    with pytest.raises(RuleBroken, match="can't get a node"):
        Node(network=network, participant=person)


@pytest.mark.parametrize("status", ["overrecruited", "returned", "approved", "replaced"])
def test_a_participant_who_is_not_working_gets_no_node(work: EngineUnitOfWork, status: str) -> None:
    network, person = a_network(work), a_person(work)
    person.status = status
    with pytest.raises(RuleBroken, match="can't get a node"):
        Node(network=network, participant=person)


def test_a_participant_at_the_end_gets_no_node(work: EngineUnitOfWork) -> None:
    network, person = a_network(work), a_person(work)
    person.end_time = work.now
    with pytest.raises(RuleBroken, match="can't get a node"):
        Node(network=network, participant=person)


def test_a_failed_participant_answers_no_questions(work: EngineUnitOfWork) -> None:
    person = a_person(work)
    person.fail()
    with pytest.raises(RuleBroken, match="can't answer questions"):
        Question(person, "How?", "Well", 1)


def test_a_failed_info_is_not_sent(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    sender, receiver = join(network), join(network)
    sender.connect(whom=receiver)
    info = Info(origin=sender, contents="old")
    info.fail()
    with pytest.raises(RuleBroken, match="can't be sent"):
        sender.transmit(what=info)


def test_failing_infos_counts_each_of_them(work: EngineUnitOfWork) -> None:
    node = join(a_network(work))
    for info in [answer(node), answer(node)]:
        info.fail()
    assert (node.n_infos, node.n_failed_infos) == (0, 2)


# -- within a quota: the failures of one commit -----------------------------------------------------


@pytest.mark.parametrize(
    ("shares", "taken"),
    [
        # The first one fails whatever it takes, so that each commit makes progress.
        ([2.0, 0.1], [True, False]),
        ([0.5, 0.25, 0.5, 0.125], [True, True, False, True]),
        # A share that fits exactly.
        ([0.5, 0.5, 0.1], [True, True, False]),
    ],
)
def test_the_failures_that_fit_take_the_quota(
    work: EngineUnitOfWork, shares: list[float], taken: list[bool]
) -> None:
    nodes = [join(a_network(work)) for _ in shares]
    costs = {node.id: share for node, share in zip(nodes, shares, strict=True)}
    quota = FailureQuota(lambda record: costs[record.id], left=1.0)
    assert [fail_within(node, "left", quota) for node in nodes] == taken
    assert [node.failed for node in nodes] == taken
    assert {node.failed_reason for node in nodes if node.failed} == {"left"}


def test_failing_within_a_quota_gives_the_reasons_of_a_cascade(
    work: EngineUnitOfWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_cascade(monkeypatch)
    at_once, within = everything_at_two_nodes(work), everything_at_two_nodes(work)
    at_once["network"].fail("left")
    assert fail_within(within["network"], "left", FailureQuota(lambda _: 0.001))
    assert [without_network(record) for record in within.values()] == [
        without_network(record) for record in at_once.values()
    ]


def test_a_cascade_that_exceeds_the_quota_is_continued_and_the_record_itself_fails_last(
    work: EngineUnitOfWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_cascade(monkeypatch)
    things = everything_at_two_nodes(work)
    counts = []
    for _ in things:
        counts.append(sum(record.failed for record in things.values()))
        if fail_within(things["network"], "left", FailureQuota(lambda _: 0.4)):
            break
        assert not things["network"].failed
    # Two records fit into each commit; the last one has failed them all.
    assert counts == [0, 2, 4, 6]
    assert all(record.failed for record in things.values())


def test_records_that_have_failed_take_nothing_of_a_quota(work: EngineUnitOfWork) -> None:
    node, other = join(a_network(work)), join(a_network(work))
    node.fail("bored")
    quota = FailureQuota(lambda _: 0.9)
    assert fail_within(node, "left", quota)
    assert fail_within(other, "left", quota)
    assert (node.failed_reason, other.failed_reason) == ("bored", "left")
