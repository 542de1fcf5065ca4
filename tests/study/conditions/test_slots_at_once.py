"""Many participants at once: cells stay balanced, and each slot has one holder."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import count

import pytest

from chalicelib.errors import StudyFull
from chalicelib.model import keys
from chalicelib.services import App
from chalicelib.storage.engine import Engine
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.study.design.conditions import Conditions
from tests.contract.factories import an_app, at_once
from tests.study.conditions.slots import (
    FOUR,
    cells_of,
    leave,
    living,
    numbers_of,
    own_records,
    spread,
    take,
    taken,
)
from tests.tools.torn import TornEngine

THREADS = 32


def arrivals(engine: Engine) -> int:
    """How many complete: moto needs the processor for 30 ms for each question."""
    return 1000 if isinstance(engine, SQLiteEngine | TornEngine) else 96


class Crowd:
    """Participants who come one after the other in each thread; every fifth leaves and is replaced."""

    def __init__(self, app: App, complete: int, act: Callable[[App, int], None]) -> None:
        self._app = app
        self._act = act
        self._guard = threading.Lock()
        self._left = complete
        self._next = 0

    def _newcomer(self) -> int:
        with self._guard:
            self._next += 1
            return self._next

    def _is_needed(self) -> bool:
        with self._guard:
            self._left -= 1
            return self._left >= 0

    def come(self) -> None:
        while self._is_needed():
            person = self._newcomer()
            while person % 5 == 0:
                self._act(self._app, person)
                assert self._app.run(leave, person)
                person = self._newcomer()
            self._act(self._app, person)

    def all_come(self) -> None:
        failed = [one for one in at_once([self.come] * THREADS) if one is not None]
        assert failed == []


def test_cells_differ_by_at_most_one_when_a_fifth_leaves_and_is_replaced(shared: Engine) -> None:
    number = arrivals(shared)
    # Three levels: the last block isn't full.
    design = Conditions({"colour": ["red", "green", "blue"]})
    app = an_app(shared)
    Crowd(app, number, lambda app, person: app.run(take, person, design)).all_come()
    assert len(own_records(shared)) - len(living(shared)) >= number // 5
    assert spread(cells_of(shared), design) <= 1
    assert numbers_of(shared) == list(range(1, number + 1))


def test_weights_are_exact_when_a_fifth_leaves_and_is_replaced(shared: Engine) -> None:
    blocks = arrivals(shared) // 20
    design = Conditions({"colour": ["red", "blue"]}, weights={"colour": {"red": 3}})
    app = an_app(shared)
    Crowd(app, 4 * blocks, lambda app, person: app.run(take, person, design)).all_come()
    assert cells_of(shared) == {"colour=red": 3 * blocks, "colour=blue": blocks}


def test_no_cell_exceeds_its_quota_when_all_come_at_once(crowded: Engine) -> None:
    design = Conditions(FOUR.factors, most=3)
    app = an_app(crowded)
    results = at_once([partial(app.run, take, person, design) for person in range(1, 17)])
    assert Counter(isinstance(result, StudyFull) for result in results) == {True: 4, False: 12}
    assert cells_of(crowded) == Counter({cell.key: 3 for cell in FOUR.cells})


def test_those_who_come_at_once_take_different_freed_slots(crowded: Engine) -> None:
    app = an_app(crowded)
    taken(app, range(1, 9))
    for person in range(1, 9):
        app.run(leave, person)
    at_once([partial(app.run, take, person, FOUR) for person in range(9, 17)])
    assert numbers_of(crowded) == list(range(1, 9))


def test_a_participant_who_leaves_twice_at_once_frees_one_slot(crowded: Engine) -> None:
    app = an_app(crowded)
    taken(app, range(1, 5))
    freed = at_once([partial(app.run, leave, 2)] * 6)
    taken(app, [5, 6])
    assert (Counter(freed), numbers_of(crowded)) == ({True: 1, False: 5}, [1, 2, 3, 4, 5])


def test_a_participant_who_opens_two_pages_at_once_takes_one_slot(crowded: Engine) -> None:
    app = an_app(crowded)
    at_once([partial(app.run, take, 1 + number % 4, FOUR) for number in range(16)])
    assert len(set(numbers_of(crowded))) == 4
    # Those who come later take the numbers that the other requests have given back.
    people = count(5)
    while list(crowded.query(keys.freed_slots("conditions"), "0")):
        taken(app, [next(people)])
    assert numbers_of(crowded) == list(range(1, next(people)))


@pytest.mark.parametrize("assign", ["block", "random"])
def test_arrivals_at_once_leave_no_number_out(shared: Engine, assign: str) -> None:
    design = Conditions(FOUR.factors, assign=assign)
    app = an_app(shared)
    at_once([partial(app.run, take, person, design) for person in range(1, 25)])
    assert numbers_of(shared) == list(range(1, 25))
