"""Runs the steps of a command on AWS: each has a name, reports progress, and can be repeated."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from chalicelib.errors import PetriError
from infra.problems import OperatorProblem

from .aws_errors import REFUSALS, problem

Pause = Callable[[float], None]
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
class Step:
    """One step: its name and its function, which can be repeated at any time."""

    name: str
    run: Callable[[], None]
    #: The resources that the step creates, for `--dry-run`.
    makes: tuple[str, ...] = ()


def carry_out(steps: Sequence[Step], progress: Progress, again: str) -> None:
    """Run the steps in order; after a failure or Ctrl-C, names the step and what to do (`again`)."""
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
