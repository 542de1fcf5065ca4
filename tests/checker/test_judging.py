"""The judges of random runs notice what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from chalicelib import services
from chalicelib.storage.engine import ANY, Delete, Item, Put
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from tests.checker.judging import problems
from tests.checker.playing import Meeting, Retelling, Run, play
from tests.contract.factories import dump

#: Seeds of a run of chains, and of one with a waiting room.
CHAINS, ROOMS = 1, 3


@pytest.fixture
def played(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Run]:
    """A run of a seed, played to its end."""
    engine = SQLiteEngine(tmp_path / "run.sqlite")
    run = play(engine, request.param, people=10)
    yield run
    services.use(None)
    engine.close()


def items(run: Run, kind: str) -> list[Item]:
    return [item for item in dump(run.world.engine).values() if item["kind"] == kind]


def change(run: Run, kind: str, **fields: object) -> None:
    """Change the newest item of a kind."""
    newest = max(items(run, kind), key=lambda item: int(item["id"]))
    run.world.engine.commit([Put({**newest, **fields}, ANY)])


def remove(run: Run, kind: str) -> None:
    run.world.engine.commit([Delete((item["pk"], item["sk"])) for item in items(run, kind)])


def forget_answers(run: Run) -> None:
    run.seen.infos = {info_id: f"{said}, surely" for info_id, said in run.seen.infos.items()}


def over_fill(run: Run) -> None:
    change(run, "network", max_size=1)


def pay_twice(run: Run) -> None:
    run.vendor.books.append((run.vendor.books[0][0], run.vendor.books[0][1], Decimal(1)))


def owe_for_ever(run: Run) -> None:
    change(run, "payment", status="due")


def seat_twice(run: Run) -> None:
    (first, *_) = items(run, "room")
    run.world.engine.commit([Put({**first, "sk": "000999", "id": 999}, None)])


def fork(run: Run) -> None:
    """Connect every node from the first one."""
    for item in items(run, "vector"):
        if "vec#in#" in item["sk"]:
            first = item["origin_id"] // 100_000 * 100_000 + 1
            run.world.engine.commit([Put({**item, "origin_id": first}, ANY)])
        else:
            run.world.engine.commit([Delete((item["pk"], item["sk"]))])


def take_parents_away(run: Run) -> None:
    remove(run, "vector")


def leave_stimuli_out(run: Run) -> None:
    remove(run, "transmission")
    remove(run, "sent")


def open_for_a_participant_who_left(run: Run) -> None:
    run.seen.left_waiting.add(items(run, "room")[0]["members"][0])


def answer_with_a_fault(run: Run) -> None:
    run.seen.faults.append("GET /: 500")


DAMAGES: list[tuple[int, Callable[[Run], None], str]] = [
    (CHAINS, forget_answers, "is lost"),
    (CHAINS, over_fill, "is over-filled"),
    (CHAINS, pay_twice, "was paid 2 times"),
    (CHAINS, owe_for_ever, "is due"),
    (CHAINS, fork, "forks at"),
    (CHAINS, take_parents_away, "is an orphan"),
    (CHAINS, leave_stimuli_out, "has 0 stimuli"),
    (CHAINS, answer_with_a_fault, "GET /: 500"),
    (ROOMS, seat_twice, "is in 2 rooms"),
    (ROOMS, open_for_a_participant_who_left, "who had left"),
]


@pytest.mark.parametrize(("played", "damage", "said"), DAMAGES, indirect=["played"])
def test_damage_is_reported(played: Run, damage: Callable[[Run], None], said: str) -> None:
    assert problems(played) == []
    damage(played)
    assert any(said in problem for problem in problems(played))


@pytest.mark.parametrize(
    ("played", "experiment"), [(CHAINS, Retelling), (ROOMS, Meeting)], indirect=["played"]
)
def test_a_seed_chooses_its_experiment(played: Run, experiment: type) -> None:
    assert played.world.app.experiment_class is experiment
