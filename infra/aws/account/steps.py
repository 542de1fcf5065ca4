"""The steps of a command that works on AWS: named, told while they go, each able to be repeated."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from chalicelib.errors import PetriError
from infra.problems import OperatorProblem

from .errors import REFUSALS, problem

Pause = Callable[[float], None]
pause: Pause = time.sleep


class Progress(Protocol):
    """Is told how the steps go."""

    def begin(self, number: int, total: int, name: str) -> None:
        """Take which step begins."""

    def tell(self, line: str) -> None:
        """Take what happens within a step."""


#: Said once, at the end.
_RUN_AGAIN = "Run the command again."


@dataclass(frozen=True)
class Step:
    """One step: what it does, in words and as a function; it may be run again at any time."""

    name: str
    run: Callable[[], None]
    #: What the step makes, for `--dry-run`.
    makes: tuple[str, ...] = ()


def carry_out(steps: Sequence[Step], progress: Progress, again: str) -> None:
    """Run the steps in order; a failure, or Ctrl-C, says in which step it was, and what to do (`again`)."""
    for number, step in enumerate(steps, start=1):
        progress.begin(number, len(steps), step.name)
        try:
            step.run()
        except REFUSALS as error:
            raise _failed(step, problem(error), again) from error
        except PetriError as error:
            raise _failed(step, error, again) from error
        except KeyboardInterrupt:
            progress.tell(f"interrupted in the step '{step.name}'. {again}")
            raise


def _failed(step: Step, error: PetriError, again: str) -> OperatorProblem:
    why = str(error).strip().removesuffix(_RUN_AGAIN).rstrip()
    return OperatorProblem(f"The step '{step.name}' failed: {why} {again}")
