"""A process dies around the commit that assigns or frees a slot: no slot is lost, and none is given twice."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from typing import Any, Literal

import pytest

from chalicelib.errors import StudyFull, VendorUnreachable
from chalicelib.model import keys
from chalicelib.operations.study.design.slots import GAP_SECONDS
from chalicelib.services import App
from chalicelib.storage.engine import Engine, Write
from chalicelib.storage.engine_store import EngineStore
from chalicelib.storage.engine_wrapper import EngineWrapper
from chalicelib.study.design.conditions import Conditions
from tests.contract.factories import an_app, dump
from tests.study.conditions.slots import FOUR, cells_of, leave, numbers_of, spread, take, taken
from tests.tools.engines import Crash, FailingEngine

When = Literal["before", "after"]


class LaterClock:
    """The app's clock, some seconds on."""

    def __init__(self, clock: Any, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds

    def now(self) -> Any:
        return self._clock.now() + timedelta(seconds=self._seconds)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._clock, name)


def minutes_pass(app: App) -> None:
    app.clock = LaterClock(app.clock, GAP_SECONDS + 1)  # type: ignore[assignment]


def crash(app: App, engine: Engine, when: When, operation: Any, *args: Any) -> None:
    app.store = EngineStore(FailingEngine(engine, fail_at=1, when=when))
    with pytest.raises(Crash):
        app.run(operation, *args)
    app.store = EngineStore(engine)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_participant_whose_request_died_takes_one_slot_in_the_end(engine: Engine, when: When) -> None:
    app = an_app(engine)
    taken(app, [1])
    crash(app, engine, when, take, 2, FOUR)
    taken(app, [2, 3])
    minutes_pass(app)
    taken(app, range(4, 9))
    assert (numbers_of(engine), spread(cells_of(engine), FOUR)) == ([1, 2, 3, 4, 5, 6, 7, 8], 0)


@pytest.mark.parametrize("when", ["before", "after"])
def test_every_request_of_a_block_dies_once(engine: Engine, when: When) -> None:
    app = an_app(engine)
    for person in range(1, 9):
        crash(app, engine, when, take, person, FOUR)
        taken(app, [person])
    minutes_pass(app)
    taken(app, range(9, 18))
    minutes_pass(app)
    taken(app, range(18, 25))
    assert (numbers_of(engine), spread(cells_of(engine), FOUR)) == (list(range(1, 25)), 0)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_participant_whose_leaving_died_frees_one_slot(engine: Engine, when: When) -> None:
    app = an_app(engine)
    taken(app, range(1, 5))
    crash(app, engine, when, leave, 2)
    app.run(leave, 2)
    taken(app, [5, 6])
    assert numbers_of(engine) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_freed_slot_whose_claim_died_goes_to_one_participant(engine: Engine, when: When) -> None:
    app = an_app(engine)
    taken(app, range(1, 5))
    app.run(leave, 2)
    crash(app, engine, when, take, 5, FOUR)
    taken(app, [5, 6])
    assert numbers_of(engine) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_process_that_dies_while_it_frees_a_lost_number_loses_nothing(engine: Engine, when: When) -> None:
    app = an_app(engine)
    crash(app, engine, "before", take, 1, FOUR)
    taken(app, [2])
    minutes_pass(app)
    # This assignment frees number 1.
    crash(app, engine, when, take, 3, FOUR)
    taken(app, [3])
    minutes_pass(app)
    taken(app, range(4, 13))
    assert set(range(1, 9)) <= set(numbers_of(engine))


def test_a_number_whose_request_may_still_be_running_is_left_to_it(engine: Engine) -> None:
    app = an_app(engine)
    crash(app, engine, "before", take, 1, FOUR)
    taken(app, range(2, 20))
    assert (keys.slot("conditions", 1) in dump(engine), numbers_of(engine)) == (False, list(range(2, 20)))


def test_the_last_place_of_a_study_is_given_although_its_first_request_died(engine: Engine) -> None:
    design = Conditions(FOUR.factors, most=1)
    app = an_app(engine)
    taken(app, [1, 2, 3], design)
    crash(app, engine, "before", take, 4, design)
    taken(app, [5], design)
    with pytest.raises(StudyFull):
        app.run(take, 4, design)
    assert (numbers_of(engine), spread(cells_of(engine), FOUR)) == ([1, 2, 3, 4], 0)


def test_a_slow_request_whose_number_was_given_away_takes_another_slot(engine: Engine) -> None:
    app = an_app(engine)
    begun: list[int] = []

    def slow(ctx: Any) -> None:
        take(ctx, 1, FOUR)
        if not begun:
            begun.append(1)
            taken(app, [2])
            minutes_pass(app)
            taken(app, [3, 4])

    app.run(slow)
    taken(app, range(5, 9))
    assert numbers_of(engine) == [1, 2, 3, 4, 5, 6, 7, 8]


class SilentEngine(EngineWrapper):
    """Its first commit takes effect, or doesn't, and its response is lost either way."""

    def __init__(self, engine: Engine, *, takes_effect: bool) -> None:
        super().__init__(engine)
        self._takes_effect = takes_effect
        self._commits = 0

    def commit(self, writes: Any) -> None:
        self._commits += 1
        if self._commits > 1 or self._takes_effect:
            self._engine.commit(writes)
        if self._commits == 1:
            raise VendorUnreachable("The response was lost.")


@pytest.mark.parametrize("takes_effect", [True, False])
def test_a_commit_without_a_response_frees_only_what_it_did_not_claim(
    engine: Engine, takes_effect: bool
) -> None:
    app = an_app(engine)
    app.store = EngineStore(SilentEngine(engine, takes_effect=takes_effect))
    # The app tries again by itself when it finds that its commit has taken effect.
    with nullcontext() if takes_effect else pytest.raises(VendorUnreachable):
        app.run(take, 1, FOUR)
    app.store = EngineStore(engine)
    taken(app, [1, 2, 3, 4])
    assert (numbers_of(engine), spread(cells_of(engine), FOUR)) == ([1, 2, 3, 4], 0)


class BrokenEngine(EngineWrapper):
    """No commit succeeds, as in a loss of the connection."""

    def commit(self, writes: list[Write]) -> None:  # type: ignore[override]
        raise VendorUnreachable("No connection.")


def test_a_number_that_could_not_be_given_back_is_found_later(engine: Engine) -> None:
    app = an_app(engine)
    app.store = EngineStore(BrokenEngine(engine))
    with pytest.raises(VendorUnreachable):
        app.run(take, 1, FOUR)
    app.store = EngineStore(engine)
    taken(app, [1])
    minutes_pass(app)
    taken(app, [2, 3, 4])
    assert numbers_of(engine) == [1, 2, 3, 4]
