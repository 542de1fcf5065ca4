"""Lets each step of deploying and of destroying break off once, and goes on by doing the same again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from infra.aws.errors import AwsProblem

from .cloud import ANY
from .rehearsal import Rehearsal, Told

Tell = Callable[[str], None]
#: More tries than there are steps: whoever gets here goes round in circles.
MOST = 40


@dataclass
class Breaking(Told):
    """Progress that refuses one call in the middle of a step that it hasn't broken before."""

    #: How many calls each step made when nothing went wrong.
    calls: dict[str, int] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    #: The step that is being broken in this try.
    breaks: str = ""

    def begin(self, number: int, total: int, name: str) -> None:
        del number, total
        self.steps.append(name)
        if self.cloud is None:
            return
        self.cloud.refuse()
        if not self.breaks and name not in self.broken:
            self.breaks = name
            self.broken.add(name)
            self.cloud.refuse(ANY, after=self.calls.get(name, 0) // 2)


def break_off(rehearsal: Rehearsal, tell: Tell) -> list[str]:
    """Break every step off once, first of deploying, then of destroying; return what was wrong."""
    wrong: list[str] = []
    for word, act in (("deploying", rehearsal.deploying), ("destroying", rehearsal.destroying)):
        broken: set[str] = set()
        for _ in range(MOST):
            told = Breaking(_silent, rehearsal.region.cloud, calls=rehearsal.lengths, broken=broken)
            rehearsal.region.deployed.forget()
            try:
                left = act(told).run()
            except AwsProblem as problem:
                tell(f"  {told.breaks}: broke off, and said: {_shortened(str(problem))}")
            else:
                rehearsal.region.cloud.refuse()
                if not told.breaks:
                    tell(f"  {word} then went through")
                    break
                tell(f"  {told.breaks}: went on, since the call that was refused isn't needed")
                if word == "destroying" and left:
                    wrong += [f"left: {one}" for one in left if isinstance(one, str)]
        else:
            wrong.append(f"{word} never went through")
    wrong += [f"left behind after faults: {kind} {name}" for kind, name in rehearsal.left()]
    return wrong


def _silent(line: str) -> None:
    """Say nothing: lines of a deploy are told once."""


def _shortened(text: str, most: int = 150) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
