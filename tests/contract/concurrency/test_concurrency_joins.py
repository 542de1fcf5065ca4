"""Many join at once: every seat is taken once, a chain never forks, no stimulus is empty."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

import pytest

from chalicelib.experiment.networks import Chain, Empty
from chalicelib.experiment.nodes import Source
from chalicelib.model.network import Network
from chalicelib.model.node import Node
from chalicelib.operations.network.join_network import join_network
from chalicelib.operations.participant.create_participant import create_participant
from chalicelib.operations.participant.entry_verification import EntryRequest
from chalicelib.services import App
from chalicelib.storage.engine import Engine
from tests.contract.factories import (
    ANY_CALLER,
    a_room,
    an_app,
    arrive,
    arrived,
    at_once,
    begin,
    patiently,
    read,
    refusals,
    say,
    seen,
    take_place,
)

CLIENTS = 32


class Tale(Source):
    """A source with a tale."""

    type = "tale_of_the_contract"

    def _contents(self) -> str:
        return "once"


class Retold:
    """An experiment's hooks: a source begins each network, and what it has goes to the newcomer."""

    def setup(self: Any) -> None:
        network = self.create_network()
        self.save(network)
        Tale(network)

    def add_node_to_network(self, node: Node, network: Network) -> None:
        network.add_node(node)
        for parent in node.neighbors(direction="from"):
            parent.transmit(to_whom=node)
        node.receive()


RETELLING = {name: hook for name, hook in vars(Retold).items() if callable(hook)}


def join_all(app: App) -> list[Any]:
    """Let all participants join once, concurrently."""
    return at_once([partial(take_place, app, person) for person in arrived(app, CLIENTS)])


def test_thirty_two_fill_a_network_of_twenty_exactly(crowded: Engine) -> None:
    results = join_all(an_app(crowded, a_room(partial(Empty, max_size=20))))
    with begin(crowded) as work:
        network = work.network(1)
        owners = {node.participant_id for node in network.nodes()}
    # "no_network" is returned only when no seat is free; while one is, the response is "busy".
    assert (network.full, network.size(), len(owners), refusals(results)) == (
        True,
        20,
        20,
        ["no_network"] * 12,
    )


def test_a_chain_of_thirty_two_does_not_fork_and_all_read_an_info(shared: Engine) -> None:
    app = an_app(shared, a_room(partial(Chain, max_size=CLIENTS + 1), **RETELLING))
    people = arrived(app, CLIENTS)

    def take_part(person: int) -> list[Any]:
        node = patiently(shared, partial(take_place, app, person))
        heard = read(shared, lambda work: [info.contents for info in work.node(node["id"]).received_infos()])
        say(app, node["id"], f"told by {person}")
        return heard

    stimuli = at_once([partial(take_part, person) for person in people])
    (chain,) = seen(shared).values()
    ends = [(v["origin_id"], v["destination_id"]) for v in chain["vectors"]]
    expected = [(100_000 + n, 100_001 + n) for n in range(1, CLIENTS + 1)]
    assert (sorted(ends), [len(heard) for heard in stimuli if isinstance(heard, list)]) == (
        expected,
        [1] * CLIENTS,
    )


def test_each_participant_in_a_chain_reads_the_previous_text(crowded: Engine) -> None:
    app = an_app(crowded, a_room(partial(Chain, max_size=9), **RETELLING))

    def take_part(person: int) -> None:
        node = patiently(crowded, partial(take_place, app, person))
        say(app, node["id"], f"told by {node['id']}")

    at_once([partial(take_part, person) for person in arrived(app, 8)])
    with begin(crowded) as work:
        nodes = work.network(1).nodes()
        heard = [[info.contents for info in node.received_infos()] for node in nodes[1:]]
    assert heard == [["once"], *[[f"told by {node.id}"] for node in nodes[1:-1]]]


def test_many_networks_fill_exactly(crowded: Engine) -> None:
    rooms = a_room(partial(Empty, max_size=4), configure=lambda self: setattr(self, "experiment_repeats", 5))
    app = an_app(crowded, rooms)
    people = arrived(app, 12)

    def visit_all(person: int) -> None:
        for _ in range(2):
            take_place(app, person)

    assert refusals(at_once([partial(visit_all, person) for person in people])).count("busy") == 0
    with begin(crowded) as work:
        sizes = [(network.size(), len(network.nodes())) for network in work.networks()]
    assert all(counted == real <= 4 for counted, real in sizes)


# -- one person, twice --------------------------------------------------------------------------


def test_two_double_clicks_take_one_place_each(crowded: Engine) -> None:
    app = an_app(crowded, a_room(partial(Empty, max_size=10)))
    clicks = [
        partial(take_place, app, person, f"click-{person}") for person in arrived(app, 2) for _ in range(2)
    ]
    results = at_once(clicks)
    with begin(crowded) as work:
        owners = [node.participant_id for node in work.network(1).nodes()]
    assert (sorted(owners), results[0], results[2]) == ([1, 2], results[1], results[3])


def test_two_clicks_without_a_request_id_take_one_place(crowded: Engine) -> None:
    app = an_app(crowded, a_room(partial(Empty, max_size=10)))
    person = arrive(app, "ann")
    results = at_once([partial(take_place, app, person)] * 4)
    with begin(crowded) as work:
        assert (refusals(results), work.network(1).size()) == (["no_network"] * 3, 1)


def replace_during(app: App, hook: str) -> type[Any]:
    """Return the app's experiment, in whose hook another participant takes over the assignment, once."""
    entry = EntryRequest(worker_id="bob", hit_id="h", assignment_id="shared")
    taken: list[Any] = []

    def replace(*_: Any, **__: Any) -> None:
        if not taken:
            taken.append(app.run(create_participant, entry, caller=ANY_CALLER))

    return type("Replaced", (app.experiment_class,), {hook: replace})


def test_a_participant_replaced_while_joining_leaves_no_living_node(shared: Engine) -> None:
    app = an_app(shared)
    ann = arrive(app, "ann", "shared")
    app.experiment_class = replace_during(app, "node_post_request")
    results = at_once([partial(take_place, app, ann)])
    with begin(shared) as work:
        assert (refusals(results), work.network(1).nodes(failed="all")) == (["participant_not_working"], [])


def test_a_participant_replaced_while_answering_leaves_no_living_info(shared: Engine) -> None:
    app = an_app(shared)
    ann = arrive(app, "ann", "shared")
    node = take_place(app, ann)
    app.experiment_class = replace_during(app, "info_post_request")
    results = at_once([partial(say, app, node["id"])])
    with begin(shared) as work:
        assert (refusals(results), work.network(1).infos()) == (["participant_not_working"], [])


@pytest.mark.parametrize("number", range(5))
def test_a_race_between_joining_and_being_replaced_leaves_no_living_node(shared: Engine, number: int) -> None:
    app = an_app(shared)
    ann = arrive(app, "ann", "shared")
    entry = EntryRequest(worker_id="bob", hit_id="h", assignment_id="shared")
    at_once(
        [
            partial(app.run, join_network, ann, {}, caller=ANY_CALLER),
            partial(app.run, create_participant, entry, caller=ANY_CALLER),
        ]
    )
    with begin(shared) as work:
        assert (work.participant(ann).status, work.participant(ann).nodes()) == ("replaced", [])


def test_an_assignment_entered_by_many_at_once_belongs_to_one(shared: Engine) -> None:
    app = an_app(shared)
    at_once([partial(arrive, app, f"w{n}", "shared") for n in range(8)])
    with begin(shared) as work:
        statuses = Counter(work.participant(n).status for n in work.participant_ids())
    assert statuses["working"] == 1


def test_a_worker_who_enters_with_many_assignments_at_once_takes_part_once(shared: Engine) -> None:
    app = an_app(shared)
    results = at_once([partial(arrive, app, "ann", f"a{n}") for n in range(6)])
    with begin(shared) as work:
        assert (refusals(results), len(work.participant_ids())) == (["repeat_worker"] * 5, 1)


def test_the_same_entry_many_times_at_once_is_one_participant(shared: Engine) -> None:
    app = an_app(shared)
    results = at_once([partial(arrive, app, "ann")] * 6)
    assert len(set(results)) == 1
