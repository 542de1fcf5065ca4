"""Commits above 100 writes: readers see all or nothing, crashes are recovered, live leases hold."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from chalicelib.errors import CommitTooLarge, Conflict
from chalicelib.experiment.networks import FullyConnected
from chalicelib.model.info import Info
from chalicelib.model.node import Node
from chalicelib.operations.participant.create_participant import create_participant
from chalicelib.operations.participant.entry_verification import EntryRequest
from chalicelib.services import App
from chalicelib.storage.engine import Engine
from chalicelib.storage.engine_store import EngineStore
from tests.contract.crashes.dying import commits_of, crash_at, crowd, in_every_gap, leftovers
from tests.contract.factories import (
    ANY_CALLER,
    Gaps,
    a_room,
    an_app,
    arrive,
    at_once,
    begin,
    dump,
    refusals,
    say,
    take_place,
)

#: A join of all others: the lease, seven batches for a node and its vectors with two ends, the end.
JOIN_COMMITS = 9


def before_join(engine: Engine) -> tuple[int, int]:
    """Nodes and vectors that readers see before the join, and after it."""
    return crowd(engine), 0


def after_join(engine: Engine) -> tuple[int, int]:
    return crowd(engine) + 1, 2 * crowd(engine)


def a_crowd(engine: Engine) -> tuple[App, int]:
    """Put nodes that don't know each other into a network, and a participant who is about to join."""
    app = an_app(engine, a_room(FullyConnected))
    with begin(engine) as work:
        network = work.network(1)
        for _ in range(crowd(engine)):
            Node(network=network)
        work.commit()
    return app, arrive(app, "ann")


def picture(engine: Engine) -> tuple[int, int]:
    """Return how many nodes and vectors a reader sees."""
    with begin(engine) as work:
        network = work.network(1)
        return len(network.nodes()), len(network.vectors())


def test_a_join_of_a_hundred_and_fifty_takes_nine_commits(full_steps: Engine) -> None:
    app, ann = a_crowd(full_steps)
    assert commits_of(app, full_steps, partial(take_place, app, ann)) == JOIN_COMMITS


def test_the_smaller_join_takes_as_many(small_steps: Engine) -> None:
    app, ann = a_crowd(small_steps)
    assert commits_of(app, small_steps, partial(take_place, app, ann)) == JOIN_COMMITS


@pytest.mark.parametrize("commit", range(JOIN_COMMITS))
def test_a_crash_in_a_gap_shows_nothing_and_the_next_writer_recovers_it(
    small_steps: Engine, dead_leases: None, commit: int
) -> None:
    app, ann = a_crowd(small_steps)
    crash_at(app, small_steps, commit, partial(take_place, app, ann, "r-1"))
    seen_after_crash = picture(small_steps)
    take_place(app, ann, "r-1")
    assert (seen_after_crash, picture(small_steps), leftovers(small_steps)) == (
        before_join(small_steps),
        after_join(small_steps),
        [],
    )


def test_a_crash_behind_the_last_commit_leaves_everything(small_steps: Engine, dead_leases: None) -> None:
    app, ann = a_crowd(small_steps)
    crash_at(app, small_steps, JOIN_COMMITS, partial(take_place, app, ann, "r-1"))
    take_place(app, ann, "r-1")
    assert (picture(small_steps), leftovers(small_steps)) == (after_join(small_steps), [])


def test_any_next_writer_of_structure_recovers(small_steps: Engine, dead_leases: None) -> None:
    app, ann = a_crowd(small_steps)
    crash_at(app, small_steps, 4, partial(take_place, app, ann))

    def fail_first(ctx: Any) -> None:
        ctx.uow.network(1).nodes()[0].fail()

    app.run(fail_first)
    assert (picture(small_steps), leftovers(small_steps)) == ((crowd(small_steps) - 1, 0), [])


@pytest.mark.parametrize("commit", [1, 2, 3])
def test_a_crash_during_recovery_is_recovered(small_steps: Engine, dead_leases: None, commit: int) -> None:
    app, ann = a_crowd(small_steps)
    crash_at(app, small_steps, 4, partial(take_place, app, ann, "r-1"))
    crash_at(app, small_steps, commit, partial(take_place, app, ann, "r-1"))
    take_place(app, ann, "r-1")
    assert (picture(small_steps), leftovers(small_steps)) == (after_join(small_steps), [])


def test_readers_see_nothing_of_it_until_the_last_commit(small_steps: Engine) -> None:
    app, ann = a_crowd(small_steps)
    seen = in_every_gap(app, small_steps, partial(take_place, app, ann), partial(picture, small_steps))
    assert seen == [before_join(small_steps)] * (JOIN_COMMITS - 1) + [after_join(small_steps)]


def test_a_reader_in_another_thread_sees_all_or_nothing(small_steps: Engine) -> None:
    app, ann = a_crowd(small_steps)
    seen: set[tuple[int, int]] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            seen.add(picture(small_steps))

    def join() -> None:
        take_place(app, ann)
        done.set()

    at_once([watch, join])
    assert seen <= {before_join(small_steps), after_join(small_steps)}


def test_a_reader_who_began_before_the_end_sees_nothing_of_it(small_steps: Engine) -> None:
    app, ann = a_crowd(small_steps)
    with begin(small_steps) as reader:
        network = reader.network(1)
        take_place(app, ann)
        assert (len(network.nodes()), len(network.vectors())) == before_join(small_steps)


def test_posts_succeed_in_every_gap(small_steps: Engine) -> None:
    app, ann = a_crowd(small_steps)
    posting = an_app(small_steps)
    in_every_gap(app, small_steps, partial(take_place, app, ann), partial(say, posting, 100_001))
    with begin(small_steps) as work:
        assert (len(work.node(100_001).infos()), posting.conflicts) == (JOIN_COMMITS, 0)


def test_another_join_conflicts_in_every_gap(small_steps: Engine) -> None:
    app, ann = a_crowd(small_steps)

    def join() -> bool:
        with begin(small_steps) as work:
            Node(network=work.network(1))
            try:
                work.commit()
            except Conflict:
                return False
            return True

    # After the last commit the way is free again.
    joined = in_every_gap(app, small_steps, partial(take_place, app, ann), join)
    assert joined == [False] * (JOIN_COMMITS - 1) + [True]


def test_two_large_joins_at_once_are_both_complete(small_steps: Engine) -> None:
    app, ann = a_crowd(small_steps)
    bob = arrive(app, "bob")
    refused = refusals(at_once([partial(take_place, app, person) for person in (ann, bob)]))
    there = crowd(small_steps)
    both = (there + 2, 2 * there + 2 * (there + 1))
    assert (refused, picture(small_steps), leftovers(small_steps)) == ([], both, [])


def test_a_unit_that_read_too_early_does_not_write_over_a_large_join(small_steps: Engine) -> None:
    app, ann = a_crowd(small_steps)
    with begin(small_steps) as stale:
        (network,) = stale.networks()
        network.add_node(Node(network=network))
        take_place(app, ann)
        with pytest.raises(Conflict):
            stale.commit()
    assert (picture(small_steps), leftovers(small_steps)) == (after_join(small_steps), [])


def replaced_in_a_gap(app: App, engine: Engine, person: int) -> list[str]:
    """Let another participant take over the assignment while a large join is staged."""
    helper = an_app(engine, a_room(FullyConnected))
    entry = EntryRequest("bob", "h", "a-ann")
    gaps = Gaps(engine, lambda: None)

    def replace() -> None:
        if gaps.commits == 4:
            helper.run(create_participant, entry, caller=ANY_CALLER)

    gaps._between = replace
    app.store = EngineStore(gaps)
    found = refusals(at_once([partial(take_place, app, person)]))
    app.store = EngineStore(engine)
    return found


def test_a_large_commit_that_is_refused_makes_way_at_once(small_steps: Engine) -> None:
    app, ann = a_crowd(small_steps)
    refused = replaced_in_a_gap(app, small_steps, ann)
    assert (refused, picture(small_steps), leftovers(small_steps)) == (
        ["participant_not_working"],
        before_join(small_steps),
        [],
    )


def test_a_living_lease_is_left_alone(small_steps: Engine) -> None:
    app, ann = a_crowd(small_steps)
    crash_at(app, small_steps, 4, partial(take_place, app, ann))
    before = dump(small_steps)
    with begin(small_steps) as work:
        Node(network=work.network(1))
        with pytest.raises(Conflict, match="large commit"):
            work.commit()
    assert dump(small_steps) == before


def make_infos(count: int) -> Callable[[Any], None]:
    def many_infos(ctx: Any) -> None:
        for number in range(count):
            Info(origin=ctx.uow.node(100_001), contents=str(number))

    return many_infos


@pytest.mark.parametrize("commit", range(4))
def test_many_infos_of_one_request_come_together(small_steps: Engine, dead_leases: None, commit: int) -> None:
    app, _ = a_crowd(small_steps)
    many_infos = make_infos(crowd(small_steps))
    crash_at(app, small_steps, commit, partial(app.run, many_infos))
    with begin(small_steps) as work:
        seen_after_crash = len(work.node(100_001).infos())
    app.run(many_infos)
    with begin(small_steps) as work:
        assert (seen_after_crash, len(work.network(1).infos())) == (0, crowd(small_steps))


def test_a_large_post_does_not_take_anothers_living_lease(small_steps: Engine) -> None:
    app, ann = a_crowd(small_steps)
    crash_at(app, small_steps, 4, partial(take_place, app, ann))
    before = dump(small_steps)
    with begin(small_steps) as work:
        for _ in range(crowd(small_steps)):
            Info(origin=work.node(100_001))
        with pytest.raises(Conflict, match="large commit"):
            work.commit()
    assert dump(small_steps) == before


def test_too_many_changes_of_what_exists_say_what_to_do(small_steps: Engine) -> None:
    a_crowd(small_steps)
    with begin(small_steps) as work:
        for node in work.network(1).nodes():
            node.property1 = "changed"
        Node(network=work.network(1))
        with pytest.raises(CommitTooLarge, match="several requests"):
            work.commit()


def test_infos_of_more_than_four_megabytes_come_together(dynamodb: Engine) -> None:
    app, _ = a_crowd(dynamodb)

    def write(ctx: Any) -> None:
        for number in range(16):
            Info(origin=ctx.uow.node(100_001), contents=f"{number:06d}" * 50_000)

    app.run(write)
    with begin(dynamodb) as work:
        assert [len(str(info.contents)) for info in work.node(100_001).infos()] == [300_000] * 16
