"""The documentation as a site: it builds without a warning, works offline, and its reference is complete."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
import typer.main
import yaml

import app as lambda_app
import petri
import petri.data
import petri.errors
import petri.prop
import petri.report
from chalicelib.experiment.config.known_settings import KNOWN_SETTINGS
from infra.cli.main import app as command_line

from .blocks import DOCS, ROOT

pytestmark = pytest.mark.slow
COMMANDS = typer.main.get_command(command_line).commands
#: Attributes by which a page loads something at once; the href of an ordinary link isn't one.
LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}


def build(folder: Path, config: Path) -> subprocess.CompletedProcess[str]:
    """Build a site strictly, as `make docs` does."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    return subprocess.run(
        [*command, "--config-file", str(config), "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    built = build(folder, ROOT / "mkdocs.yml")
    assert built.returncode == 0, built.stderr
    return folder


class _Page(HTMLParser):
    """What a page loads, the ids that links can lead to, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.ids: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids.add(found.get("id") or "")
        is_link_only = tag == "link" and found.get("rel") in {"canonical", "prev", "next"}
        if tag in LOADS and not is_link_only:
            self.loads.append(found.get(LOADS[tag]) or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def read(site: Path, name: str) -> _Page:
    page = _Page()
    page.feed((site / name).read_text(encoding="utf-8"))
    return page


def test_no_page_loads_anything_from_another_host(site: Path):
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > len(list(DOCS.rglob("*.md")))
    for path in pages:
        found = read(site, str(path.relative_to(site))).loads
        assert [address for address in found if re.match(r"(?:https?:)?//", address)] == [], path


def test_no_style_sheet_loads_anything_from_another_host(site: Path):
    sheets = list(site.rglob("*.css"))
    assert sheets
    for path in sheets:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(?:url\(\s*[\"']?|@import\s*[\"'])(?:https?:)?//", text), path


@pytest.mark.parametrize(
    ("module", "page"),
    [
        (petri, "classes"),
        (petri.errors, "errors"),
        (petri.prop, "properties"),
        (petri.data, "data"),
        (petri.report, "data"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_the_reference_has_every_public_class_and_function(site: Path, module: object, page: str):
    shown = read(site, f"reference/{page}.html").ids
    names = {name: getattr(module, name) for name in module.__all__}  # type: ignore[attr-defined]
    expected = {f"{module.__name__}.{name}" for name, value in names.items() if callable(value)}  # type: ignore[attr-defined]
    assert expected <= shown


def test_the_reference_has_every_hook(site: Path):
    members = vars(petri.Experiment).items()
    hooks = {name for name, value in members if inspect.isfunction(value) and name[0] != "_"}
    assert {f"petri.Experiment.{name}" for name in hooks} <= read(site, "reference/classes.html").ids


def test_no_page_of_the_reference_names_the_modules_behind_petri(site: Path):
    for path in (site / "reference").glob("*.html"):
        assert "chalicelib" not in read(site, f"reference/{path.name}").text, path


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_reference_has_every_command_with_its_options(site: Path, name: str):
    text = read(site, "reference/commands.html").text
    section = text.partition(f"petri {name}¶")[2].partition("¶")[0]
    options = {word for each in COMMANDS[name].params for word in each.opts if word.startswith("-")}
    assert [word for word in options if word not in section] == []


def test_the_reference_has_every_route(site: Path):
    text = read(site, "reference/routes.html").text
    for path in lambda_app.app.routes:
        assert re.sub(r"\{(\w+)\}", r"<\1>", path) in text


def test_the_site_has_every_setting(site: Path):
    text = read(site, "configuration.html").text
    assert [key.name for key in KNOWN_SETTINGS if key.name not in text] == []


def test_every_page_has_its_place_in_the_navigation():
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for path in DOCS.rglob("*.md"):
        assert path.relative_to(DOCS).as_posix() in text


@pytest.mark.parametrize(
    "link", ["[gone](gone.md)", "[gone](index.md#gone)", "[gone](/gone)"], ids=["page", "anchor", "absolute"]
)
def test_a_broken_link_fails_the_build(tmp_path: Path, link: str):
    rules = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["validation"]
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(f"# Home\n\n{link}\n", encoding="utf-8")
    config = tmp_path / "mkdocs.yml"
    config.write_text(
        yaml.safe_dump(
            {"site_name": "Site", "validation": rules, "theme": {"name": "material", "font": False}}
        ),
        encoding="utf-8",
    )
    built = build(tmp_path / "site", config)
    assert built.returncode != 0
    assert "gone" in built.stderr
