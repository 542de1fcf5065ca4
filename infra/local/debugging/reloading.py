"""Loads an experiment's folder again when its files have changed, without ending the run.

The store, the participants and their pages stay. A folder that can't be loaded changes nothing: the last
version that works goes on, and the error is shown in the terminal and in the pages.
"""

from __future__ import annotations

import gc
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chalicelib.errors import PetriError
from chalicelib.experiment.loader.experiment_folder import LoadedExperiment
from chalicelib.web import author_routes
from infra.lambda_events.routing import Routes
from infra.local.hook_failures import HookFailures
from infra.local.lifecycle import run_outcome
from infra.local.lifecycle.run import Run, RunOptions, chalice_app, load_for_run, site_source
from infra.local.lifecycle.run_paths import RunPaths
from infra.site import build

from .folder_watch import FolderWatch

#: Settings are read when a run begins: most services are built from them.
SETTINGS = "config.txt"
#: How many built sites are kept: files of the one before may still be being sent.
KEPT_SITES = 2


class Reloader:
    """Follows the files of a run's experiment."""

    def __init__(
        self,
        run: Run,
        options: RunOptions,
        paths: RunPaths,
        failures: HookFailures,
        tell: Callable[[str], None],
    ) -> None:
        """`failures`: those of the experiment's code; `tell`: prints a line in the terminal."""
        self._run = run
        self._options = options
        self._paths = paths
        self._failures = failures
        self._tell = tell
        left_out = (paths.root.resolve() / "runs", paths.root.resolve() / "data")
        self._watch = FolderWatch(run.loaded.folder, left_out, more=self._shared_files)
        #: Tells this process from an earlier one, in pages that are still open.
        self.instance = secrets.token_hex(4)
        #: Whether each reload changed style sheets alone, in order.
        self._only_styles: list[bool] = []
        self._sites = [run.site]
        #: Why the changed folder can't be loaded; "" when it was.
        self.problem = ""

    @property
    def version(self) -> int:
        """How often the experiment was loaded again."""
        return len(self._only_styles)

    def look(self) -> None:
        """Load the folder again if its files have changed."""
        changed = self._watch.changed()
        if changed:
            self.reload(changed)

    def changes_since(self, instance: str, version: int) -> dict[str, Any]:
        """Return what a page does that was made by a version: reload, or fetch its style sheets again."""
        is_ours = instance == self.instance and 0 <= version <= self.version
        since = self._only_styles[version:] if is_ours else [False]
        problems = [self.problem] if self.problem else []
        return {
            "instance": self.instance,
            "version": self.version,
            "reload": not all(since),
            "styles": bool(since) and all(since),
            "problems": problems + [str(one) for one in self._failures.failures],
        }

    def reload(self, changed: frozenset[Path]) -> None:
        """Load the folder and build its pages; when that fails, the last version goes on."""
        names = self._names(changed)
        config = self._run.loaded.config
        try:
            with config.unchanged_on_error(), _without_bytecode():
                loaded = load_for_run(self._options)
                site = self._next_site()
                build(site_source(loaded, self._run.id), site)
        except (PetriError, OSError) as error:
            self.problem = str(error)
            author_routes.register(chalice_app(), self._run.loaded.routes)
            # Classes of records that the failed import has defined would otherwise still be found by name.
            gc.collect()
            self._tell(f"ERROR in {names}: {error}\nThe last version that works goes on.")
            return
        self._adopt(loaded, site)
        self.problem = ""
        self._failures.forget()
        self._only_styles.append(all(path.suffix == ".css" for path in changed))
        self._tell(f"Loaded again: {names}.")
        if any(path.name == SETTINGS for path in changed):
            self._tell(f"Most settings are read at the start: restart petri debug to use all of {SETTINGS}.")

    def _adopt(self, loaded: LoadedExperiment, site: Path) -> None:
        run = self._run
        run.loaded = loaded
        run.app.experiment_class = loaded.experiment_class
        run.app.routes, run.app.scheduled = loaded.routes, loaded.scheduled
        author_routes.register(chalice_app(), loaded.routes)
        run.host.lane.routes = Routes(chalice_app().routes)
        run.host.pages = run.host.pages.moved_to(site)
        self._sites.append(site)
        if len(self._sites) > KEPT_SITES:
            shutil.rmtree(self._sites.pop(0), ignore_errors=True)
        # The export has the code that ran last.
        run_outcome.note_settings(run, self._paths)

    def _next_site(self) -> Path:
        """Return a new folder beside the first site."""
        return self._run.site.with_name(f"site-{self.version + 1}")

    def _names(self, changed: frozenset[Path]) -> str:
        folder = self._run.loaded.folder
        return ", ".join(sorted(Path(os.path.relpath(path, folder)).as_posix() for path in changed))

    def _shared_files(self) -> Iterator[Path]:
        """Yield the files of item banks that the study shares with others."""
        loaded = self._run.loaded
        yield from (path for path, _ in loaded.experiment_class.shared_files(loaded.folder))


@contextmanager
def _without_bytecode() -> Iterator[None]:
    """Import without writing bytecode: Python would not notice two changes within one second."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before
