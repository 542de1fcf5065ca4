"""Checks an author's code and settings, continuing after errors to report all of them at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from chalicelib.errors import PetriError
from chalicelib.experiment.config.configuration import get_config
from chalicelib.experiment.config.problems import SettingsError, SettingsProblem
from chalicelib.experiment.loader import experiment_folder
from chalicelib.experiment.loader.experiment_folder import LoadedExperiment
from chalicelib.experiment.loader.importer import import_experiment
from chalicelib.experiment.loader.record_types import check_types
from chalicelib.experiment.routes import AuthorRoute, collect_routes, collect_schedules

from .findings import Finding, error, told_by, warning
from .study_code import check_study_code, is_study

T = TypeVar("T")

_CODE = "experiment.py"
_FIX = "Fix the code there; --verbose shows the traceback."


class CodeCheck:
    """Runs the steps of loading a folder, and continues when one fails."""

    def __init__(self, folder: Path, environ: Mapping[str, str] | None, home: Path | None) -> None:
        self.folder = folder.resolve()
        self.findings: list[Finding] = []
        self.environ = os.environ if environ is None else environ
        self.home = home
        #: whether the experiment's class is a study, once it was found
        self.is_study = False

    def run(self, core_routes: Iterable[str]) -> LoadedExperiment | None:
        """Check code and settings; return the loaded experiment if both are valid."""
        get_config().reset()
        module = self._try(lambda: import_experiment(self.folder))
        if module is None:
            self._check_settings({}, all_known=False)
            return None
        self._try(lambda: check_types(module.__name__.partition(".")[0]))
        cls = self._try(
            lambda: experiment_folder.find_experiment_class(
                module, self.environ.get(experiment_folder.CLASS_NAME)
            )
        )
        owner: type = cls or object
        before = len(self.findings)
        self._try(lambda: experiment_folder.register_settings(self.folder, module, owner))
        all_known = cls is not None and len(self.findings) == before
        defaults = self._try(lambda: experiment_folder.default_settings(self.folder, module, owner)) or {}
        self._check_settings(defaults, all_known=all_known)
        self.is_study = is_study(cls)
        if self.is_study:
            self.findings += check_study_code(self.folder, owner)
        extra_files = self._try(lambda: experiment_folder.find_extra_files(self.folder, module, owner)) or []
        routes = self._try(lambda: collect_routes(module, owner, core_routes)) or []
        self._check_addresses_of_pages(routes)
        if cls is None or any(finding.level == "error" for finding in self.findings):
            return None
        return self._loaded(module, cls, extra_files, routes)

    def _loaded(
        self,
        module: ModuleType,
        cls: type[Any],
        extra_files: list[tuple[Path, str]],
        routes: list[AuthorRoute],
    ) -> LoadedExperiment:
        return LoadedExperiment(
            folder=self.folder,
            name=self.folder.name,
            module=module,
            experiment_class=cls,
            config=get_config(),
            extra_files=extra_files,
            routes=routes,
            scheduled=collect_schedules(module, cls),
        )

    def _try(self, step: Callable[[], T]) -> T | None:
        try:
            return step()
        except PetriError as refusal:
            self.findings += told_by(refusal, _CODE, _FIX)
            return None

    def _check_settings(self, defaults: Mapping[str, Any], *, all_known: bool) -> None:
        """Load the settings; unless all of the author's own are registered, ignore unknown ones."""
        config = get_config()
        try:
            config.load_for(self.folder, environ=self.environ, home=self.home, defaults=defaults)
        except SettingsError as refusal:
            problems = [problem for problem in refusal.problems if all_known or not problem.unknown_key]
            self.findings += [error(self._place(each), each.what, each.fix) for each in problems]
        self.findings += [warning(self._place(note), note.what, note.fix) for note in config.notes]

    def _place(self, problem: SettingsProblem) -> str:
        path = Path(problem.where)
        where = str(path.relative_to(self.folder)) if path.is_relative_to(self.folder) else problem.where
        return where if problem.line is None else f"{where}, line {problem.line}"

    def _check_addresses_of_pages(self, routes: list[AuthorRoute]) -> None:
        templates = self.folder / "templates"
        pages = {f"/{path.relative_to(templates).with_suffix('')}" for path in templates.rglob("*.html")}
        for route in routes:
            if route.rule.path in pages:
                what = (
                    f"{route.name}() uses the route {route.rule.path}, which is the address of a page in "
                    "templates/."
                )
                self.findings.append(error(_CODE, what, "Rename one of them."))
