"""Builds an experiment's pages as static files."""

from __future__ import annotations

import shutil
from pathlib import Path

from .assets import FRONTEND, collect
from .bundles import PARTS, bundles
from .per_request import per_request_variables
from .render import Renderer
from .source import BuiltSite, SiteError, SiteSource


def build(experiment: SiteSource, out: Path) -> BuiltSite:
    """Render every template of the experiment into `out`, and copy what is static.

    `out` is emptied first if it exists. Each page's file is its address with `.html` appended. All problems
    are raised at once as a `SiteError`, before anything is written.
    """
    if experiment.folder.resolve().is_relative_to(out.resolve()):
        raise SiteError([f"{out} holds the experiment itself: build into a folder of its own."])
    assets = collect(experiment)
    renderer = Renderer(experiment, assets)
    findings = [str(finding) for finding in per_request_variables(experiment.folder)]
    if findings:
        raise SiteError(findings)
    pages = renderer.pages()
    texts = {template: renderer.render(template) for template in sorted(set(pages.values()))}
    if renderer.problems:
        raise SiteError(renderer.problems)
    _empty(out)
    for page, template in pages.items():
        _write(out / f"{page}.html", texts[template] or "")
    for name, path in assets.static.items():
        if not name.startswith(PARTS):
            _copy(path, out / "static" / name)
    if experiment.is_study:
        for name, text in bundles():
            _write(out / "static" / name, text)
    _copy(FRONTEND / "robots.txt", out / "robots.txt")
    files = tuple(sorted(path for path in out.rglob("*") if path.is_file()))
    return BuiltSite(out, tuple(sorted(pages)), files)


def _empty(folder: Path) -> None:
    if folder.is_dir():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _copy(origin: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(origin, path)
