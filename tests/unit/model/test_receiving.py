"""Receiving, copying and changing infos."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.errors import RuleBroken
from chalicelib.experiment.infos import Gene, Meme
from chalicelib.experiment.networks import DiscreteGenerational
from chalicelib.experiment.nodes import GeneticAgent, ReplicatorAgent
from chalicelib.model.info import Info
from chalicelib.model.node import Node
from chalicelib.model.transformation import Mutation, Replication, Transformation
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.unit.model.things import Story, a_network, answer, join, later, put, sent


@pytest.fixture
def pair(work: EngineUnitOfWork) -> tuple[Node, Node]:
    network = a_network(work)
    return join(network), join(network)


def test_all_pending_transmissions_are_received(pair: tuple[Node, Node]) -> None:
    both = [sent(*pair), sent(*pair)]
    assert pair[1].receive() == both


def test_a_received_transmission_has_its_time(pair: tuple[Node, Node], work: EngineUnitOfWork) -> None:
    sent(*pair)
    with later(work) as again:
        (transmission,) = again.node(pair[1].id).receive()
        assert (transmission.status, transmission.receive_time) == ("received", again.now)


def test_nothing_is_received_before_it_was_sent(pair: tuple[Node, Node]) -> None:
    transmission = sent(*pair)
    transmission.mark_received()
    assert transmission.receive_time is not None
    assert transmission.receive_time > transmission.creation_time


def test_receipts_of_one_request_have_increasing_times(
    pair: tuple[Node, Node], work: EngineUnitOfWork
) -> None:
    for _ in range(3):
        sent(*pair)
    with later(work) as again:
        times = [t.receive_time for t in again.node(pair[1].id).receive()]
        assert times == sorted(set(times))
        assert times[0] == again.now


def test_one_transmission_is_received(pair: tuple[Node, Node]) -> None:
    first, second = sent(*pair), sent(*pair)
    pair[1].receive(second)
    assert (first.status, second.status) == ("pending", "received")


def test_nothing_pending_is_nothing_received(pair: tuple[Node, Node]) -> None:
    assert pair[1].receive() == []


def test_a_transmission_is_received_once(pair: tuple[Node, Node]) -> None:
    transmission = sent(*pair)
    pair[1].receive()
    with pytest.raises(RuleBroken, match="isn't pending"):
        pair[1].receive(transmission)


def test_another_nodes_transmission_is_not_received(pair: tuple[Node, Node]) -> None:
    transmission = sent(*pair)
    with pytest.raises(RuleBroken, match="isn't pending"):
        pair[0].receive(transmission)


def test_a_failed_node_receives_nothing(pair: tuple[Node, Node]) -> None:
    pair[1].fail()
    with pytest.raises(RuleBroken, match="can't receive infos"):
        pair[1].receive()


def test_a_source_receives_nothing(work: EngineUnitOfWork) -> None:
    with pytest.raises(RuleBroken, match="is a source"):
        Story(a_network(work)).receive()


def test_failed_transmissions_are_not_received(pair: tuple[Node, Node]) -> None:
    sent(*pair).fail()
    assert pair[1].receive() == []


def test_update_gets_everything_received_at_once(work: EngineUnitOfWork, own_classes: None) -> None:
    calls: list[list[str | None]] = []

    class Listener(Node):
        type = "listener"

        def update(self, infos: list[Info]) -> None:
            calls.append([info.contents for info in infos])

    network = a_network(work)
    sender, listener = join(network), join(network, Listener)
    sent(sender, listener, "a")
    sent(sender, listener, "b")
    listener.receive()
    assert calls == [["a", "b"]]


def test_update_is_not_called_for_nothing(work: EngineUnitOfWork, own_classes: None) -> None:
    class Nervous(Node):
        type = "nervous"

        def update(self, infos: list[Info]) -> None:
            raise AssertionError(infos)

    join(a_network(work), Nervous).receive()


def test_received_infos_are_those_that_were_received(pair: tuple[Node, Node]) -> None:
    heard = sent(*pair)
    pair[1].receive()
    sent(*pair)
    assert pair[1].received_infos() == [heard.info]


def test_an_info_received_twice_is_listed_once(pair: tuple[Node, Node]) -> None:
    info = sent(*pair).info
    pair[0].transmit(what=info)
    pair[1].receive()
    assert pair[1].received_infos() == [info]


def test_received_infos_are_filtered_by_class(pair: tuple[Node, Node]) -> None:
    pair[0].connect(whom=pair[1])
    Gene(origin=pair[0])
    meme = Meme(origin=pair[0])
    pair[0].transmit()
    pair[1].receive()
    assert pair[1].received_infos(type=Meme) == [meme]


def test_received_infos_persist_to_the_next_request(pair: tuple[Node, Node], work: EngineUnitOfWork) -> None:
    sent(*pair, "news")
    pair[1].receive()
    with later(work) as again:
        assert [info.contents for info in again.node(pair[1].id).received_infos()] == ["news"]


def test_a_receipt_is_kept(pair: tuple[Node, Node], work: EngineUnitOfWork) -> None:
    sent(*pair)
    with later(work) as again:
        again.node(pair[1].id).receive()
        with later(again) as third:
            assert [t.status for t in third.node(pair[0].id).transmissions()] == ["received"]


# -- copying and changing -----------------------------------------------------------------------


class Shout(Info):
    """An info that mutates."""

    type = "shout"

    def _mutated_contents(self) -> str:
        return str(self.contents).upper()


@pytest.fixture
def heard(pair: tuple[Node, Node]) -> Shout:
    """A shout that the second node has received from the first."""
    pair[0].connect(whom=pair[1])
    shout = Shout(origin=pair[0], contents="oh", details={"loud": True})
    shout.property2 = "far"
    pair[0].transmit()
    pair[1].receive()
    return shout


def test_a_replica_has_the_class_and_the_contents(pair: tuple[Node, Node], heard: Shout) -> None:
    copy = pair[1].replicate(heard)
    assert (type(copy), copy.contents, copy.origin) == (Shout, "oh", pair[1])


@pytest.mark.parametrize("way", ["replicate", "mutate"])
def test_properties_and_details_stay_with_the_original(
    pair: tuple[Node, Node], heard: Shout, way: str
) -> None:
    copy = getattr(pair[1], way)(heard)
    assert (copy.property2, copy.details, heard.property2) == (None, {}, "far")


def test_the_contents_of_a_stored_info_can_not_be_changed(
    pair: tuple[Node, Node], heard: Shout, work: EngineUnitOfWork
) -> None:
    with later(work) as again:
        for info in (again.info(heard.id), *again.node(pair[1].id).received_infos()):
            with pytest.raises(RuleBroken, match="can't be changed"):
                info.contents = "ah"


def test_contents_may_be_set_until_the_info_is_stored(
    pair: tuple[Node, Node], work: EngineUnitOfWork
) -> None:
    info = answer(pair[0], "first")
    info.contents = "second"
    with later(work) as again:
        assert again.info(info.id).contents == "second"


def test_setting_the_contents_that_an_info_has_changes_nothing(heard: Shout, work: EngineUnitOfWork) -> None:
    with later(work) as again:
        info = again.info(heard.id)
        info.contents = "oh"
        assert info.contents == "oh"


@pytest.mark.parametrize("way", ["replicate", "mutate"])
def test_the_info_to_copy_may_be_named(pair: tuple[Node, Node], heard: Shout, way: str) -> None:
    copy = getattr(pair[1], way)(info_in=heard)
    assert copy.transformation_whence[0].info_in is heard


@pytest.mark.parametrize(("failed", "found"), [(None, 2), ("all", 2), (True, 1), (False, 1)])
def test_received_infos_are_filtered_by_failed(pair: tuple[Node, Node], failed: Any, found: int) -> None:
    sent(*pair).info.fail()
    sent(*pair)
    pair[1].transmissions("incoming", failed=True)[0].mark_received()
    pair[1].receive()
    assert len(pair[1].received_infos(failed=failed)) == found


def test_a_record_is_shown_under_the_older_name_too(heard: Shout) -> None:
    assert heard.__json__() == heard.as_json()


def test_a_replication_is_recorded(pair: tuple[Node, Node], heard: Shout) -> None:
    copy = pair[1].replicate(heard)
    (found,) = pair[1].transformations(type=Replication)
    assert (found.info_in, found.info_out, found.node) == (heard, copy, pair[1])


def test_a_mutant_has_mutated_contents(pair: tuple[Node, Node], heard: Shout) -> None:
    mutant = pair[1].mutate(heard)
    assert (type(mutant), mutant.contents, mutant.origin) == (Shout, "OH", pair[1])


def test_a_mutation_is_recorded(pair: tuple[Node, Node], heard: Shout) -> None:
    mutant = pair[1].mutate(heard)
    assert [t.info_out for t in pair[1].transformations(type=Mutation)] == [mutant]


def test_an_info_that_can_not_mutate_says_so(pair: tuple[Node, Node]) -> None:
    with pytest.raises(RuleBroken, match="_mutated_contents"):
        pair[0].mutate(answer(pair[0]))


def test_an_info_with_a_constructor_of_its_own_is_replicated(
    work: EngineUnitOfWork, own_classes: None
) -> None:
    class Pair(Info):
        type = "pair"

        def __init__(self, origin: Node, left: int, right: int) -> None:
            super().__init__(origin=origin, contents=f"{left},{right}")

    node = join(a_network(work))
    assert node.replicate(Pair(node, 1, 2)).contents == "1,2"


def test_a_replicator_copies_what_it_receives(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    sender, replicator = join(network), join(network, ReplicatorAgent)
    sent(sender, replicator, "news")
    replicator.receive()
    assert [info.contents for info in replicator.infos()] == ["news"]


def test_a_transformation_is_made_at_the_node_of_what_came_out(pair: tuple[Node, Node], heard: Shout) -> None:
    made = Transformation(info_in=heard, info_out=answer(pair[1]))
    assert (made.node, made.network) == (pair[1], pair[1].network)


def test_an_own_info_is_transformed(pair: tuple[Node, Node]) -> None:
    first, second = answer(pair[0]), answer(pair[0])
    assert Transformation(info_in=first, info_out=second).info_in is first


def test_an_info_that_was_not_received_is_not_transformed(pair: tuple[Node, Node]) -> None:
    with pytest.raises(RuleBroken, match="neither made nor received"):
        Transformation(info_in=answer(pair[0]), info_out=answer(pair[1]))


def test_an_info_that_is_on_its_way_is_not_transformed(pair: tuple[Node, Node]) -> None:
    pending = sent(*pair)
    with pytest.raises(RuleBroken, match="neither made nor received"):
        Transformation(info_in=pending.info, info_out=answer(pair[1]))


def test_a_failed_node_transforms_nothing(pair: tuple[Node, Node]) -> None:
    first, second = answer(pair[0]), answer(pair[0])
    pair[0].fail()
    with pytest.raises(RuleBroken, match="can't transform infos"):
        Transformation(info_in=first, info_out=second)


@pytest.mark.parametrize(("kind", "count"), [(None, 2), (Replication, 1), (Mutation, 1)])
def test_transformations_are_filtered_by_class(
    pair: tuple[Node, Node], heard: Shout, kind: type | None, count: int
) -> None:
    pair[1].replicate(heard)
    pair[1].mutate(heard)
    assert len(pair[1].transformations(type=kind)) == count


ALLELES = ("asocial", "social")


@pytest.fixture
def family(work: EngineUnitOfWork) -> tuple[GeneticAgent, GeneticAgent]:
    """A founder with a gene, and a child to which it has passed its gene on."""
    network = put(work, DiscreteGenerational(2, 1))
    parent = GeneticAgent(network=network, participant=None)
    network.add_node(parent)
    parent.inherit(ALLELES)
    answer(parent)
    child = GeneticAgent(network=network, participant=None)
    network.add_node(child)
    return parent, child


def test_a_founder_has_the_first_allele(family: tuple[GeneticAgent, GeneticAgent]) -> None:
    founder, _ = family
    assert [info.contents for info in founder.infos(type=Gene)] == ["asocial"]
    assert founder.transformations() == []


@pytest.mark.parametrize(("rate", "gene", "kind"), [(0.0, "asocial", Replication), (1.0, "social", Mutation)])
def test_a_child_inherits_its_parents_gene_or_a_mutant(
    family: tuple[GeneticAgent, GeneticAgent], rate: float, gene: str, kind: type[Transformation]
) -> None:
    parent, child = family
    assert child.inherit(ALLELES, mutation_rate=rate) == gene
    (made,) = child.transformations()
    assert (type(made), made.info_in, made.info_out) == (kind, parent.gene, child.gene)


def test_a_genetic_agent_passes_on_nothing_that_it_has_learned(
    family: tuple[GeneticAgent, GeneticAgent],
) -> None:
    parent, child = family
    passed = [sent.info for sent in child.transmissions(direction="incoming")]
    assert passed == [parent.gene]
