"""Interrupts each step of deploying, of rolling back and of destroying once, and retries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from infra.aws.lifecycle.deployment import Deployment
from infra.aws.lifecycle.destroy import Teardown
from infra.aws.lifecycle.rollback import Rollback
from infra.emulator.process.cloud import ANY
from infra.problems import OperatorProblem

from .rehearsal import Rehearsal, RehearsalLog
from .release_checks import ReleaseCheck

Tell = Callable[[str], None]
Command = Deployment | Rollback | Teardown
#: More attempts than there are steps: reaching this means an endless loop.
MOST = 40


@dataclass
class StepFaults(RehearsalLog):
    """Progress that refuses one call in the middle of each step that wasn't interrupted before."""

    #: How many calls each step made without faults.
    calls: dict[str, int] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    #: The step that is being interrupted.
    breaks: str = ""
    #: Steps that continued without the refused call.
    survived: list[str] = field(default_factory=list)

    def begin(self, number: int, total: int, name: str) -> None:
        self.steps.append(name)
        if self.cloud is None:
            return
        if self.breaks:
            self.survived.append(self.breaks)
        # The launch calls the app, not AWS: its only call to AWS releases the lock, which otherwise expires.
        asks_aws = number < total or self.calls.get(name, 0) > 1
        self.breaks = name if asks_aws and name not in self.broken else ""
        self.broken.add(name)
        refused = [ANY] if self.breaks else []
        self.cloud.refuse(*refused, after=self.calls.get(name, 0) // 2)


def break_off(rehearsal: Rehearsal, tell: Tell) -> list[str]:
    """Interrupt every step of deploying, rolling back and destroying once; return all problems."""
    wrong = _break_off(rehearsal, tell, "deploying", rehearsal.deploying)
    before = ReleaseCheck.of_current(rehearsal.account, rehearsal.names)
    rehearsal.deploy("another")
    wrong += _break_off(rehearsal, tell, "rolling back", rehearsal.rolling_back)
    wrong += before.problems()
    wrong += _break_off(rehearsal, tell, "destroying", rehearsal.destroying)
    return wrong + [f"left behind after faults: {kind} {name}" for kind, name in rehearsal.leftovers()]


def _break_off(
    rehearsal: Rehearsal, tell: Tell, word: str, act: Callable[[StepFaults], Command]
) -> list[str]:
    broken: set[str] = set()
    for _ in range(MOST):
        faults = StepFaults(_silent, rehearsal.region.cloud, calls=rehearsal.lengths, broken=broken)
        rehearsal.region.deployed.forget()
        problem = _tried(act(faults))
        rehearsal.region.cloud.refuse()
        for name in faults.survived:
            tell(f"  {name}: continues without the refused call")
        if problem is None:
            tell(f"  {word} then succeeded")
            return []
        if word == "destroying" and not rehearsal.leftovers():
            tell("  the last refused call wasn't needed: nothing is left")
            return []
        if not faults.breaks:
            return [f"{word} failed without a fault: {problem}"]
        tell(f"  {faults.breaks}: interrupted, with the message: {_shortened(problem)}")
    return [f"{word} never succeeded"]


def _tried(act: Command) -> str | None:
    """Run the command, and return its error message, if it failed."""
    try:
        act.run()
    except OperatorProblem as problem:
        return str(problem)
    return None


def _silent(line: str) -> None:
    """Discard lines, which an earlier deploy has printed."""


def _shortened(text: str, most: int = 150) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
