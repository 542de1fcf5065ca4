"""Lets bots take part in a run in simulated time, and writes its data as an export's folder."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from chalicelib.errors import BadRequest
from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.experiment.loader.experiment_folder import LoadedExperiment, load_experiment
from chalicelib.export.archive import MANIFEST, write_zip
from chalicelib.export.personal_data import manifest_of
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.local.lifecycle.run import core_routes
from infra.packaging import provenance
from infra.simulate.bot_threads import simulated_time
from infra.simulate.trial import RunTrace, TrialSpec, rehearsed

#: A larger number is rejected as a mistake: the bots' threads need memory.
MAX_PARTICIPANTS: Final = 20_000
#: When simulated runs begin: data with the same seed have the same times.
BEGAN: Final = datetime(2000, 1, 3, 9, tzinfo=UTC)
#: How often a waiting bot asks again, in seconds: in simulated time no notification is lost.
POLL_SECONDS: Final = 20.0
#: What the manifest of simulated data has, so that it isn't taken for the data of people.
SIMULATED: Final = "simulated"


@dataclass(frozen=True)
class SimulationSpec:
    """What is simulated, and where its data go."""

    folder: Path
    participants: int
    #: The folder for the data.
    target: Path
    seed: int = 1
    #: The bot class; by default the one called Bot.
    bot: str = ""


@dataclass(frozen=True)
class SimulatedRun:
    """The result of a simulation."""

    #: The folder with the data.
    folder: Path
    #: How many bots took part, and how many of them failed or never finished.
    participants: int
    failed: int
    #: How long the run took in simulated time, in seconds.
    seconds: float
    #: What went wrong: errors of the experiment's code and of its bots, each once, the most frequent first.
    problems: tuple[str, ...] = ()
    #: Whether no more bots were started, because too many in a row had failed.
    gave_up: bool = False


def simulate(spec: SimulationSpec, on_bot_ended: Callable[[int], object] | None = None) -> SimulatedRun:
    """Simulate a run and write its data; the same seed gives the same data.

    `on_bot_ended`: called with the number of bots that have finished. An earlier simulation in the target
    folder is replaced when the new data are complete. Raises BadRequest for a number out of range, or when
    the target is anything but an earlier simulation, and ExperimentError when the experiment can't run.
    Afterwards, the process's settings are those of the simulation.
    """
    _check(spec)
    # What the experiment's code prints must not end up between the command's own lines.
    with redirect_stdout(sys.stderr), simulated_time(), closing(SQLiteEngine(":memory:")) as engine:
        loaded = load_experiment(spec.folder, runtime=_settings(spec), core_routes=core_routes())
        invited = 0 if RunSettings.read(loaded.config).auto_recruit else spec.participants
        plan = TrialSpec(
            spec.participants,
            spec.seed,
            bot=spec.bot,
            uninvited=invited,
            began=BEGAN,
            counts_usage=False,
            poll_seconds=POLL_SECONDS,
            on_bot_ended=on_bot_ended,
        )
        with rehearsed(loaded, plan, engine) as trial:
            trace = trial.play()
            _write(loaded, engine, spec)
    return _result(spec, trace)


def _check(spec: SimulationSpec) -> None:
    if not 1 <= spec.participants <= MAX_PARTICIPANTS:
        raise BadRequest(
            f"{spec.participants:,} is not a number of participants that can be simulated; use 1 to "
            f"{MAX_PARTICIPANTS:,}."
        )
    if spec.target.exists() and not _is_simulation(spec.target):
        raise BadRequest(
            f"{spec.target} exists and isn't an earlier simulation, so it isn't replaced; choose another "
            "folder with --out."
        )


def _is_simulation(folder: Path) -> bool:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and SIMULATED in manifest


def _settings(spec: SimulationSpec) -> Mapping[str, Any]:
    # No email is sent, and the data say that bots have answered.
    return {
        "mode": "debug",
        "recruiter": "bots",
        "mailer": "log",
        "run_seed": spec.seed,
        "num_participants": spec.participants,
    }


def _write(loaded: LoadedExperiment, engine: SQLiteEngine, spec: SimulationSpec) -> None:
    version = provenance.describe(loaded)
    facts = {
        **manifest_of(version),
        "settings": loaded.config.as_dict(),
        SIMULATED: {"participants": spec.participants, "seed": spec.seed, "bot": spec.bot or "Bot"},
    }
    spec.target.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target, so that the complete folder can be renamed.
    with tempfile.TemporaryDirectory(prefix=".petri-simulate-", dir=spec.target.parent) as scratch:
        code = provenance.archive(loaded, version, Path(scratch) / "code.zip")
        archive = write_zip(
            engine, Path(scratch) / "run.zip", app_id=_id(loaded, spec), code=code, manifest=facts
        )
        unpacked = Path(scratch) / "data"
        with zipfile.ZipFile(archive) as written:
            written.extractall(unpacked)
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(spec.target)
        unpacked.rename(spec.target)


def _id(loaded: LoadedExperiment, spec: SimulationSpec) -> str:
    return f"{loaded.name}-simulation-{spec.seed}"


def _result(spec: SimulationSpec, trace: RunTrace) -> SimulatedRun:
    failed = [one for one in trace.fared if one.problems or one.never_ended]
    said = Counter(problem for one in failed for problem in one.problems)
    said.update("The bot never finished." for one in failed if one.never_ended)
    return SimulatedRun(
        folder=spec.target,
        participants=len(trace.fared),
        failed=len(failed),
        seconds=trace.seconds,
        problems=tuple(dict.fromkeys([*trace.faults, *(problem for problem, _ in said.most_common())])),
        gave_up=trace.gave_up,
    )
