"""Defines Trials: a block of reaction-time trials that runs in the browser."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from chalicelib.experiment.text_files import read_text

from .element import TimelineError, check_name
from .page_elements import Page

FEEDBACK = ("never", "practice", "always")
#: The columns of stimuli that are shown: a text, its colour, a picture, a sound.
SHOWN = ("text", "colour", "image", "sound")
MAX_TRIALS, MAX_BATCH = 5_000, 200
#: Milliseconds.
MAX_MS = 60_000


@dataclass(frozen=True)
class Trials(Page):
    """Run trials in the browser, without a request for each: only batches are sent, into `trial.csv`.

    Each trial shows a fixation cross, then a stimulus, and waits for a key (or a tap on the key's button)
    until the deadline. A reload goes on after the last batch that was stored.

    Args:
        name: The name in paths and in the data; `pages/<name>.md` may hold instructions.
        stimuli: The stimuli: a CSV file in the folder, or a list of dictionaries. The columns `text`,
            `colour`, `image` and `sound` are shown; all columns go into the data.
        repeat: How often each stimulus comes.
        keys: The response that each key stands for, such as `{"f": "red", "j": "blue"}`.
        correct: The column with the right response; None for trials without one.
        shuffle: Whether each participant gets an order of their own.
        fixation_ms: For how long the fixation cross is shown, in milliseconds.
        deadline_ms: For how long an answer is waited for, in milliseconds.
        gap_ms: The pause after a trial, or its shortest and longest duration, in milliseconds.
        feedback: `never`, `always`, or `practice` for trials whose column `practice` isn't empty.
        batch: How many trials are sent at once.

    """

    stimuli: str | Sequence[Mapping[str, Any]] = ()
    repeat: int = 1
    keys: Mapping[str, str] = field(default_factory=dict)
    correct: str | None = None
    shuffle: bool = True
    fixation_ms: int = 500
    deadline_ms: int = 2000
    gap_ms: int | Sequence[int] = 500
    feedback: str = "never"
    batch: int = 24
    #: The rows of the stimuli; the loader reads the file.
    rows: tuple[Mapping[str, Any], ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.stimuli, str) and not self.rows:
            object.__setattr__(self, "rows", tuple(dict(row) for row in self.stimuli))

    def with_stimuli(self, folder: Path) -> Self:
        """Return the element with the rows of its file; TimelineError when it can't be read."""
        if not isinstance(self.stimuli, str):
            return self
        path = folder / self.stimuli
        if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
            raise TimelineError(f"Trials({self.name!r}) has no file {self.stimuli}; fix the path.")
        rows = tuple(csv.DictReader(io.StringIO(read_text(path))))
        return replace(self, rows=rows)

    @property
    def count(self) -> int:
        """How many trials there are."""
        return len(self.rows) * self.repeat

    def problems(self) -> list[str]:
        what = f"Trials({self.name!r})"
        problems = check_name(self.name, what)
        if not self.keys or any(len(key) != 1 and not key.startswith("Arrow") for key in self.keys):
            problems.append(
                f'{what} needs keys, each one letter or an arrow: keys={{"f": "red", "j": "blue"}}.'
            )
        if self.feedback not in FEEDBACK:
            problems.append(f"{what} has feedback={self.feedback!r}; use one of {', '.join(FEEDBACK)}.")
        if not 1 <= self.batch <= MAX_BATCH:
            problems.append(f"{what} has batch={self.batch}; give a number from 1 to {MAX_BATCH}.")
        times = (self.fixation_ms, self.deadline_ms, *self.gaps)
        if any(not 0 <= time <= MAX_MS for time in times) or self.gaps[0] > self.gaps[1]:
            problems.append(f"{what} has a duration that isn't between 0 and {MAX_MS} ms, or a reversed gap.")
        return problems + self._row_problems(what)

    def _row_problems(self, what: str) -> list[str]:
        if isinstance(self.stimuli, str) and not self.rows:
            return []
        if not 1 <= self.count <= MAX_TRIALS:
            return [f"{what} has {self.count} trials; give from 1 to {MAX_TRIALS:,}."]
        if not any(name in row for row in self.rows for name in SHOWN):
            return [f"{what} shows nothing: its stimuli need a column {', '.join(SHOWN)}."]
        if self.correct is None:
            return []
        responses = set(self.keys.values())
        wrong = [row for row in self.rows if row.get(self.correct) not in responses]
        if not wrong:
            return []
        unknown_key = wrong[0].get(self.correct)
        return [f"{what} has a stimulus with {self.correct}={unknown_key!r}, which no key stands for."]

    @property
    def gaps(self) -> tuple[int, int]:
        """The shortest and the longest pause after a trial, in milliseconds."""
        if isinstance(self.gap_ms, int):
            return self.gap_ms, self.gap_ms
        first, *rest = self.gap_ms
        return first, rest[-1] if rest else first
