"""Defines Embed: a page of another library, such as jsPsych, lab.js or SurveyJS, in a frame."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final

from .page_elements import Page

#: The most trials that are sent at once, and of one page.
MAX_EMBEDDED_BATCH, MAX_EMBEDDED_TRIALS = 200, 5_000
#: The most bytes of JSON that the trials of one page take together.
MAX_EMBEDDED_BYTES = 4_000_000
#: Names that begin the columns of an export.
_COLUMNS: Final = frozenset({"answer", "condition", "state", "stimulus", "value", "data"})
_ADDRESS: Final = re.compile(r"[\w./ -]+\.html")


@dataclass(frozen=True)
class Embed(Page):
    """Show an HTML file of the folder `static` in a frame, and store the data that it records.

    The file includes `/static/scripts/petri-task.js` and hands its data over: `petri.trial({...})` for each
    trial, `petri.finish({...})` with answers at the end; `petri.jspsych`, `petri.labjs` and `petri.surveyjs`
    do that for these libraries. Trials are stored in `trial.csv`, answers in `response.csv`.

    Takes the arguments of Page but `ask` and `script`, besides those here.

    Args:
        file: The file; by default the name is that of the file, as in `Embed("task.html")`.
        trials: Whether the file records trials.
        batch: How many trials are sent at once.
        data: What the file gets as `task.data`: a mapping, or a method of the study that gets the player.
        bot_data: What bots record: a list of trials, or `{"trials": [...], "answers": {...}}`.
        same_origin: Whether the file shares the study's origin, for libraries that need the browser's
            storage, a camera or a microphone. Its scripts can then read what the study's own pages can.
        hosts: Other hosts that the file may load libraries or media from; `petri verify` warns of the rest.

    """

    file: str = ""
    trials: bool = False
    batch: int = 24
    data: Mapping[str, Any] | str = field(default_factory=dict)
    bot_data: Sequence[Mapping[str, Any]] | Mapping[str, Any] = ()
    same_origin: bool = False
    hosts: Sequence[str] = ()

    def __post_init__(self) -> None:
        if not self.file and self.name.endswith(".html"):
            object.__setattr__(self, "file", self.name)
            object.__setattr__(self, "name", PurePosixPath(self.name).stem)

    @property
    def static_path(self) -> str:
        """The file's path below `static`."""
        return self.file.removeprefix("/").removeprefix("static/")

    @property
    def bot_trials(self) -> Sequence[Mapping[str, Any]]:
        """The trials that bots record."""
        if isinstance(self.bot_data, Mapping):
            found: Sequence[Mapping[str, Any]] = self.bot_data.get("trials", ())
            return found
        return self.bot_data

    @property
    def bot_answers(self) -> Mapping[str, Any]:
        """The answers that bots give at the end."""
        return self.bot_data.get("answers", {}) if isinstance(self.bot_data, Mapping) else {}

    def problems(self) -> list[str]:
        what = f"Embed({self.name!r})"
        found = [problem.replace("Page(", "Embed(", 1) for problem in super().problems()]
        if not _ADDRESS.fullmatch(self.static_path) or ".." in PurePosixPath(self.static_path).parts:
            found.append(f"{what} has file={self.file!r}; give an HTML file in static/, such as task.html.")
        if self.min_seconds:
            found.append(f"{what} has min_seconds; the file itself decides when it is done.")
        if self.asked or self.script:
            found.append(f"{what} has ask or script; use them on a page of its own.")
        if self.name in _COLUMNS:
            found.append(f"{what} has a name that begins columns of an export; give it another name=.")
        if not 1 <= self.batch <= MAX_EMBEDDED_BATCH:
            found.append(f"{what} has batch={self.batch}; give a number from 1 to {MAX_EMBEDDED_BATCH}.")
        if self.bot_trials and not self.trials:
            found.append(f"{what} has trials in bot_data; set trials=True, or remove them.")
        return found
