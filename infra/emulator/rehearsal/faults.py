"""Lets each step of deploying and of destroying break off once, and goes on by doing the same again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from infra.aws.lifecycle.deployment import Deployment
from infra.aws.lifecycle.destroy import Teardown
from infra.emulator.process.cloud import ANY
from infra.problems import OperatorProblem

from .rehearsal import Rehearsal, RehearsalLog

Tell = Callable[[str], None]
#: More tries than there are steps: whoever gets here goes round in circles.
MOST = 40


@dataclass
class StepFaults(RehearsalLog):
    """Progress that refuses one call in the middle of each step that wasn't broken before."""

    #: How many calls each step made when nothing went wrong.
    calls: dict[str, int] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    #: The step that is being broken at the moment.
    breaks: str = ""
    #: Steps that went on all the same.
    survived: list[str] = field(default_factory=list)

    def begin(self, number: int, total: int, name: str) -> None:
        self.steps.append(name)
        if self.cloud is None:
            return
        if self.breaks:
            self.survived.append(self.breaks)
        # The launch asks the app, not AWS: its only call gives the lock back, which else ends by itself.
        asks_aws = number < total or self.calls.get(name, 0) > 1
        self.breaks = name if asks_aws and name not in self.broken else ""
        self.broken.add(name)
        refused = [ANY] if self.breaks else []
        self.cloud.refuse(*refused, after=self.calls.get(name, 0) // 2)


def break_off(rehearsal: Rehearsal, tell: Tell) -> list[str]:
    """Break every step off once, first of deploying, then of destroying; return what was wrong."""
    wrong: list[str] = []
    for word, act in (("deploying", rehearsal.deploying), ("destroying", rehearsal.destroying)):
        broken: set[str] = set()
        for _ in range(MOST):
            told = StepFaults(_silent, rehearsal.region.cloud, calls=rehearsal.lengths, broken=broken)
            rehearsal.region.deployed.forget()
            problem = _tried(act(told))
            rehearsal.region.cloud.refuse()
            for name in told.survived:
                tell(f"  {name}: goes on without the call that was refused")
            if problem is None:
                tell(f"  {word} then went through")
                break
            if word == "destroying" and not rehearsal.left():
                tell("  what was refused last wasn't needed: nothing is left")
                break
            if not told.breaks:
                wrong.append(f"{word} failed where nothing was broken: {problem}")
                break
            tell(f"  {told.breaks}: broke off, and said: {_shortened(problem)}")
        else:
            wrong.append(f"{word} never went through")
    return wrong + [f"left behind after faults: {kind} {name}" for kind, name in rehearsal.left()]


def _tried(act: Deployment | Teardown) -> str | None:
    """Carry out; return what it failed with, if it did."""
    try:
        act.run()
    except OperatorProblem as problem:
        return str(problem)
    return None


def _silent(line: str) -> None:
    """Say nothing: lines of a deploy are told once."""


def _shortened(text: str, most: int = 150) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
