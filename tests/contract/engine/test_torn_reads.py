"""A reader of a commit that becomes visible item by item sees all of it, or nothing, or reads again."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any

import pytest

from chalicelib.errors import Conflict, NotFound, RuleBroken
from chalicelib.experiment.networks import Chain, Empty
from chalicelib.model.info import Info
from chalicelib.model.network import Network
from chalicelib.model.node import Node
from chalicelib.operations.participant.completion import complete_participation, withdraw
from chalicelib.operations.participant.submission import process_submission, review_submission
from chalicelib.operations.realtime import waiting_rooms
from chalicelib.operations.recruitment.headcount import headcount
from chalicelib.operations.recruitment.recruitment import free_places
from chalicelib.operations.run.summary import summarize
from chalicelib.operations.shared.context import Context
from chalicelib.services import App
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.contract.concurrency.test_concurrency_joins import RETELLING
from tests.contract.factories import ANY_CALLER, a_room, an_app, arrive, begin, say, take_place
from tests.tools.torn import TornEngine

Look = Callable[[EngineUnitOfWork], Any]
AGAIN = "read again"
SEEDS = range(12)


def looks(engine: TornEngine, act: Callable[[], Any], look: Look) -> tuple[Any, list[Any], Any]:
    """Return what a look gives before an act, at each moment of its commits, and after it."""

    def once() -> Any:
        with begin(engine) as uow:
            try:
                return look(uow)
            except Conflict:
                return AGAIN

    before = once()
    between: list[Any] = []
    engine.between = lambda: between.append(once())
    act()
    engine.between = None
    return before, between, once()


def is_whole(before: Any, between: list[Any], after: Any) -> bool:
    """Whether each look saw all of a commit or nothing of it, or had to read again."""
    return all(seen in (before, after, AGAIN) for seen in between)


def chain(sqlite: SQLiteEngine, seed: int) -> tuple[TornEngine, App]:
    engine = TornEngine(sqlite, longest=0, seed=seed)
    return engine, an_app(engine, a_room(partial(Chain, max_size=9), **RETELLING))


# -- networks ---------------------------------------------------------------------------------------


def what_the_newest_has_heard(uow: EngineUnitOfWork) -> Any:
    network = uow.network(1)
    return [(node.id, [info.contents for info in node.received_infos()]) for node in network.nodes()][-1]


def how_many_are_connected(uow: EngineUnitOfWork) -> Any:
    network = uow.network(1)
    return network.size(), [len(node.neighbors(direction="to")) for node in network.nodes()]


def sizes(uow: EngineUnitOfWork) -> Any:
    (network,) = uow.networks()
    return network.size(), len(network.nodes()), len(network.vectors()), len(network.transmissions())


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("look", [what_the_newest_has_heard, how_many_are_connected, sizes])
def test_a_join_is_seen_whole(sqlite: SQLiteEngine, look: Look, seed: int) -> None:
    engine, app = chain(sqlite, seed)
    person = arrive(app, "ann")
    before, between, after = looks(engine, partial(take_place, app, person), look)
    assert (before != after, is_whole(before, between, after)) == (True, True)


def answers(uow: EngineUnitOfWork) -> Any:
    network = uow.network(1)
    node = uow.node(100_002)
    return network.waiting_for, node.answered, len(network.infos()), [i.contents for i in node.infos()]


@pytest.mark.parametrize("seed", SEEDS)
def test_an_answer_is_seen_together_with_the_place_that_it_opens(sqlite: SQLiteEngine, seed: int) -> None:
    engine, app = chain(sqlite, seed)
    node = take_place(app, arrive(app, "ann"))
    before, between, after = looks(engine, partial(say, app, node["id"]), answers)
    assert (before != after, is_whole(before, between, after)) == (True, True)


def alive(uow: EngineUnitOfWork) -> Any:
    network = uow.network(1)
    return network.n_alive_nodes, [node.failed for node in network.all_nodes], len(network.infos())


@pytest.mark.parametrize("seed", SEEDS)
def test_a_withdrawal_is_seen_whole(sqlite: SQLiteEngine, seed: int) -> None:
    engine, app = chain(sqlite, seed)
    person = arrive(app, "ann")
    say(app, take_place(app, person)["id"])
    act = partial(app.run, withdraw, person, caller=ANY_CALLER)
    before, between, after = looks(engine, act, alive)
    assert (before != after, is_whole(before, between, after)) == (True, True)


def big(uow: EngineUnitOfWork) -> None:
    for node in [Node(network=uow.network(1)) for _ in range(60)]:
        Info(origin=node, contents="x")


def names_and_sizes(uow: EngineUnitOfWork) -> Any:
    network = uow.network(1)
    first = uow.node(100_001)
    return network.size(), len(network.infos()), first.property1


@pytest.mark.parametrize("seed", range(3))
def test_a_large_commit_is_seen_whole(sqlite: SQLiteEngine, seed: int) -> None:
    engine, _ = chain(sqlite, seed)

    def act() -> None:
        with begin(engine) as uow:
            uow.node(100_001).property1 = "changed"
            big(uow)
            uow.commit()

    before, between, after = looks(engine, act, names_and_sizes)
    assert (before != after, is_whole(before, between, after)) == (True, True)


def test_a_network_that_was_changed_twice_still_tells_of_the_first_change(sqlite: SQLiteEngine) -> None:
    """The second commit on a network may be seen before all of the first one is."""
    engine = TornEngine(sqlite, longest=0, seed=1)
    app = an_app(engine, a_room(partial(Empty, max_size=9)))
    people = [arrive(app, name) for name in ("ann", "bob")]
    found: list[Any] = []

    def second() -> None:
        engine.between = None
        if "bob" not in found and ("networks", "00001") not in engine.unseen:
            found.append("bob")
            take_place(app, people[1])
            with begin(engine) as uow:
                try:
                    found.append([node.participant_id for node in uow.network(1).nodes()])
                except Conflict:
                    found.append(AGAIN)
        engine.between = second

    engine.between = second
    take_place(app, people[0])
    assert found in (["bob", AGAIN], ["bob", people])


# -- participants -----------------------------------------------------------------------------------


def nodes_of_the_first(uow: EngineUnitOfWork) -> Any:
    return [node.id for node in uow.participant(1).nodes()]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_participants_nodes_are_seen_or_none_is(sqlite: SQLiteEngine, seed: int) -> None:
    engine, app = chain(sqlite, seed)
    person = arrive(app, "ann")
    result = looks(engine, partial(take_place, app, person), nodes_of_the_first)
    assert is_whole(*result)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_assignment_leads_to_its_participant_at_every_moment(sqlite: SQLiteEngine, seed: int) -> None:
    engine, app = chain(sqlite, seed)

    def holder(uow: EngineUnitOfWork) -> Any:
        claimed = uow.item(("assignment#a-ann", "#"))
        return None if claimed is None else uow.participant(claimed["participant_id"]).worker_id

    assert is_whole(*looks(engine, partial(arrive, app, "ann"), holder))


def waiting_workers(ctx: Context) -> list[str]:
    return [ctx.uow.participant(item["id"]).worker_id for item in waiting_rooms.waiting_entries(ctx)]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_place_in_the_lobby_leads_to_its_participant_at_every_moment(
    sqlite: SQLiteEngine, seed: int
) -> None:
    engine = TornEngine(sqlite, longest=0, seed=seed)
    app = an_app(engine, a_room(partial(Empty, max_size=9), room_size=3))
    reader = an_app_beside(app)
    arrive(app, "bob")
    result = looks(engine, partial(arrive, app, "ann"), lambda uow: reader(uow, waiting_workers))
    assert is_whole(*result)
    assert (result[0], result[2]) == (["bob"], ["bob", "ann"])


def paid(uow: EngineUnitOfWork) -> Any:
    payment = uow.payment(1, "base")
    return uow.participant(1).status, None if payment is None else payment.amount


@pytest.mark.parametrize("seed", SEEDS)
def test_a_submission_is_seen_together_with_what_is_owed(sqlite: SQLiteEngine, seed: int) -> None:
    engine = TornEngine(sqlite, longest=0, seed=seed)
    app = an_app(engine, a_room(partial(Empty, max_size=9)), base_payment=1.0)
    person = arrive(app, "ann")
    app.run(complete_participation, person, caller=ANY_CALLER)
    result = looks(engine, partial(app.run, process_submission, person), paid)
    assert is_whole(*result)


# -- counting ---------------------------------------------------------------------------------------


def open_places(ctx: Context) -> int:
    return free_places(ctx, 100)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seat_that_is_being_taken_is_never_offered_once_more(sqlite: SQLiteEngine, seed: int) -> None:
    engine, app = chain(sqlite, seed)
    reader = an_app_beside(app)
    person = arrive(app, "ann")
    act = partial(take_place, app, person)
    before, between, after = looks(engine, act, lambda uow: reader(uow, open_places))
    assert is_whole(before, between, after)


def an_app_beside(app: App) -> Callable[[EngineUnitOfWork, Callable[[Context], Any]], Any]:
    """Return what calls an operation in a unit of work, without running it again."""

    def call(uow: EngineUnitOfWork, operation: Callable[[Context], Any]) -> Any:
        ctx = Context(
            uow=uow,
            experiment=app.experiment_class(uow),
            config=app.config,
            tokens=app.tokens,
            recruiters=app.recruiters,
            run_seed=app.run_seed,
            app_id=app.app_id,
        )
        return operation(ctx)

    return call


@pytest.mark.parametrize("seed", SEEDS)
def test_a_participant_who_is_done_is_never_counted_twice(sqlite: SQLiteEngine, seed: int) -> None:
    engine, app = chain(sqlite, seed)
    reader = an_app_beside(app)
    person = arrive(app, "ann")
    app.run(complete_participation, person, caller=ANY_CALLER)
    app.run(process_submission, person)
    act = partial(app.run, review_submission, person)
    _, between, _ = looks(engine, act, lambda uow: reader(uow, headcount))
    _, summaries, _ = looks(engine, lambda: None, lambda uow: reader(uow, summarize))
    arrived = {seen if seen == AGAIN else seen.arrived for seen in between}
    # Between its two places it may be missed for a moment: then a place less is opened.
    assert (arrived <= {0, 1, AGAIN}, summaries) == (True, [])


# -- what half a commit leads to is not reported ----------------------------------------------------


def test_a_refusal_that_comes_of_an_early_read_is_run_again(torn: TornEngine) -> None:
    """The worker is seen to have taken part before the assignment is seen to be theirs."""
    app = an_app(torn)
    torn.last = ("assignment#a-ann", "#")
    with ThreadPoolExecutor(1) as threads:
        second: list[Future[int]] = []

        def meanwhile() -> None:
            if torn.unseen == {torn.last} and not second:
                second.append(threads.submit(arrive, app, "ann"))
                # Long enough for the other one to read; its response is right however long it takes.
                wait(second, timeout=0.02)

        torn.between = meanwhile
        first = arrive(app, "ann")
        assert [one.result() for one in second] == [first]


@pytest.mark.parametrize("error", [RuleBroken, NotFound, KeyError, ZeroDivisionError])
def test_an_error_that_comes_of_an_early_read_is_run_again(
    sqlite: SQLiteEngine, error: type[Exception]
) -> None:
    app = an_app(sqlite)
    tries: list[int] = []

    def operation(ctx: Context) -> int:
        size = ctx.uow.network(1).size()
        if not tries:
            take_place(app, arrive(app, "ann"))
        tries.append(size)
        if size == 0:
            raise error("nobody is here")
        return size

    assert (app.run(operation), tries) == (1, [0, 1])


@pytest.mark.parametrize("error", [RuleBroken, NotFound, KeyError, ZeroDivisionError])
def test_an_error_that_what_is_stored_leads_to_is_reported_at_once(
    sqlite: SQLiteEngine, error: type[Exception]
) -> None:
    app = an_app(sqlite)
    tries: list[Network] = []

    def operation(ctx: Context) -> None:
        tries.append(ctx.uow.network(1))
        raise error("this is wrong")

    with pytest.raises(error):
        app.run(operation)
    assert len(tries) == 1


def test_an_error_is_finally_reported_while_others_keep_writing(sqlite: SQLiteEngine) -> None:
    app = an_app(sqlite)
    tries: list[int] = []

    def operation(ctx: Context) -> None:
        tries.append(ctx.uow.network(1).size())
        take_place(app, arrive(app, f"w{len(tries)}"))
        raise RuleBroken("this is wrong")

    with pytest.raises(RuleBroken):
        app.run(operation)
    assert tries == list(range(6))


# -- the engine of these tests ----------------------------------------------------------------------


def test_the_torn_engine_shows_half_of_a_commit(sqlite: SQLiteEngine) -> None:
    engine, app = chain(sqlite, 1)
    person = arrive(app, "ann")
    shown: list[int] = []
    engine.between = lambda: shown.append(sum(1 for _ in engine.query("net#1")))
    take_place(app, person)
    assert len(set(shown)) > 2


def test_the_torn_engine_refuses_isolated_reads_and_writes_of_what_is_being_changed(
    sqlite: SQLiteEngine,
) -> None:
    engine, app = chain(sqlite, 1)
    person = arrive(app, "ann")
    refused: list[str] = []

    def look() -> None:
        for key in list(engine.unseen):
            try:
                engine.get_isolated([key])
            except Conflict as conflict:
                refused.append(conflict.code)

    engine.between = look
    take_place(app, person)
    assert set(refused) == {"conflict"}
