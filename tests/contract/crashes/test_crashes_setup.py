"""A set-up of many networks is visible as a whole, and recovered after a crash in any gap."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from chalicelib.experiment.networks import Empty
from chalicelib.experiment.nodes import Source
from chalicelib.model import keys
from chalicelib.operations.run.launch import launch
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.services import App
from chalicelib.storage.engine import Engine
from tests.contract.crashes.dying import commits_of, crash_at, crowd, in_every_gap, leftovers
from tests.contract.factories import (
    a_room,
    arrive,
    at_once,
    begin,
    dump,
    not_launched,
    refusals,
    take_place,
)

#: The lease, four batches for the networks and a source in each, the end.
SETUP_COMMITS = 6


class Tale(Source):
    """A source in each network."""

    type = "tale_of_the_crashes"


def with_source() -> Empty:
    return Empty(max_size=3)


def make(count: int) -> Callable[[Any], None]:
    def setup(self: Any) -> None:
        for _ in range(count):
            network = self.create_network()
            self.save(network)
            network.add_node(Tale(network=network))

    return setup


def to_launch(engine: Engine) -> App:
    return not_launched(engine, a_room(with_source, setup=make(crowd(engine))))


def networks_seen(engine: Engine) -> list[tuple[int, int]]:
    """Return each network that a reader sees, with the number of its nodes."""
    with begin(engine) as work:
        return [(network.id, network.size()) for network in work.networks()]


def all_networks(engine: Engine) -> list[tuple[int, int]]:
    return [(number, 1) for number in range(1, crowd(engine) + 1)]


def test_a_set_up_of_a_hundred_and_fifty_networks_takes_six_commits(full_steps: Engine) -> None:
    app = to_launch(full_steps)
    assert commits_of(app, full_steps, partial(app.run, launch, caller=OPERATOR_CALLER)) == SETUP_COMMITS


@pytest.mark.parametrize("commit", range(SETUP_COMMITS))
def test_a_crash_in_a_set_up_shows_no_network_and_the_next_launch_recovers_it(
    small_steps: Engine, dead_leases: None, commit: int
) -> None:
    app = to_launch(small_steps)
    crash_at(app, small_steps, commit, partial(app.run, launch, caller=OPERATOR_CALLER))
    seen_after_crash = networks_seen(small_steps)
    app.run(launch, caller=OPERATOR_CALLER)
    assert (seen_after_crash, networks_seen(small_steps), leftovers(small_steps)) == (
        [],
        all_networks(small_steps),
        [],
    )


def test_a_crash_after_a_set_up_does_not_repeat_it(small_steps: Engine, dead_leases: None) -> None:
    app = to_launch(small_steps)
    crash_at(app, small_steps, SETUP_COMMITS, partial(app.run, launch, caller=OPERATOR_CALLER))
    app.run(launch, caller=OPERATOR_CALLER)
    assert networks_seen(small_steps) == all_networks(small_steps)


def test_no_reader_sees_a_network_before_all_are_there(small_steps: Engine) -> None:
    app = to_launch(small_steps)
    seen = in_every_gap(
        app,
        small_steps,
        partial(app.run, launch, caller=OPERATOR_CALLER),
        lambda: len(networks_seen(small_steps)),
    )
    assert seen == [0] * (SETUP_COMMITS - 1) + [crowd(small_steps)]


def test_two_launches_at_once_set_up_once(small_steps: Engine) -> None:
    apps = [to_launch(small_steps) for _ in range(2)]
    refused = refusals(at_once([partial(app.run, launch, caller=OPERATOR_CALLER) for app in apps]))
    assert (refused, networks_seen(small_steps), leftovers(small_steps)) == (
        [],
        all_networks(small_steps),
        [],
    )


def test_people_join_networks_of_a_large_set_up(small_steps: Engine) -> None:
    app = to_launch(small_steps)
    app.run(launch, caller=OPERATOR_CALLER)
    node = take_place(app, arrive(app, "ann"))
    with begin(small_steps) as work:
        assert [n.is_source for n in work.node(node["id"]).neighbors(direction="from")] == [True]


def test_a_network_of_a_large_set_up_is_read_without_its_header_once_it_was_joined(
    small_steps: Engine,
) -> None:
    app = to_launch(small_steps)
    app.run(launch, caller=OPERATOR_CALLER)
    node = take_place(app, arrive(app, "ann"))
    assert "s" not in dump(small_steps)[keys.root(node["network_id"])]


def test_every_network_of_a_large_set_up_has_its_source(small_steps: Engine) -> None:
    to_launch(small_steps).run(launch, caller=OPERATOR_CALLER)
    with begin(small_steps) as work:
        assert [len(network.nodes()) for network in work.networks()] == [1] * crowd(small_steps)
