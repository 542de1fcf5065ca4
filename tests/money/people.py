"""What people do and what they are owed for it: CONTRACT's table, written down a second time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from chalicelib.experiment.experiment import Experiment
from chalicelib.experiment.networks import Empty
from chalicelib.model.network import Network

if TYPE_CHECKING:
    from .run import Run

UNFIT = "unfit"
#: What authors' arithmetic gives, and what that is to the cent.
BONUSES = ((0, "0"), (0.01, "0.01"), (0.1 + 0.2, "0.30"), (0.375, "0.38"), (1.13, "1.13"), (1e-9, "0"))
#: Some are sums of bonuses, too: Prolific tells payments of one submission apart by their amounts alone.
COMPENSATIONS = ("0.30", "0.38", "1.13", "2.50")
#: How somebody can end who hands the assignment in, and whether base pay, bonus or the fee is owed then.
HANDED_IN = {
    "approved": ("base", "bonus"),
    "bad_data": ("base",),
    "did_not_attend": ("base", "bonus"),
    "withdrawn": ("base",),
    "error": ("base",),
    "overrecruited": ("base",),
    "screened_out": ("screen-out",),
}
#: How somebody can leave the vendor without handing in; nothing is owed then.
LEFT = ("returned", "abandoned", "finished_and_returned")
OUTCOMES = (*HANDED_IN, "approved", *LEFT)


@dataclass
class Person:
    """Somebody with a fate."""

    worker: str
    outcome: str
    bonus: tuple[float, str]
    #: What the operator gives them, or "".
    compensation: str = ""
    assignment: str = ""
    id: int = 0
    #: The answer that makes them unfit, or another.
    answer: str = field(init=False)

    def __post_init__(self) -> None:
        self.answer = UNFIT if self.outcome == "screened_out" else "an answer"

    def owed(self, settings: dict[str, Any]) -> dict[str, Decimal]:
        """What is owed to them by kind."""
        sums = {
            "base": Decimal(str(settings["base_payment"])),
            "bonus": Decimal(self.bonus[1]),
            "screen-out": Decimal(str(settings["screen_out_payment"])),
        }
        owed = {kind: sums[kind] for kind in HANDED_IN.get(self.outcome, ()) if sums[kind]}
        return {**owed, "compensation": Decimal(self.compensation)} if self.compensation else owed

    def life(self, run: Run) -> Iterator[None]:
        """Take part, step by step; anything may happen between two steps."""
        self.assignment, hit_id = run.side.take(self.worker)
        yield
        self.id = run.begin(self, hit_id)
        yield
        if self.outcome not in ("overrecruited", "returned"):
            node_id = run.join(self)
            yield
            if self.outcome != "withdrawn":
                run.say(self, node_id)
                yield
            yield from self._end(run)
        self._leave(run)
        yield
        if self.compensation:
            run.compensate(self)
            yield

    def _end(self, run: Run) -> Iterator[None]:
        """Come to the end of the pages."""
        if self.outcome in ("abandoned", "screened_out"):
            return
        ending = {"withdrawn": run.withdraw, "error": run.report_error}.get(self.outcome, run.finish)
        ending(self)
        yield

    def _leave(self, run: Run) -> None:
        """Come to the end at the vendor."""
        if self.outcome in HANDED_IN:
            run.side.hand_in(self.assignment, run.participant(self))
        elif self.outcome == "abandoned":
            run.side.abandon(self.assignment)
        else:
            run.side.give_back(self.assignment)


def draw_person(worker: str, chance: random.Random) -> Person:
    compensation = chance.choice(COMPENSATIONS) if chance.random() < 0.15 else ""
    return Person(worker, chance.choice(OUTCOMES), chance.choice(BONUSES), compensation)


class Paying(Experiment):
    """Judges everybody by their fate."""

    experiment_repeats = 1
    initial_recruitment_size = 8
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
