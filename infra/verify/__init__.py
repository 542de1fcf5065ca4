"""`petri verify`: reports every problem of an experiment's folder, each with its fix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path

from chalicelib.experiment.config.configuration import get_config
from chalicelib.experiment.loader.experiment_folder import LoadedExperiment
from chalicelib.experiment.text_files import NotUTF8Error
from chalicelib.study.pages.library import STUDY_FILE
from infra.packaging.author_folder import shipped_files

from .code import CodeCheck
from .direct_requests import without_token
from .embedded import embedded
from .encodings import not_utf8
from .files import forbidden, required, too_large
from .findings import Finding, error, told_by
from .hook_trial import HookCalls, HookTrial, try_hooks
from .page_trial import try_pages
from .pages import pages
from .recruiters import recruiting
from .service_settings import accounts, sign_in_packages
from .sharing import sharing

__all__ = ["Finding", "HookCalls", "Verdict", "examine", "shipped_files", "verify"]


@dataclass(frozen=True)
class Verdict:
    """All problems of a folder, errors first, and the DynamoDB calls of its hooks."""

    findings: list[Finding]
    #: empty when the experiment can't be tried
    calls: list[HookCalls] = field(default_factory=list)
    #: A row for each cell of a study's design; empty for an experiment without conditions.
    design: list[dict[str, str]] = field(default_factory=list)


def verify(
    folder: Path,
    *,
    environ: Mapping[str, str] | None = None,
    home: Path | None = None,
    core_routes: Iterable[str] | None = None,
) -> list[Finding]:
    """Check an experiment's folder and return its problems; see `examine`."""
    return examine(folder, environ=environ, home=home, core_routes=core_routes).findings


def examine(
    folder: Path,
    *,
    environ: Mapping[str, str] | None = None,
    home: Path | None = None,
    core_routes: Iterable[str] | None = None,
    played: bool = True,
) -> Verdict:
    """Check an experiment's folder: files, sizes, code, settings, pages, and its hooks on a store in memory.

    `environ` and `home`: sources of settings, by default the process's own; `core_routes`: Petri's own
    routes, by default those of its app. `played`: whether to simulate a whole run as well. The
    experiment's code is imported and called; nothing in the folder is changed. Meanwhile, the process's
    working directory is the folder, as in a run.
    """
    folder = folder.resolve()
    if not folder.is_dir():
        return Verdict(
            [error(str(folder), "is not a folder.", "Pass the folder that contains experiment.py.")]
        )
    if core_routes is None:
        core_routes = _addresses_of_petri()
    with chdir(folder):
        return _examine(CodeCheck(folder, environ, home), list(core_routes), played=played)


def _examine(code: CodeCheck, core_routes: list[str], *, played: bool) -> Verdict:
    folder = code.folder
    files, unreadable = _files_of(folder)
    has_code = any((folder / name).is_file() for name in ("experiment.py", STUDY_FILE))
    loaded = code.run(core_routes) if has_code else None
    tried = try_hooks(loaded) if loaded else HookTrial()
    findings = [
        *unreadable,
        *required(folder),
        *forbidden(folder, files),
        *too_large(folder, [*files, *_from_elsewhere(loaded)]),
        *code.findings,
        *sharing(get_config()),
        *recruiting(get_config()),
        *accounts(get_config()),
        *sign_in_packages(get_config()),
        *pages(folder, loaded, is_study=code.is_study),
        *embedded(loaded),
        *tried.findings,
        *not_utf8(folder, files),
        *without_token(folder, files),
    ]
    if loaded and not any(finding.level == "error" for finding in findings):
        findings += try_pages(loaded)
    if loaded and played and not any(finding.level == "error" for finding in findings):
        # Lazy import: it imports the whole platform.
        from .simulated_run import play

        findings += play(folder, code.environ, code.home, core_routes)
    findings.sort(key=lambda finding: finding.level != "error")
    return Verdict(findings, tried.calls, _design_of(loaded))


def _design_of(loaded: LoadedExperiment | None) -> list[dict[str, str]]:
    # Lazy import: other experiments don't need the classes of studies.
    from chalicelib.study.study import Study

    if loaded is None or not issubclass(loaded.experiment_class, Study):
        return []
    design = loaded.experiment_class.design()
    return [] if design is None else design.design_table()


def _files_of(folder: Path) -> tuple[list[Path], list[Finding]]:
    """Return an experiment's files; none when .gitignore can't be read."""
    try:
        return shipped_files(folder), []
    except NotUTF8Error as refusal:
        return [], told_by(refusal, ".gitignore", "")


def _addresses_of_petri() -> list[str]:
    # Lazy import: the app imports all routes, which callers of `shipped_files` don't need.
    from app import app

    return list(app.routes)


def _from_elsewhere(loaded: LoadedExperiment | None) -> list[Path]:
    sources = [source for source, _ in loaded.extra_files] if loaded else []
    return [path for source in sources for path in ([source] if source.is_file() else shipped_files(source))]
