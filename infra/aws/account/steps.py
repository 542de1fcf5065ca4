"""Runs the steps of a command on AWS: each has a name, reports progress, and can be repeated."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from chalicelib.errors import PetriError
from infra.problems import OperatorProblem

from .aws_errors import REFUSALS, problem

Pause = Callable[[float], None]
Result = TypeVar("Result")
pause: Pause = time.sleep


class Progress(Protocol):
    """Receives the progress of the steps."""

    def begin(self, number: int, total: int, name: str) -> None:
        """Called when a step begins."""

    def tell(self, line: str) -> None:
        """Called with a line about what happens in a step."""


#: Removed from a reason, because the whole message ends with what to do.
_RUN_AGAIN = "Run the command again."


@dataclass(frozen=True)
class StepOutline:
    """A step's name and the resources that it creates, for `--dry-run`."""

    name: str
    makes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """One step: its name and its function, which can be repeated at any time."""

    name: str
    run: Callable[[], None]


class StepRunner:
    """Runs the steps of a command one by one, and returns the result of each for the next ones.

    After a failure or Ctrl-C, it names the step and what to do (`again`).
    """

    def __init__(
        self,
        names: Sequence[str],
        progress: Progress,
        again: str,
        *,
        before: Callable[[], None] | None = None,
    ) -> None:
        """`names`: of all steps, in order; `before`: called at the beginning of each step."""
        self._names = names
        self._progress = progress
        self._again = again
        self._before = before

    def run(self, name: str, function: Callable[[], Result]) -> Result:
        """Run a step and return its result; raises OperatorProblem with the step that failed."""
        self._progress.begin(self._names.index(name) + 1, len(self._names), name)
        try:
            if self._before is not None:
                self._before()
            return function()
        except REFUSALS as error:
            raise _failed(name, problem(error), self._again) from error
        except PetriError as error:
            raise _failed(name, error, self._again) from error
        except KeyboardInterrupt:
            self._progress.tell(f"interrupted in the step '{name}'. {self._again}")
            raise


def carry_out(steps: Sequence[Step], progress: Progress, again: str) -> None:
    """Run steps that need no results of others, in order; see `StepRunner`."""
    runner = StepRunner([step.name for step in steps], progress, again)
    for step in steps:
        runner.run(step.name, step.run)


def _failed(name: str, error: PetriError, again: str) -> OperatorProblem:
    why = str(error).strip().removesuffix(_RUN_AGAIN).rstrip()
    return OperatorProblem(f"The step '{name}' failed: {why} {again}")
