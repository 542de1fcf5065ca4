"""Loads an experiment from an author's folder.

`load_experiment(folder)` imports the code, lets it register its settings, loads them, and finds the
Experiment class with its routes, schedules and bots.

This module doesn't change the working directory of the process. A host runs in the experiment's folder,
because experiments open their stimuli as "static/stimuli/story.md"; code that shouldn't depend on that uses
`Path(__file__).parents[1] / "static"`.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import TYPE_CHECKING, Any

from chalicelib.errors import ExperimentError
from chalicelib.experiment.config.configuration import Configuration, get_config
from chalicelib.experiment.config.problems import closest_match
from chalicelib.experiment.dashboard_tabs import collect_tabs, dashboard_tabs
from chalicelib.experiment.routes import AuthorRoute, ScheduledFunction, collect_routes, collect_schedules
from chalicelib.version import MARK

from .importer import author_code, import_experiment
from .record_types import check_types

if TYPE_CHECKING:
    from chalicelib.experiment.experiment import Experiment

CLASS_NAME = "EXPERIMENT_CLASS_NAME"


@dataclass(frozen=True)
class LoadedExperiment:
    """An experiment that is ready to run. `config` belongs to the process: a second load replaces it."""

    folder: Path
    #: the name of the folder
    name: str
    module: ModuleType
    experiment_class: type[Experiment]
    config: Configuration
    #: (source, destination in the folder) of files from outside the folder
    extra_files: list[tuple[Path, str]]
    routes: list[AuthorRoute]
    scheduled: list[ScheduledFunction]

    def bots(self) -> dict[str, type]:
        """Return the experiment's bot classes by name. The class Bot is the default."""
        # Lazy import: bots need an HTTP client, which Lambda functions don't use.
        from chalicelib.experiment.bots.high_performance_bot import BotBase, HighPerformanceBotBase

        own = _own_classes(self.module, (BotBase, HighPerformanceBotBase))
        found = own if "Bot" in own else {**self.experiment_class.default_bots(), **own}
        self.experiment_class.prepare_bots(found)
        return found


def load_experiment(
    folder: Path,
    *,
    runtime: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    home: Path | None = None,
    core_routes: Iterable[str] = (),
) -> LoadedExperiment:
    """Load the experiment in `folder`.

    `runtime`: the settings of this run, which take precedence. `environ` and `home`: the sources of settings
    and of EXPERIMENT_CLASS_NAME, by default the process's own. `core_routes`: Petri's own routes, which the
    author's can't replace. In a staged or archived folder, files from outside are in their places already, so
    the author's `extra_files()` isn't called.

    Raises ExperimentError when the folder or the code can't be used, and ConfigError with all problems of the
    settings. Both name the file and the line where there is one.
    """
    folder = folder.resolve()
    environ = os.environ if environ is None else environ
    config = get_config()
    config.reset()
    dashboard_tabs.clear()
    module = import_experiment(folder)
    check_types(module.__name__.partition(".")[0])
    cls = find_experiment_class(module, environ.get(CLASS_NAME))
    register_settings(folder, module, cls)
    defaults = default_settings(folder, module, cls)
    config.load_for(folder, runtime, environ=environ, home=home, defaults=defaults)
    with author_code(folder, "the experiment can't be used"):
        cls.prepare_class(folder)
    cls.dashboard_tabs, cls.dashboard_views = collect_tabs(module, cls)
    return LoadedExperiment(
        folder=folder,
        name=folder.name,
        module=module,
        experiment_class=cls,
        config=config,
        extra_files=[] if (folder / MARK).is_file() else find_extra_files(folder, module, cls),
        routes=collect_routes(module, cls, core_routes),
        scheduled=collect_schedules(module, cls),
    )


def find_experiment_class(module: ModuleType, wanted: str | None = None) -> type[Experiment]:
    """Return the Experiment subclass of an experiment's code, or the one with the name `wanted`."""
    # Lazy import: the class imports networks and nodes, which code that only reads settings doesn't need.
    from chalicelib.experiment.experiment import Experiment

    found = _own_classes(module, (Experiment,))
    if wanted:
        return _named_class(module, Experiment, wanted, found)
    if not found:
        raise ExperimentError(
            "experiment.py doesn't define an experiment; write: class MyStudy(Experiment), "
            "with Experiment imported from petri."
        )
    if len(found) > 1:
        raise ExperimentError(
            f"experiment.py defines several experiments ({', '.join(sorted(found))}); keep one, "
            f"or name one in the environment: {CLASS_NAME}={min(found)}"
        )
    return next(iter(found.values()))


def register_settings(folder: Path, module: ModuleType, cls: type) -> None:
    """Call the author's `extra_parameters()`, on the module and on the class."""
    for extra_parameters in _hooks("extra_parameters", module, cls):
        with author_code(folder, "extra_parameters() failed"):
            extra_parameters()


def default_settings(folder: Path, module: ModuleType, cls: type) -> dict[str, Any]:
    """Return the author's `config_defaults()`; the class's take precedence over the module's."""
    defaults: dict[str, Any] = {}
    for config_defaults in _hooks("config_defaults", module, cls):
        with author_code(folder, "config_defaults() failed"):
            defaults.update(config_defaults() or {})
    return defaults


def find_extra_files(folder: Path, module: ModuleType, cls: type) -> list[tuple[Path, str]]:
    """Return the author's `extra_files()` and files that are shared, such as those of item banks.

    Each has an existing source, and its destination inside the folder.
    """
    found = []
    for extra_files in _hooks("extra_files", module, cls):
        with author_code(folder, "extra_files() failed"):
            found += [_extra_file(folder, pair) for pair in extra_files() or ()]
    shared_files = getattr(cls, "shared_files", None)
    if callable(shared_files):
        found += shared_files(folder)
    return list(dict.fromkeys(found))


def _extra_file(folder: Path, pair: Any) -> tuple[Path, str]:
    try:
        source, destination = (os.fspath(end) for end in pair)
    except (TypeError, ValueError):
        raise ExperimentError(f"each entry must be a pair (source, destination), not {pair!r}.") from None
    path = (folder / Path(source).expanduser()).resolve()
    if not path.exists():
        raise ExperimentError(f"the source {source} doesn't exist; fix the path.")
    place = PurePosixPath(destination.lstrip("/"))
    if not place.parts or ".." in place.parts:
        raise ExperimentError(f"the destination {destination} must lie inside the experiment's folder.")
    return path, str(place)


def _hooks(name: str, module: ModuleType, cls: type) -> list[Callable[[], Any]]:
    """Find a function that the module, the class, or both can define; the module's comes first."""
    hooks = (getattr(owner, name, None) for owner in (module, cls))
    return [hook for hook in hooks if callable(hook)]


def _own_classes(module: ModuleType, bases: tuple[type, ...]) -> dict[str, type[Any]]:
    """Find the author's subclasses of one of `bases`, each once."""
    package = module.__name__.partition(".")[0]
    found: dict[type, str] = {}
    for name, member in vars(module).items():
        if (
            inspect.isclass(member)
            and issubclass(member, bases)
            and member.__module__.split(".")[0] == package
        ):
            found.setdefault(member, name)
    return {name: member for member, name in found.items()}


def _named_class(
    module: ModuleType, base: type[Experiment], wanted: str, found: Iterable[str]
) -> type[Experiment]:
    cls = getattr(module, wanted, None)
    if not inspect.isclass(cls) or not issubclass(cls, base):
        near = closest_match(wanted, found)
        guess = f"; did you mean {near}?" if near else "."
        raise ExperimentError(
            f"{CLASS_NAME} names {wanted}, which is not an experiment in experiment.py{guess}"
        )
    return cls
