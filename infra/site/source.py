"""The input and the result of building a site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chalicelib.errors import ExperimentError
from chalicelib.experiment.loader.experiment_folder import LoadedExperiment
from chalicelib.study.pages.library import ASSETS
from chalicelib.study.study import Study


@dataclass(frozen=True)
class SiteSource:
    """The parts of an experiment that its pages need.

    `config` contains only the public settings, because every participant can read them. Each of
    `extra_files` is a file or folder and its place in the experiment's folder; those below `static/`
    or `templates/` belong to the site, others to the experiment's package. A study (`is_study`) has one page,
    which shows what is due: its address is `exp`.
    """

    folder: Path
    name: str
    mode: str
    config: Mapping[str, Any] = field(default_factory=dict)
    extra_files: Sequence[tuple[str | Path, str | Path]] = ()
    app_id: str = ""
    is_study: bool = False
    #: The files of a study's assets, by their names below `static/`.
    assets: dict[str, Path] = field(default_factory=dict)

    @classmethod
    def of(cls, loaded: LoadedExperiment, *, mode: str, app_id: str) -> SiteSource:
        """Return the source of an experiment that is loaded; `mode` and `app_id` are those of its run."""
        return cls(
            folder=loaded.folder,
            name=loaded.name,
            mode=mode,
            config=loaded.config.public(),
            extra_files=loaded.extra_files,
            app_id=app_id,
            is_study=issubclass(loaded.experiment_class, Study),
            assets=_assets_of(loaded),
        )


def _assets_of(loaded: LoadedExperiment) -> dict[str, Path]:
    """Return the files of a study's assets; they are absent from a staged folder, whose site is built."""
    cls = loaded.experiment_class
    if not issubclass(cls, Study):
        return {}
    found = ((each, loaded.folder / ASSETS / each.name) for each in cls.library.compiled.assets.values())
    return {f"assets/{each.file_name}": path for each, path in found if path.is_file()}


@dataclass(frozen=True)
class BuiltSite:
    """A built site: its folder, its pages by address (`instructions/first`), all its files."""

    root: Path
    pages: tuple[str, ...]
    files: tuple[Path, ...]


@dataclass(frozen=True)
class PerRequestName:
    """A name in a template that exists only per request, with its location and its replacement."""

    file: Path
    line: int
    name: str
    replacement: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: `{self.name}` exists only per request; {self.replacement}"


class SiteError(ExperimentError):
    """The experiment's pages can't be built; each problem names its file and the fix."""

    code = "site_error"

    def __init__(self, problems: Sequence[str]) -> None:
        """`problems`: one sentence each."""
        self.problems = tuple(problems)
        super().__init__(
            "The experiment's pages can't be built:\n" + "\n".join(f"- {each}" for each in problems)
        )
