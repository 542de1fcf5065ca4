"""Checks an experiment's pages by rendering them as for a run, without writing files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from chalicelib.experiment.loader.experiment_folder import LoadedExperiment
from infra.site import SiteError, SiteSource, per_request_variables
from infra.site.assets import collect
from infra.site.render import EXPERIMENT_PAGES, Renderer

from .findings import Finding, error, warning

_UNDEFINED = re.compile(r"'(?P<name>\w+)' is undefined\.$")
_PLACED = re.compile(r"(?P<where>.+?(?:, line \d+)?): (?P<what>.+)", re.DOTALL)


def pages(folder: Path, loaded: LoadedExperiment | None, *, is_study: bool = False) -> Iterator[Finding]:
    """Find problems of the templates and the static files. A study needs no templates.

    Without a loaded experiment, templates aren't rendered, because their settings are unknown.
    """
    per_request = per_request_variables(folder)
    for variable in per_request:
        where = f"{_within(folder, str(variable.file))}, line {variable.line}"
        what = f"`{variable.name}` exists only per request, but pages are built once for all participants."
        yield error(where, what, _sentence(variable.replacement))
    reported = {variable.name for variable in per_request}
    for problem in _problems(folder, loaded):
        undefined = _UNDEFINED.search(problem)
        if undefined is None or undefined["name"] not in reported:
            yield _as_finding(folder, problem)
    # Code that can't be imported may be a study's: its folder has `pages/`.
    may_be_study = is_study or (loaded is None and (folder / "pages").is_dir())
    if not may_be_study and not any(
        (folder / "templates" / f"{page}.html").is_file() for page in EXPERIMENT_PAGES
    ):
        yield warning("templates", "have no exp.html.", "Add one, unless your pages use another name for it.")


def _problems(folder: Path, loaded: LoadedExperiment | None) -> list[str]:
    source = SiteSource(folder, folder.name, "debug")
    if loaded is not None:
        source = SiteSource.of(loaded, mode=str(loaded.config.get("mode")), app_id="verify")
    try:
        renderer = Renderer(source, collect(source))
        templates = set(renderer.pages().values())
    except SiteError as refusal:
        return list(refusal.problems)
    if loaded is not None:
        for template in sorted(templates):
            renderer.render(template)
    return renderer.problems


def _as_finding(folder: Path, problem: str) -> Finding:
    placed = _PLACED.fullmatch(problem)
    if placed is None or ", line " not in placed["where"]:
        what, _, fix = problem.partition(": ")
        return error("templates and static", f"{_within(folder, what)}.", _sentence(fix))
    undefined = _UNDEFINED.search(problem)
    if undefined is None:
        return error(_within(folder, placed["where"]), placed["what"], "Fix the template there.")
    name = undefined["name"]
    return error(
        _within(folder, placed["where"]),
        f"`{name}` is undefined when pages are built.",
        f"Templates can use config, mode, experiment_name and app_id; set `{name}` in the template itself.",
    )


def _within(folder: Path, text: str) -> str:
    return text.replace(f"{folder}/", "")


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
