"""Sending: what, to whom, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.errors import BadRequest, RuleBroken
from chalicelib.experiment.infos import Gene, Meme, TrackingEvent
from chalicelib.experiment.nodes import Agent
from chalicelib.model.info import Info
from chalicelib.model.node import Node
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.unit.model.things import a_network, join, later


class Line:
    """A sender with a gene and a meme, connected to a node and an agent; a stranger beside them."""

    def __init__(self, work: EngineUnitOfWork) -> None:
        self.network = a_network(work)
        self.sender, self.node = join(self.network), join(self.network)
        self.agent, self.stranger = join(self.network, Agent), join(self.network)
        self.sender.connect(whom=[self.node, self.agent])
        self.gene, self.meme = Gene(origin=self.sender), Meme(origin=self.sender)

    def send(self, what: Any = None, to_whom: Any = None) -> set[tuple[Info, Node]]:
        return {(t.info, t.destination) for t in self.sender.transmit(what=what, to_whom=to_whom)}


@pytest.fixture
def line(work: EngineUnitOfWork) -> Line:
    return Line(work)


def test_by_default_all_infos_are_sent_to_all_neighbors(line: Line) -> None:
    receivers = (line.node, line.agent)
    assert line.send() == {(info, node) for info in (line.gene, line.meme) for node in receivers}


def test_an_info_is_sent(line: Line) -> None:
    assert line.send(line.gene, line.node) == {(line.gene, line.node)}


def test_a_class_of_infos_is_sent(line: Line) -> None:
    assert line.send(Meme, line.node) == {(line.meme, line.node)}


def test_a_list_of_infos_is_sent(line: Line) -> None:
    assert line.send([line.gene, Meme], line.node) == {(line.gene, line.node), (line.meme, line.node)}


def test_an_info_named_twice_is_sent_once(line: Line) -> None:
    assert len(line.sender.transmit(what=[line.meme, Meme], to_whom=line.node)) == 1


def test_a_class_of_nodes_is_sent_to(line: Line) -> None:
    assert line.send(line.gene, Agent) == {(line.gene, line.agent)}


def test_a_list_of_nodes_is_sent_to(line: Line) -> None:
    assert line.send(line.gene, [Agent, line.node]) == {(line.gene, line.agent), (line.gene, line.node)}


def test_a_node_named_twice_is_sent_to_once(line: Line) -> None:
    assert len(line.sender.transmit(what=line.gene, to_whom=[line.agent, Agent])) == 1


def test_a_node_decides_what_it_sends(work: EngineUnitOfWork, own_classes: None) -> None:
    class Chooser(Node):
        type = "chooser"

        def _what(self) -> Any:
            return Meme

    network = a_network(work)
    sender, receiver = join(network, Chooser), join(network)
    sender.connect(whom=receiver)
    Gene(origin=sender)
    meme = Meme(origin=sender)
    assert [t.info for t in sender.transmit()] == [meme]


def test_a_node_decides_to_whom_it_sends(work: EngineUnitOfWork, own_classes: None) -> None:
    class Snob(Node):
        type = "snob"

        def _to_whom(self) -> Any:
            return Agent

    network = a_network(work)
    sender, node, agent = join(network, Snob), join(network), join(network, Agent)
    sender.connect(whom=[node, agent])
    Info(origin=sender)
    assert [t.destination for t in sender.transmit()] == [agent]


@pytest.mark.parametrize("what", [None, Info])
def test_tracking_events_are_not_sent_by_default(line: Line, what: Any) -> None:
    TrackingEvent(origin=line.sender)
    assert {info for info, _ in line.send(what)} == {line.gene, line.meme}


def test_tracking_events_are_sent_when_asked_for(line: Line) -> None:
    event = TrackingEvent(origin=line.sender)
    assert line.send(TrackingEvent, line.node) == {(event, line.node)}


def test_failed_infos_are_not_sent_by_default(line: Line) -> None:
    line.gene.fail()
    assert {info for info, _ in line.send()} == {line.meme}


def test_failed_neighbors_are_not_sent_to_by_default(line: Line) -> None:
    line.agent.fail()
    assert {node for _, node in line.send()} == {line.node}


def test_nothing_is_sent_without_a_destination(work: EngineUnitOfWork) -> None:
    node = join(a_network(work))
    Info(origin=node)
    assert node.transmit() == []


def test_a_transmission_is_pending(line: Line) -> None:
    (transmission,) = line.sender.transmit(what=line.gene, to_whom=line.node)
    assert (transmission.status, transmission.receive_time) == ("pending", None)


def test_a_transmission_knows_its_way(line: Line) -> None:
    (sent,) = line.sender.transmit(what=line.gene, to_whom=line.node)
    assert (sent.vector, sent.info, sent.origin, sent.destination, sent.network) == (
        line.sender.vectors()[0],
        line.gene,
        line.sender,
        line.node,
        line.network,
    )


def test_a_repeated_call_sends_again(line: Line) -> None:
    line.send(line.gene, line.node)
    line.send(line.gene, line.node)
    assert len(line.node.transmissions(direction="incoming")) == 2


def test_a_stranger_is_not_sent_to(line: Line) -> None:
    with pytest.raises(RuleBroken, match="no vector"):
        line.sender.transmit(what=line.gene, to_whom=line.stranger)


def test_an_info_of_another_node_is_not_sent(line: Line) -> None:
    foreign = Info(origin=line.stranger)
    with pytest.raises(RuleBroken, match="made by another node"):
        line.sender.transmit(what=foreign)


@pytest.mark.parametrize("what", [[None], [Gene, None], "Gene", Node])
def test_only_infos_can_be_sent(line: Line, what: Any) -> None:
    with pytest.raises(RuleBroken, match="name an info"):
        line.sender.transmit(what=what)


@pytest.mark.parametrize("to_whom", [[None], [Node, None], "Node", Info])
def test_whom_it_is_sent_to_must_be_nodes(line: Line, to_whom: Any) -> None:
    with pytest.raises(RuleBroken, match="name a node"):
        line.sender.transmit(to_whom=to_whom)


def test_a_failed_node_sends_nothing(line: Line) -> None:
    line.sender.fail()
    with pytest.raises(RuleBroken, match="can't send infos"):
        line.sender.transmit()


def test_a_failed_vector_transmits_nothing(line: Line) -> None:
    line.sender.vectors()[0].fail()
    with pytest.raises(RuleBroken, match="no vector"):
        line.sender.transmit(what=line.gene, to_whom=line.node)


def test_sent_infos_persist_to_the_next_request(line: Line, work: EngineUnitOfWork) -> None:
    line.send(line.gene, line.node)
    with later(work) as again:
        (found,) = again.node(line.node.id).transmissions(direction="incoming")
        assert (found.info.id, found.origin.id) == (line.gene.id, line.sender.id)


def test_the_sender_finds_what_it_sent_in_the_next_request(line: Line, work: EngineUnitOfWork) -> None:
    line.send(line.gene)
    with later(work) as again:
        found = again.node(line.sender.id).transmissions()
        assert [t.destination_id for t in found] == [line.node.id, line.agent.id]


DIRECTIONS = {"outgoing": ["out"], "incoming": ["in"], "all": ["in", "out"]}


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_transmissions_are_those_in_the_direction_asked(line: Line, direction: str) -> None:
    line.stranger.connect(whom=line.sender)
    line.stranger.transmit(what=Info(origin=line.stranger, contents="in"))
    line.sender.transmit(what=Info(origin=line.sender, contents="out"), to_whom=line.node)
    found = line.sender.transmissions(direction=direction)
    assert sorted(str(t.info.contents) for t in found) == DIRECTIONS[direction]


def test_transmissions_are_in_the_order_of_their_making(line: Line, work: EngineUnitOfWork) -> None:
    line.send(line.gene, line.node)
    with later(work) as again:
        sender = again.node(line.sender.id)
        sender.transmit(what=sender.infos(type=Meme), to_whom=again.node(line.node.id))
        with later(again) as third:
            found = third.node(line.node.id).transmissions(direction="incoming")
            assert [t.info_id for t in found] == [line.gene.id, line.meme.id]


STATUSES = {"all": 2, "pending": 1, "received": 1}


@pytest.mark.parametrize("status", STATUSES)
def test_transmissions_are_filtered_by_status(line: Line, status: str) -> None:
    line.send(line.gene, line.node)
    line.node.receive()
    line.send(line.meme, line.node)
    assert len(line.sender.transmissions(status=status)) == STATUSES[status]


def test_transmissions_know_three_directions(line: Line) -> None:
    with pytest.raises(BadRequest, match="direction must be"):
        line.sender.transmissions(direction="to")


def test_transmissions_know_three_statuses(line: Line) -> None:
    with pytest.raises(BadRequest, match="status must be"):
        line.sender.transmissions(status="sent")
