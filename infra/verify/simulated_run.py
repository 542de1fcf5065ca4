"""Simulates a whole run, so that hooks beyond the first requests are called as well.

The experiment's bots take part if they need no browser. Scripted participants fill a waiting room, send on
channels, disconnect and return, finish, and are paid. Nothing is written to disk, no participants are
recruited, and no email is sent.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from chalicelib.errors import ExperimentError, Refused
from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.experiment.experiment import Experiment
from chalicelib.experiment.loader.experiment_folder import LoadedExperiment, load_experiment
from chalicelib.operations.network.create_info import create_info
from chalicelib.operations.network.join_network import join_network
from chalicelib.operations.participant.completion import complete_participation
from chalicelib.operations.participant.create_participant import create_participant
from chalicelib.operations.participant.entry_verification import EntryRequest
from chalicelib.operations.shared.context import Caller, Context
from infra.local.hook_failures import HookFailure, HookFailures, hook_failures
from infra.simulate.bot_threads import simulated_time
from infra.simulate.trial import Trial, TrialSpec, rehearsed

from .findings import Finding, error, warning

#: Larger waiting rooms aren't filled.
LARGEST_ROOM = 100
#: The number of bots is enough for two rooms, within these limits.
FEWEST_BOTS, MOST_BOTS = 4, 40
#: Seconds of simulated time for messages and timers to run, including a clock tick.
SETTLING = 130.0
LOST = 1006
#: Hooks for rare events; each is called once for a participant.
ABOUT_A_PARTICIPANT = (
    "data_check_failed",
    "attention_check_failed",
    "assignment_abandoned",
    "assignment_returned",
    "assignment_reassigned",
    "participant_disconnected",
    "participant_returned",
)
_FIX = "Fix the code there; `petri debug` shows the traceback."
_CONTENTS = "A rehearsal of petri verify."


def play(
    folder: Path, environ: Mapping[str, str] | None, home: Path | None, core_routes: Iterable[str]
) -> list[Finding]:
    """Simulate a run of the experiment in `folder`, and return the errors of its code.

    The working directory must be the folder, as in a run. Afterwards, the process's settings are those of
    this run.
    """
    # No email is sent, and the caps of a real run don't apply.
    runtime = {"mode": "debug", "mailer": "log", "run_seed": 1}
    with simulated_time():
        loaded = load_experiment(folder, runtime=runtime, environ=environ, home=home, core_routes=core_routes)
        loaded = replace(loaded, experiment_class=_without_background_tasks(loaded.experiment_class))
        by_bots = _played_by_bots(loaded)
        by_hand = _played_by_hand(loaded, with_frames=not _has_bots(loaded))
    # Findings of bots override scripted ones, because bots send what participants' pages send.
    return list({(one.where, one.what): one for one in (*by_hand, *by_bots)}.values())


def _without_background_tasks(experiment: type[Any]) -> type[Any]:
    """Return the experiment without background tasks, which may access external services."""
    return type(
        experiment.__name__, (experiment,), {"__module__": experiment.__module__, "background_tasks": ()}
    )


def _has_bots(loaded: LoadedExperiment) -> bool:
    """Whether a bot of the experiment can take part without a browser."""
    # Lazy import: bots import an HTTP client.
    from chalicelib.experiment.bots.high_performance_bot import BotBase

    bots = loaded.bots()
    chosen = bots.get("Bot") or (next(iter(bots.values())) if len(bots) == 1 else None)
    return chosen is not None and not issubclass(chosen, BotBase)


def _played_by_bots(loaded: LoadedExperiment) -> list[Finding]:
    if not _has_bots(loaded):
        return []
    size = _size(loaded)
    most = max(FEWEST_BOTS, min(2 * size, MOST_BOTS))
    invited = 0 if RunSettings.read(loaded.config).auto_recruit else most
    plan = TrialSpec(most, uninvited=invited)
    with rehearsed(loaded, plan) as trial, hook_failures(loaded.folder, _tell_nothing) as failures:
        try:
            trial.play()
        except ExperimentError as problem:
            if not failures.failures:
                return [warning("experiment.py", f"the bots could not be simulated: {problem}", "")]
    return [_found(failure) for failure in failures.failures]


def _played_by_hand(loaded: LoadedExperiment, *, with_frames: bool) -> list[Finding]:
    with rehearsed(loaded, TrialSpec(0)) as trial, hook_failures(loaded.folder, _tell_nothing) as failures:
        hand = _Hand(trial, loaded.folder, failures)
        hand.play(_size(loaded), with_frames=with_frames)
        return [
            warning(one.where, one.what, one.fix) if failure in hand.doubtful else one
            for failure in failures.failures
            for one in [_found(failure)]
        ]


def _size(loaded: LoadedExperiment) -> int:
    size = loaded.experiment_class.room_size or loaded.experiment_class.quorum
    return int(size) if isinstance(size, int) else 0


def _found(failure: HookFailure) -> Finding:
    where = f"{failure.file}, line {failure.line}"
    if not failure.function:
        return error(where, f"The page fails in a run: {failure.error}", "Fix the page there.")
    return error(where, f"{failure.function}() fails in a run: {failure.error}.", _FIX)


def _tell_nothing(_failure: HookFailure) -> None:
    """Do nothing: failures become findings."""


class _Undone(Refused):
    """Raised to roll back what a hook did."""


class _Hand:
    """Scripted participants, whose requests are sent one at a time."""

    def __init__(self, trial: Trial, folder: Path, failures: HookFailures) -> None:
        self._trial = trial
        self._folder = folder
        self._failures = failures
        #: Failures on contents that the experiment's own page may never send.
        self.doubtful: list[HookFailure] = []

    def play(self, size: int, *, with_frames: bool) -> None:
        """Launch the experiment, and let participants arrive, take part and end in different ways."""
        self._trial.launch()
        size = self._try(self._room_size) or size
        people = [
            person
            for number in range(1, max(2, size if size <= LARGEST_ROOM else 0) + 1)
            if (person := self._comes(number)) is not None
        ]
        self._settle()
        visits = [self._connect(*person) for person in people]
        self._take_part(people)
        self._settle()
        if with_frames:
            self._speak(visits[:1])
        if people:
            self._is_lost_and_returns(visits[0], *people[0])
        for participant_id, caller in people:
            self._run(complete_participation, participant_id, caller=caller)
        self._settle()
        for name in ABOUT_A_PARTICIPANT if people else ():
            self._run(_call_and_undo, name, people[-1][0])

    def _room_size(self) -> int:
        experiment = self._trial.app.run(lambda ctx: ctx.experiment)
        return int(experiment.room_size or experiment.quorum)

    def _comes(self, number: int) -> tuple[int, Caller] | None:
        ids = EntryRequest(f"verify-{number}", "verify", f"verify-{number}", recruiter="hotair")
        begun = self._run(create_participant, ids)
        if begun is None:
            return None
        return begun["participant"]["id"], self._trial.app.tokens.read(begun["token"])

    def _connect(self, participant_id: int, caller: Caller) -> Any:
        token = self._trial.app.tokens.issue(participant_id, caller.serial or 0)
        visit, _ = self._trial.platform.connect(
            urlencode({"channel": "quorum", "participant_id": participant_id, "token": token})
        )
        return visit

    def _take_part(self, people: Sequence[tuple[int, Caller]]) -> None:
        for participant_id, caller in people:
            joined = self._run(join_network, participant_id, {}, caller=caller)
            if joined is not None:
                node = joined["node"]["id"]
                fields: dict[str, Any] = {"info_type": None, "failed": False, "fields": {}}
                # The rehearsal has already reported failures on these contents.
                with contextlib.suppress(Exception):
                    self._trial.app.run(create_info, node, _CONTENTS, caller=caller, **fields)

    def _speak(self, visits: Sequence[Any]) -> None:
        """Send placeholder contents on channels; failures on them are only warnings."""
        before = len(self._failures.failures)
        for visit in visits:
            for channel in self._try(self._channels) or ():
                self._trial.platform.frame(visit, f"{channel}:{_CONTENTS}")
        self._settle()
        self.doubtful += self._failures.failures[before:]

    def _channels(self) -> list[str]:
        experiment = self._trial.app.run(lambda ctx: ctx.experiment)
        return [*([experiment.channel] if experiment.channel else []), *experiment.public_channels]

    def _is_lost_and_returns(self, visit: Any, participant_id: int, caller: Caller) -> None:
        self._trial.platform.disconnect(visit, LOST)
        self._settle()
        self._connect(participant_id, caller)
        self._settle()

    def _settle(self) -> None:
        """Let simulated time pass, so that messages, timers and clock ticks are processed."""
        settled: list[bool] = []
        self._trial.timeline.after(SETTLING, lambda: settled.append(True))
        while not settled:
            self._trial.timeline.step()

    def _run(self, operation: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        return self._try(lambda: self._trial.app.run(operation, *arguments, **options))

    def _try(self, step: Callable[[], Any]) -> Any:
        """Return the result of a step; None when it was rejected or the author's code failed."""
        try:
            return step()
        except Refused:
            return None
        except (Exception, SystemExit) as fault:
            if HookFailure.of(fault, self._folder) is None:
                raise
            self._failures.take(fault)
            return None


def _call_and_undo(ctx: Context, name: str, participant_id: int) -> None:
    """Call a hook for a participant, and roll back what it did."""
    hook = getattr(ctx.experiment, name)
    if getattr(type(ctx.experiment), name) is not getattr(Experiment, name):
        hook(ctx.uow.participant(participant_id))
    raise _Undone("Rolled back after a test call.")
