"""The same seed and order of arrival give the same run."""

from __future__ import annotations

import random
from typing import Any

from chalicelib.experiment.experiment import Experiment
from chalicelib.experiment.networks import DiscreteGenerational, ScaleFree
from chalicelib.experiment.nodes import RandomBinaryStringSource
from chalicelib.model.info import Info
from chalicelib.model.network import Network
from chalicelib.storage.engine import Item
from tests.web.conftest import NewWorld
from tests.web.experiments import with_hooks
from tests.web.world import World

#: Created for each run or message, and not part of the data.
NOT_DATA = ("secrets", "message")


class Lottery(Experiment):
    """Draws wherever an author may draw."""

    experiment_repeats = 3

    def setup(self) -> None:
        super().setup()
        for network in self.networks():
            network.property5 = str(random.random())
            RandomBinaryStringSource(network=network)

    def create_network(self) -> Network:
        return ScaleFree(m0=2, m=1, max_size=5)

    def create_participant(self, *args: Any, **named: Any) -> Any:
        participant = super().create_participant(*args, **named)
        participant.property1 = str(random.random())
        return participant

    def node_post_request(self, participant: Any, node: Any) -> None:
        node.property1 = str(random.random())
        node.property2 = str(self.random.random())

    def info_post_request(self, node: Any, info: Info) -> None:
        info.property1 = str(random.random())

    def info_get_request(self, node: Any, infos: list[Info]) -> None:
        node.property3 = str(random.random())

    def bonus(self, participant: Any) -> float:
        return random.random()


def played(here: World, unrelated: int = 0) -> list[Item]:
    """Let six people take part in the same order; return everything that is stored of it."""
    for _ in range(6):
        person = here.arrive()
        random.seed(unrelated)
        node = person.join()
        random.seed(unrelated)
        person.get(f"/node/{node}/infos")
        person.answer(node, "words")
        person.finish()
        here.work()
    return [item for item in here.items() if item["kind"] not in NOT_DATA]


def test_the_same_seed_gives_the_same_run_byte_for_byte(world: NewWorld) -> None:
    first = played(world(Lottery), unrelated=1)
    assert played(world(Lottery), unrelated=2) == first


def test_another_seed_gives_another_run(world: NewWorld) -> None:
    first = played(world(Lottery))
    assert played(world(Lottery, run_seed="another")) != first


def test_two_people_draw_differently(world: NewWorld) -> None:
    items = [item for item in played(world(Lottery)) if item["kind"] == "node" and "property1" in item]
    assert len({item["property1"] for item in items}) == 6


def test_random_draws_for_a_new_participant_depend_only_on_the_order_of_arrival(world: NewWorld) -> None:
    def drawn(here: World, names: str) -> list[str]:
        for name in names:
            here.arrive(workerId=name, assignmentId=name)
        return [item["property1"] for item in here.items("participant")]

    first = drawn(world(Lottery), "abcdef")
    assert len(set(first)) == 6
    assert drawn(world(Lottery), "uvwxyz") == first


def test_reading_draws_again_for_each_node_and_after_each_info(world: NewWorld) -> None:
    drawn: list[float] = []

    def draw(self: Any, node: Any, infos: list[Info]) -> None:
        drawn.append(random.random())

    person = world(with_hooks(Lottery, info_get_request=draw)).arrive()
    nodes = [person.join(), person.join()]
    for node in nodes:
        person.get(f"/node/{node}/infos")
    person.answer(nodes[0])
    person.get(f"/node/{nodes[0]}/infos")
    assert len(set(drawn)) == len(drawn) == 3


def test_one_participant_draws_again_with_each_answer(world: NewWorld) -> None:
    here = world(Lottery)
    person = here.arrive()
    node = person.join()
    drawn = [person.post(f"/info/{node}", {"contents": ""})["info"]["property1"] for _ in range(5)]
    assert len(set(drawn)) == 5


def test_generations_choose_the_same_parents(world: NewWorld) -> None:
    def create_network(self: Any) -> Network:
        return DiscreteGenerational(generations=2, generation_size=4)

    def parents(here: World) -> list[tuple[int, int]]:
        for _ in range(8):
            person = here.arrive()
            person.answer(person.join())
        return [(item["origin_id"], item["destination_id"]) for item in here.items("vector")]

    tried = with_hooks(Experiment, experiment_repeats=1, create_network=create_network)
    first = parents(world(tried))
    assert len(first) == 8
    assert parents(world(tried)) == first


def test_a_request_that_is_run_again_draws_the_same(world: NewWorld) -> None:
    drawn: list[float] = []

    def draw(self: Any, node: Any, info: Any) -> None:
        drawn.append(random.random())
        if len(drawn) == 1:
            overtake(node.id)

    def overtake(node_id: int) -> None:
        """Change the node after this request has read it, and before it commits."""
        with here.app.store.begin(here.clock.now()) as work:
            work.node(node_id).property4 = "changed meanwhile"
            work.commit()

    here = world(with_hooks(Lottery, info_post_request=draw))
    person = here.arrive()
    person.answer(person.join())
    assert len(drawn) == 2
    assert drawn[0] == drawn[1]
