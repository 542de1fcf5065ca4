"""What people do and what they are owed for it: docs/payments.md's table, written down a second time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from chalicelib.experiment.experiment import Experiment
from chalicelib.experiment.networks import Empty
from chalicelib.model.network import Network

if TYPE_CHECKING:
    from .run import Run
    from .sides import Side

UNFIT = "unfit"
#: What authors' arithmetic gives, and what that is to the cent.
BONUSES = ((0, "0"), (0.01, "0.01"), (0.1 + 0.2, "0.30"), (0.375, "0.38"), (1.13, "1.13"), (1e-9, "0"))
#: Some are sums of bonuses, too: Prolific tells payments of one submission apart by their amounts alone.
COMPENSATIONS = ("0.30", "0.38", "1.13", "2.50")
#: The outcomes of a participant who submits, and whether base pay, bonus or the fee is owed.
HANDED_IN = {
    "approved": ("base", "bonus"),
    "bad_data": ("base",),
    "did_not_attend": ("base", "bonus"),
    "withdrawn": ("base",),
    "error": ("base",),
    "overrecruited": ("base",),
    "waited_in_vain": ("base",),
}
#: The ways to leave the vendor without submitting, also for a screened-out participant; nothing is owed then.
LEFT = ("returned", "abandoned", "finished_and_returned", "rejected", "unknown", "replaced")
SCREENED_OUT = ("screened_out", "screened_out_and_handed_in")
OUTCOMES = (*HANDED_IN, "approved", "approved", *LEFT, *SCREENED_OUT)
SUCCESSORS = ("approved", "bad_data", "withdrawn", *SCREENED_OUT)
#: How long a participant waits for a group that never completes.
PATIENCE = timedelta(minutes=46)


@dataclass
class Person:
    """A worker with a planned outcome."""

    worker: str
    outcome: str
    bonus: tuple[float, str]
    #: What the operator gives them, or "".
    compensation: str = ""
    #: The worker who takes the assignment after this one returns it.
    successor: Person | None = None
    assignment: str = ""
    id: int = 0
    #: The answer that makes them unfit, or another.
    answer: str = field(init=False)

    def __post_init__(self) -> None:
        self.answer = UNFIT if self.outcome in SCREENED_OUT else "an answer"

    def owed(self, side: Side) -> dict[str, Decimal]:
        """What is owed to them by kind."""
        sums = {
            "base": Decimal(str(side.settings["base_payment"])),
            "bonus": Decimal(self.bonus[1]),
            "screen-out": Decimal(str(side.settings["screen_out_payment"])),
        }
        owed = {kind: sums[kind] for kind in self._kinds(side) if sums[kind]}
        return {**owed, "compensation": Decimal(self.compensation)} if self.compensation else owed

    def _kinds(self, side: Side) -> tuple[str, ...]:
        if self.outcome in SCREENED_OUT:
            is_in = self.outcome == "screened_out_and_handed_in"
            # The vendor pays the reward then, which stands in for the fee.
            return ("base",) if is_in and side.pays_any_submission else ("screen-out",)
        return HANDED_IN.get(self.outcome, ())

    def life(self, run: Run, reused: str | None = None) -> Iterator[None]:
        """Take part, step by step; anything may happen between two steps."""
        if self.outcome == "unknown":
            # A worker with invented ids: the vendor has no such assignment.
            self.assignment, hit_id = f"invented-{self.worker}", "invented"
        else:
            self.assignment, hit_id = run.side.take(self.worker, reused)
        yield
        self.id = run.begin(self, hit_id)
        yield
        if self.outcome == "waited_in_vain":
            yield from self._wait(run)
        elif self.outcome not in ("overrecruited", "returned"):
            yield from self._take_part(run)
        self._leave(run)
        yield
        if self.successor is not None:
            # A worker needs more than a second to read an ad and consent after another gave up.
            run.pass_time(timedelta(seconds=2))
            yield from self.successor.life(run, self.assignment)
        if self.compensation:
            run.compensate(self)
            yield

    def _wait(self, run: Run) -> Iterator[None]:
        while run.is_busy():
            yield
        run.pass_time(PATIENCE)
        while run.participant(self).early_exit_reason is None:
            run.pass_time(timedelta(seconds=7))
        run.finish(self)
        yield

    def _take_part(self, run: Run) -> Iterator[None]:
        node_id = run.join(self)
        yield
        if self.outcome != "withdrawn":
            run.say(self, node_id)
            yield
        if self.outcome in ("abandoned", "replaced", "unknown", *SCREENED_OUT):
            return
        ending = {"withdrawn": run.withdraw, "error": run.report_error}.get(self.outcome, run.finish)
        ending(self)
        yield

    def _leave(self, run: Run) -> None:
        """Come to the end at the vendor."""
        if self.outcome in HANDED_IN or self.outcome == "screened_out_and_handed_in":
            run.side.submit(self.assignment, run.participant(self))
        elif self.outcome == "rejected":
            run.side.have_rejected(self.assignment, run.participant(self))
        elif self.outcome == "abandoned":
            run.side.abandon(self.assignment)
        elif self.outcome == "screened_out" and not run.side.pays_any_submission:
            # Prolific has it from us: the fee goes with the submission, which is completed for them.
            return
        elif self.outcome != "unknown":
            run.side.give_back(self.assignment)


def draw_people(seed: int, most: int, chance: random.Random) -> list[Person]:
    """Draw who takes part; of those who wait in vain there is one at most, as each lets an hour pass."""
    people = [
        _draw_person(f"A{seed}N{number}", chance, OUTCOMES) for number in range(chance.randint(1, most))
    ]
    for one in [one for one in people if one.outcome == "waited_in_vain"][1:]:
        one.outcome = "approved"
    return people


def _draw_person(worker: str, chance: random.Random, outcomes: tuple[str, ...]) -> Person:
    outcome, bonus = chance.choice(outcomes), chance.choice(BONUSES)
    compensation = chance.choice(COMPENSATIONS) if chance.random() < 0.15 and outcome != "unknown" else ""
    successor = _draw_person(f"{worker}S", chance, SUCCESSORS) if outcome == "replaced" else None
    return Person(worker, outcome, bonus, compensation, successor)


class Paying(Experiment):
    """Judges each participant by their fate."""

    experiment_repeats = 1
    initial_recruitment_size = 8
    waiting_timeout = 45
    people: ClassVar[dict[str, Person]] = {}
    #: Whether the next who comes is one too many.
    is_crowded: ClassVar[bool] = False

    def create_network(self) -> Network:
        return Empty(max_size=60)

    def is_overrecruited(self, waiting_count: int) -> bool:
        return self.is_crowded

    def info_post_request(self, node: Any, info: Any) -> None:
        if info.contents == UNFIT:
            self.screen_out(node.participant)

    def data_check(self, participant: Any) -> bool:
        return self.people[participant.worker_id].outcome != "bad_data"

    def attention_check(self, participant: Any) -> bool:
        return self.people[participant.worker_id].outcome != "did_not_attend"

    def bonus(self, participant: Any) -> Any:
        return self.people[participant.worker_id].bonus[0]
