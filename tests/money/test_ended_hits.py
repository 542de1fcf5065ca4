"""HITs that end, from the market's report to the places of the next: through the product's own client."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib import services
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine

from .people import Person
from .run import Run
from .turk import Connection, Turk

DAY = timedelta(hours=24)


@pytest.fixture
def run(connection: Connection) -> Iterator[Run]:
    """A launched run of eight places, whose HIT can be found for a day."""
    turk = Turk(connection)
    turk.settings["lifetime"] = 24
    engine = SQLiteEngine(":memory:")
    people = [Person("A1", "approved", (0, "0")), Person("A2", "returned", (0, "0"))]
    made = Run(turk, engine, people, random.Random(1))
    made.launch()
    yield made
    services.use(None)
    engine.close()


def open_places(run: Run) -> list[int]:
    turk = run.side
    assert isinstance(turk, Turk)
    return [hit.available(turk.clock.now()) for hit in turk.market.open_hits()]


def test_a_new_hit_offers_the_places_of_an_expired_one(run: Run) -> None:
    run.pass_time(DAY)
    run.hear()
    run.work()
    assert open_places(run) == [8]


def test_without_a_report_they_are_too(run: Run) -> None:
    run.pass_time(DAY)
    run.side.reports()
    run.pass_time(timedelta(minutes=3))
    assert open_places(run) == [8]


def test_day_after_day_as_many_are_open_as_seats_are_wanted(run: Run) -> None:
    for _ in range(5):
        run.pass_time(DAY)
        for _ in range(2):
            run.hear()
            run.pass_time(timedelta(minutes=3))
    assert open_places(run) == [8]


def test_a_participant_who_came_is_not_asked_for_again(run: Run) -> None:
    person = run.experiment.people["A1"]
    for _ in person.life(run):
        run.work()
    run.hear()
    run.work()
    open_before = open_places(run)
    run.pass_time(DAY)
    run.hear()
    run.work()
    assert (sum(open_before), sum(open_places(run))) == (8, 8)


def test_a_place_that_is_given_back_after_the_end_is_offered_with_the_next_hit(run: Run) -> None:
    late = run.experiment.people["A2"]
    run.pass_time(timedelta(hours=23.5))
    life = late.life(run)
    next(life)
    next(life)
    run.pass_time(timedelta(minutes=40))
    run.hear()
    run.work()
    before = open_places(run)
    next(life, None)
    run.hear()
    run.work()
    assert (before, open_places(run)) == ([7], [8])


def test_a_hit_that_was_ended_by_hand_is_not_replaced(run: Run) -> None:
    turk = run.side
    assert isinstance(turk, Turk)
    run.pass_time(timedelta(hours=2))
    for hit in list(turk.market.open_hits()):
        turk._standin.operations.update_expiration_for_hit(
            {"HITId": hit.id, "ExpireAt": turk.clock.now().timestamp()}
        )
    run.hear()
    run.pass_time(DAY)
    assert open_places(run) == []
