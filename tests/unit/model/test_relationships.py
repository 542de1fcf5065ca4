"""Relationship attributes, and the counts and lists that networks and participants have."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.errors import BadRequest
from chalicelib.experiment.infos import Gene, Meme, TrackingEvent
from chalicelib.experiment.nodes import Agent
from chalicelib.model.info import Info
from chalicelib.model.node import Node
from chalicelib.model.participant import Participant
from chalicelib.model.question import Question
from chalicelib.model.record import Record
from chalicelib.model.transformation import Transformation
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.unit.model.things import Story, a_network, a_person, a_source, answer, join, later, sent


def family(work: EngineUnitOfWork) -> dict[str, Any]:
    network = a_network(work)
    sender, receiver = join(network), join(network)
    transmission = sent(sender, receiver)
    receiver.receive()
    retold = answer(receiver)
    person = receiver.participant
    assert person is not None
    return {
        "network": network,
        "sender": sender,
        "receiver": receiver,
        "vector": transmission.vector,
        "transmission": transmission,
        "heard": transmission.info,
        "retold": retold,
        "transformation": Transformation(info_in=transmission.info, info_out=retold),
        "participant": person,
        "question": Question(person, "How?", "Well", 1),
    }


#: (of, attribute): what it is; a list where it is one.
RELATIONS: dict[tuple[str, str], str | list[str]] = {
    ("network", "all_nodes"): ["sender", "receiver"],
    ("network", "all_vectors"): ["vector"],
    ("network", "all_infos"): ["heard", "retold"],
    ("network", "networks_transmissions"): ["transmission"],
    ("network", "networks_transformations"): ["transformation"],
    ("receiver", "network"): "network",
    ("receiver", "participant"): "participant",
    ("sender", "all_outgoing_vectors"): ["vector"],
    ("receiver", "all_outgoing_vectors"): [],
    ("receiver", "all_incoming_vectors"): ["vector"],
    ("receiver", "all_infos"): ["retold"],
    ("sender", "all_outgoing_transmissions"): ["transmission"],
    ("sender", "all_incoming_transmissions"): [],
    ("receiver", "all_incoming_transmissions"): ["transmission"],
    ("receiver", "transformations_here"): ["transformation"],
    ("sender", "transformations_here"): [],
    ("vector", "origin"): "sender",
    ("vector", "destination"): "receiver",
    ("vector", "network"): "network",
    ("vector", "all_transmissions"): ["transmission"],
    ("heard", "origin"): "sender",
    ("heard", "network"): "network",
    ("heard", "all_transmissions"): ["transmission"],
    ("retold", "all_transmissions"): [],
    ("heard", "transformation_applied_to"): ["transformation"],
    ("heard", "transformation_whence"): [],
    ("retold", "transformation_whence"): ["transformation"],
    ("retold", "transformation_applied_to"): [],
    ("transmission", "vector"): "vector",
    ("transmission", "info"): "heard",
    ("transmission", "origin"): "sender",
    ("transmission", "destination"): "receiver",
    ("transmission", "network"): "network",
    ("transformation", "info_in"): "heard",
    ("transformation", "info_out"): "retold",
    ("transformation", "node"): "receiver",
    ("transformation", "network"): "network",
    ("participant", "all_questions"): ["question"],
    ("participant", "all_nodes"): ["receiver"],
    ("question", "participant"): "participant",
}


@pytest.mark.parametrize(("of", "attribute"), RELATIONS)
def test_an_attribute_leads_to_its_relatives(work: EngineUnitOfWork, of: str, attribute: str) -> None:
    things = family(work)
    expected = RELATIONS[of, attribute]
    found = getattr(things[of], attribute)
    assert found == ([things[name] for name in expected] if isinstance(expected, list) else things[expected])


def identity(record: Record) -> tuple[str, int]:
    return record.object_type, record.id


@pytest.mark.parametrize(("of", "attribute"), RELATIONS)
def test_an_attribute_leads_there_in_the_next_request(
    work: EngineUnitOfWork, of: str, attribute: str
) -> None:
    things = family(work)
    expected = RELATIONS[of, attribute]
    with later(work) as again:
        network = again.network(1)
        stored: list[Any] = [network, again.participant(things["participant"].id), *network.nodes()]
        stored += [*network.vectors(), *network.transmissions(), *network.infos(), *network.transformations()]
        stored += again.participant(things["participant"].id).questions()
        found = getattr(next(r for r in stored if identity(r) == identity(things[of])), attribute)
        if isinstance(expected, list):
            assert [identity(r) for r in found] == [identity(things[name]) for name in expected]
        else:
            assert identity(found) == identity(things[expected])


@pytest.mark.parametrize(
    "attribute",
    ["all_nodes", "all_vectors", "all_infos", "networks_transmissions", "networks_transformations"],
)
def test_relationship_attributes_hold_failed_records_too(work: EngineUnitOfWork, attribute: str) -> None:
    network = family(work)["network"]
    count = len(getattr(network, attribute))
    network.fail()
    assert len(getattr(network, attribute)) == count


@pytest.mark.parametrize(("relationship", "count"), [("all", 1), ("parent", 1), ("child", 0)])
def test_an_infos_transformations_are_asked_for_by_side(
    work: EngineUnitOfWork, relationship: str, count: int
) -> None:
    assert len(family(work)["heard"].transformations(relationship)) == count


def test_an_infos_transformations_know_three_sides(work: EngineUnitOfWork) -> None:
    with pytest.raises(BadRequest, match="relationship must be"):
        family(work)["heard"].transformations("sibling")


@pytest.mark.parametrize("of", ["vector", "heard"])
@pytest.mark.parametrize(("status", "count"), [("all", 2), ("pending", 1), ("received", 1)])
def test_transmissions_of_a_link_are_filtered_by_status(
    work: EngineUnitOfWork, of: str, status: str, count: int
) -> None:
    things = family(work)
    things["sender"].transmit(what=things["heard"])
    assert len(things[of].transmissions(status=status)) == count


# -- networks -----------------------------------------------------------------------------------


def test_a_networks_nodes_are_filtered_by_class(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    join(network)
    agent = join(network, Agent)
    assert network.nodes(type=Agent) == [agent]


def test_a_networks_nodes_are_filtered_by_participant(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    join(network)
    mine = join(network)
    assert network.nodes(participant_id=mine.participant_id) == [mine]


def test_a_networks_infos_are_filtered_by_class(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    Gene(origin=join(network))
    meme = Meme(origin=join(network))
    assert network.infos(type=Meme) == [meme]


def test_a_networks_transmissions_are_filtered_by_status(work: EngineUnitOfWork) -> None:
    things = family(work)
    assert things["network"].transmissions(status="pending") == []


def test_the_latest_recipient_received_last(work: EngineUnitOfWork) -> None:
    things = family(work)
    with later(work) as again:
        network = again.network(1)
        third = join(network)
        sent(network.nodes()[0], third)
        third.receive()
        with later(again) as final:
            recipient = final.network(things["network"].id).latest_transmission_recipient()
            assert recipient is not None
            assert recipient.id == third.id


def test_there_is_no_latest_recipient_before_anything_was_received(work: EngineUnitOfWork) -> None:
    assert a_network(work).latest_transmission_recipient() is None


@pytest.mark.parametrize(("failed", "size"), [(False, 3), (True, 1), ("all", 4)])
def test_the_size_counts_nodes(work: EngineUnitOfWork, failed: bool | str, size: int) -> None:
    network = a_network(work)
    Story(network)
    nodes = [join(network) for _ in range(3)]
    nodes[0].fail()
    assert network.size(failed=failed) == size


def test_the_size_counts_a_class(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    join(network)
    join(network, Agent)
    assert network.size(type=Agent) == 1


def test_a_failed_network_has_no_size(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    join(network)
    network.fail()
    assert network.size() == 0


def counts(network: Any) -> dict[str, int]:
    shown = network.as_json()
    return {name[2:]: shown[name] for name in shown if name.startswith("n_")}


def test_a_network_counts_nodes_and_infos(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    source, silent, told, dead = Story(network), join(network), join(network), join(network)
    source.create_information()
    answer(told)
    Info(origin=silent, failed=True)
    answer(dead)
    dead.fail()
    assert counts(network) == {
        "alive_nodes": 3,
        "failed_nodes": 1,
        "completed_infos": 2,
        "failed_infos": 2,
        "pending_infos": 1,
    }


def test_a_failed_network_counts_everything_as_failed(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    answer(join(network))
    join(network)
    network.fail()
    assert counts(network) == {
        "alive_nodes": 0,
        "failed_nodes": 2,
        "completed_infos": 0,
        "failed_infos": 1,
        "pending_infos": 0,
    }


def test_counts_are_the_same_in_the_next_request(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    answer(join(network))
    join(network).fail()
    with later(work) as again:
        assert counts(again.network(1)) == counts(network)


def test_an_info_that_fails_is_counted_as_failed(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    answer(join(network)).fail()
    assert (network.n_completed_infos, network.n_failed_infos) == (0, 1)


def test_a_network_is_printed_with_its_nodes_and_vectors(work: EngineUnitOfWork) -> None:
    network = a_network(work, max_size=5, role="practice")
    a_source(network)
    node = join(network)
    assert network.print_verbose().splitlines() == [
        "Empty-1 empty role=practice nodes=2/5",
        "  Story-100001 story_of_the_model participant=None",
        f"  Node-100002 node participant={node.participant_id}",
        "  100001 -> 100002",
    ]


# -- full ---------------------------------------------------------------------------------------


def test_a_network_is_full_when_its_size_is_reached(work: EngineUnitOfWork) -> None:
    network = a_network(work, max_size=2)
    seen = []
    for _ in range(2):
        join(network)
        seen.append(network.full)
    assert seen == [False, True]


def test_sources_take_places(work: EngineUnitOfWork) -> None:
    network = a_network(work, max_size=2)
    Story(network)
    join(network)
    assert network.full


def test_a_failed_node_takes_no_place(work: EngineUnitOfWork) -> None:
    network = a_network(work, max_size=2)
    join(network).fail()
    join(network)
    assert not network.full


def test_full_is_kept(work: EngineUnitOfWork) -> None:
    join(a_network(work, max_size=1))
    with later(work) as again:
        assert again.network(1).full


# -- participants -------------------------------------------------------------------------------


def test_a_unique_id_is_worker_and_assignment(work: EngineUnitOfWork) -> None:
    assert a_person(work, "ann").unique_id == "ann:a-ann"


@pytest.mark.parametrize(("failed", "numbers"), [(False, [1]), (True, [0]), ("all", [0, 1])])
def test_a_participants_nodes_are_filtered_by_failed(
    work: EngineUnitOfWork, failed: bool | str, numbers: list[int]
) -> None:
    person = a_person(work)
    nodes = [Node(network=a_network(work), participant=person) for _ in range(2)]
    nodes[0].fail()
    assert person.nodes(failed=failed) == [nodes[n] for n in numbers]


def test_a_participants_nodes_are_filtered_by_class(work: EngineUnitOfWork) -> None:
    person = a_person(work)
    Node(network=a_network(work), participant=person)
    agent = Agent(network=a_network(work), participant=person)
    assert person.nodes(type=Agent) == [agent]


def test_a_participants_infos_come_from_all_nodes(work: EngineUnitOfWork) -> None:
    person = a_person(work)
    infos = [Info(origin=Node(network=a_network(work), participant=person)) for _ in range(2)]
    assert person.infos() == infos


def test_a_participants_infos_are_filtered_by_their_own_failing(work: EngineUnitOfWork) -> None:
    person = a_person(work)
    node = Node(network=a_network(work), participant=person)
    dead = Info(origin=node)
    Info(origin=node)
    dead.fail()
    assert person.infos(failed=True) == [dead]


def test_a_participants_infos_are_filtered_by_class(work: EngineUnitOfWork) -> None:
    person = a_person(work)
    node = Node(network=a_network(work), participant=person)
    Info(origin=node)
    event = TrackingEvent(origin=node)
    assert person.infos(type=TrackingEvent) == [event]


def test_a_participants_questions_are_in_order(work: EngineUnitOfWork) -> None:
    person = a_person(work)
    questions = [Question(person, "How?", word, 1) for word in ("b", "a", "c")]
    assert person.questions() == questions


def test_a_participants_questions_are_filtered_by_failed(work: EngineUnitOfWork) -> None:
    person = a_person(work)
    dead, living = Question(person, "How?", "joke", 1), Question(person, "How?", "well", 1)
    dead.fail()
    assert (person.questions(failed=True), person.questions(failed=False)) == ([dead], [living])


def test_a_participants_questions_include_failed_ones(work: EngineUnitOfWork) -> None:
    person = a_person(work)
    dead, living = Question(person, "How?", "joke", 1), Question(person, "How?", "well", 1)
    dead.fail()
    assert person.questions() == [dead, living] == person.all_questions


def test_a_participants_questions_are_filtered_by_class(work: EngineUnitOfWork, own_classes: None) -> None:
    class Rating(Question):
        type = "rating"

    person = a_person(work)
    Question(person, "How?", "well", 1)
    rating = Rating(person, "How much?", "7", 2)
    assert person.questions(type=Rating) == [rating]


@pytest.mark.parametrize(
    ("status", "ended", "is_working"), [("working", False, True), ("working", True, False)]
)
def test_a_participant_works_until_the_end(
    work: EngineUnitOfWork, status: str, ended: bool, is_working: bool
) -> None:
    person = a_person(work)
    person.status, person.end_time = status, work.now if ended else None
    assert person.is_working is is_working


def test_failed_sources_and_nodes_are_counted_apart(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    source, _, node = a_source(network), join(network), join(network)
    assert (network.n_alive, network.n_participants) == (3, 2)
    source.fail()
    assert (network.n_alive, network.n_participants) == (2, 2)
    node.fail()
    assert (network.n_alive, network.n_participants) == (1, 1)


def test_a_participant_without_a_recruiter_has_empty_ids_and_takes_part_in_debug_mode() -> None:
    person = Participant()
    ids = (person.recruiter, person.worker_id, person.assignment_id, person.hit_id)
    assert (ids, person.mode, person.entry_information) == (("",) * 4, "debug", {})


def test_a_participant_keeps_what_the_recruiter_said(work: EngineUnitOfWork) -> None:
    person = Participant("vendor", "w", "a", "h", "live", "f0", {"from": "ad"})
    work.save(person)
    with later(work) as again:
        found = again.participant(person.id)
        assert (found.recruiter, found.worker_id, found.assignment_id, found.hit_id) == (
            "vendor",
            "w",
            "a",
            "h",
        )
        assert (found.mode, found.fingerprint_hash, found.entry_information) == ("live", "f0", {"from": "ad"})


def test_a_participant_who_gets_a_node_is_not_waiting_any_more(work: EngineUnitOfWork) -> None:
    person = a_person(work)
    person.waiting_since = work.now
    Node(network=a_network(work), participant=person)
    assert person.waiting_since is None


def test_a_participants_nodes_are_filtered_by_property(work: EngineUnitOfWork) -> None:
    person, network = a_person(work), a_network(work)
    nodes = [Node(network=network, participant=person) for _ in range(2)]
    nodes[1].property1 = "second"
    assert person.nodes(property1="second") == [nodes[1]]
