"""The libraries of embedded files: a site gets those that its files use, with their licences."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli.main import app
from infra.site import SiteSource, build
from infra.site.libraries import LIBRARIES, copy_library, library_names
from petri.errors import ExperimentError

USES_JSPSYCH = '<script src="/static/vendor/jspsych/jspsych.js"></script>'


def site(folder: Path, text: str) -> Path:
    (folder / "static").mkdir(parents=True, exist_ok=True)
    (folder / "static" / "task.html").write_text(text, encoding="utf-8")
    return build(SiteSource(folder, "study", "debug", is_study=True), folder.parent / "site").root


def test_a_site_gets_the_library_that_a_file_uses_with_its_licence_and_no_other(tmp_path: Path) -> None:
    vendor = site(tmp_path / "study", USES_JSPSYCH) / "static" / "vendor"
    assert [path.name for path in vendor.iterdir()] == ["jspsych"]
    assert {"jspsych.js", "LICENSE.txt", "library.json"} <= {
        path.name for path in (vendor / "jspsych").iterdir()
    }


def test_a_site_that_uses_none_gets_none(tmp_path: Path) -> None:
    assert not (site(tmp_path / "study", "<p>vendor/unknown/x.js</p>") / "static" / "vendor").exists()


def test_the_folders_own_copy_is_kept(tmp_path: Path) -> None:
    own = tmp_path / "study" / "static" / "vendor" / "jspsych"
    own.mkdir(parents=True)
    (own / "jspsych.js").write_text("// another version", encoding="utf-8")
    vendor = site(tmp_path / "study", USES_JSPSYCH) / "static" / "vendor" / "jspsych"
    assert [path.name for path in vendor.iterdir()] == ["jspsych.js"]


@pytest.mark.parametrize("name", library_names())
def test_a_library_has_its_licence_and_versions(name: str, tmp_path: Path) -> None:
    place, versions = copy_library(name, tmp_path)
    facts = json.loads((place / "library.json").read_text(encoding="utf-8"))
    assert facts["licence"] in {"MIT", "Apache-2.0"}
    assert (place / "LICENSE.txt").stat().st_size > 1_000
    assert all(f"{package} {version}" in versions for package, version in facts["packages"].items())
    code = {path.name for path in (LIBRARIES / name).iterdir() if path.suffix in {".js", ".css"}}
    assert code == set(facts["files"])


def test_the_command_copies_a_library_and_prints_its_versions(tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["vendor", "labjs", str(tmp_path)])
    assert said.exit_code == 0, said.output
    assert "lab.js 20.2.4" in said.output
    assert (tmp_path / "static" / "vendor" / "labjs" / "lab.js").is_file()


def test_an_unknown_library_or_folder_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="is not a library that Petri has; use one of jspsych"):
        copy_library("../labjs", tmp_path)
    with pytest.raises(ExperimentError, match="is not a folder"):
        copy_library("labjs", tmp_path / "missing")
    assert list(tmp_path.iterdir()) == []
