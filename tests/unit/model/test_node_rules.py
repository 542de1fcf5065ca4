"""Rules of nodes: ids of what they make, what they send and receive, and whose they are."""

from __future__ import annotations

import pytest

from chalicelib.errors import RuleBroken
from chalicelib.experiment.infos import Gene, Meme
from chalicelib.model.info import Info
from chalicelib.model.node import Node
from chalicelib.model.statuses import ParticipantStatus
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.unit.model.things import a_network, a_person, join, sent


def test_what_a_node_makes_is_numbered_by_one(work: EngineUnitOfWork) -> None:
    node = join(a_network(work))
    ids = [Info(origin=node, contents="x").id for _ in range(3)]
    assert ids == [node.id * 100_000 + number for number in (1, 2, 3)]
    assert node.last_thing == 3


def test_of_two_pending_transmissions_one_is_received(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    pair = join(network), join(network)
    first, second = sent(*pair), sent(*pair)
    assert pair[1].receive(second) == [second]
    assert (first.is_pending, second.is_pending) == (True, False)
    with pytest.raises(RuleBroken):
        pair[1].receive(second)


def test_infos_and_classes_are_sent_together_each_once(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    one, other = join(network), join(network)
    one.connect(other)
    gene, meme = Gene(origin=one, contents="g"), Meme(origin=one, contents="m")
    plain = Info(origin=one, contents="p")
    found = one.transmit(what=[plain, Gene, Meme, gene], to_whom=other)
    assert [transmission.info for transmission in found] == [plain, gene, meme]


@pytest.mark.parametrize("way", ["failed", "ended"])
def test_a_participant_who_failed_or_ended_gets_no_node(work: EngineUnitOfWork, way: str) -> None:
    network, person = a_network(work), a_person(work)
    if way == "failed":
        person.fail()
    else:
        person.change_status(ParticipantStatus.RETURNED)
    assert (person.failed, person.is_working) == (way == "failed", way == "failed")
    with pytest.raises(RuleBroken):
        Node(network=network, participant=person)
