"""A seed makes a schedule of arrivals, actions and failures; at the end, the ledger is compared."""

from __future__ import annotations

import random
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

from chalicelib import services
from chalicelib.storage.engine import Engine

from .people import Paying, Person, draw_people
from .run import Run
from .sides import Side

#: How far the clock may jump when no participant is working: past the lease, past what settles late, past a
#: day. In three days Mechanical Turk would approve by itself, so the longest comes once for each wave.
JUMPS = [timedelta(seconds=1), timedelta(seconds=7), timedelta(seconds=125), timedelta(minutes=20)]
LONGEST = timedelta(hours=25)


def play(seed: int, side: Side, engine: Engine, most_people: int = 4) -> Run:
    """Play one schedule to its end and return its run.

    AssertionError unless each participant is paid what is owed, once.
    """
    with _marks_of(seed):
        return _play(seed, side, engine, most_people)


@contextmanager
def _marks_of(seed: int) -> Iterator[None]:
    """Let the marks of messages follow from the seed: those of one moment come in the order of their marks.

    With marks by chance, a seed that failed once would be another schedule when it is played again.
    """
    marks = random.Random(f"marks of {seed}")

    def mark(nbytes: int | None = None) -> str:
        return marks.randbytes(nbytes or 32).hex()

    with patch.object(secrets, "token_hex", mark):
        yield


def _play(seed: int, side: Side, engine: Engine, most_people: int) -> Run:
    chance = random.Random(seed)
    people = draw_people(seed, most_people, chance)
    if chance.random() < 0.25:
        side.settings["hard_cap"] = _for_places(side, Paying.initial_recruitment_size)
    run = Run(side, engine, people, chance)
    try:
        run.launch()
        _go_wrong(run)
        half = chance.randint(0, len(people))
        for wave in (people[:half], people[half:]):
            _let_live(run, wave)
            _let_pay(run)
        run.come_to_rest()
        all_people = list(run.experiment.people.values())
        for person in all_people:
            side.take_compensation(person.worker)
        compare(run, all_people)
        return run
    finally:
        services.use(None)


def _for_places(side: Side, places: int) -> Decimal:
    """Return a cap that is enough for so many places, and for hardly any bonus."""
    base = Decimal(str(side.settings["base_payment"]))
    return places * (base + side.recruiter.fee(base, places)) + Decimal("0.05")


def _go_wrong(run: Run) -> None:
    rate = run.chance.choice((0.0, 0.1, 0.25, 0.4))
    run.side.fail_with(lambda: run.chance.random() < rate, run.chance)
    run.side.meanwhile = run.deliver_meanwhile
    if run.chance.random() < 0.15:
        run.side.empty_account()


def _let_live(run: Run, people: list[Person]) -> None:
    """Let people take part at once; between any two steps anything may happen."""
    lives: list[tuple[Person, Iterator[None]]] = [(person, person.life(run)) for person in people]
    run.is_busy = lambda: any(person.outcome != "waited_in_vain" for person, _ in lives)
    while lives:
        _let_die(run, 0.2)
        person, life = run.chance.choice(lives)
        if next(life, life) is life:
            lives.remove((person, life))
        if run.chance.random() < 0.5:
            _let_something_happen(run)


def _let_pay(run: Run) -> None:
    """Let what was reported be handled while all goes wrong, and time passes in jumps."""
    jumps = [run.chance.choice(JUMPS) for _ in range(run.chance.randint(1, 5))]
    if run.chance.random() < 0.5:
        jumps.insert(run.chance.randint(0, len(jumps)), LONGEST)
    for jump in jumps:
        _let_die(run, 0.4)
        run.hear(loss=0.15)
        run.deliver_copies()
        run.pass_time(jump)


def _let_die(run: Run, chance: float) -> None:
    """Let the process die before or after one of the commits that follow."""
    if run.chance.random() < chance:
        run.engine.die_in(run.chance.randint(1, 8), run.chance.choice(("before", "after")))


def _let_something_happen(run: Run) -> None:
    what = run.chance.choice(("reports", "work", "work", "time", "copies"))
    if what == "reports":
        run.hear(loss=0.15)
    elif what == "time":
        run.pass_time(run.chance.choice(JUMPS[:3]))
    elif what == "copies":
        run.deliver_copies()
    run.work()


def compare(run: Run, people: list[Person]) -> None:
    """Compare the vendor's books, and ours, with what is owed; AssertionError says where they differ."""
    owed = [
        (person.worker, kind, amount) for person in people for kind, amount in person.owed(run.side).items()
    ]
    should = Counter((worker, run.side.words[kind], amount) for worker, kind, amount in owed)
    books = run.side.books()
    fates = ", ".join(f"{person.worker} {person.outcome}" for person in people)
    assert books == should, f"unpaid: {should - books}, too much: {books - should}, among {fates}"
    ledger = {(one.worker_id, one.kind, one.amount, one.status) for one in run.ledger()}
    settled = {(*one, "paid") for one in owed}
    assert ledger == settled, f"the ledger is wrong about {ledger ^ settled}, among {fates}"
