"""The files that tools and other people's services read: CI, pre-commit, editors, citations."""

from __future__ import annotations

import configparser
import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from chalicelib.version import VERSION

from .blocks import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
#: Versions of Python that exist or are announced; those that `requires-python` excludes aren't tested.
PYTHONS = [f"3.{minor}" for minor in range(9, 15)]


def read_yaml(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def recipe(target: str) -> list[str]:
    """Return the commands of a make target, as a shell would see them."""
    body = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert body is not None, target
    return [line.strip().removeprefix("@").replace("$(BIN)", ".venv/bin") for line in body[1].splitlines()]


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [Path(name) for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


# Continuous integration


def test_ci_runs_the_repositorys_own_script_on_every_supported_python():
    workflow = read_yaml(".github/workflows/ci.yml")
    job = workflow["jobs"]["check"]
    supported = SpecifierSet(PYPROJECT["project"]["requires-python"])
    assert job["strategy"]["matrix"]["python"] == [each for each in PYTHONS if each in supported]
    assert [step["run"] for step in job["steps"] if "run" in step] == ["bash .ci/run"]
    (setup,) = [step for step in job["steps"] if step.get("uses", "").startswith("actions/setup-python@")]
    assert setup["with"]["python-version"] == "${{ matrix.python }}"
    for name in setup["with"]["cache-dependency-path"].split():
        assert (ROOT / name).is_file()


def test_ci_has_read_access_only():
    assert read_yaml(".github/workflows/ci.yml")["permissions"] == {"contents": "read"}


def test_each_target_of_the_ci_script_exists():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\S+)$", script, re.MULTILINE):
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), target


# pre-commit


def hooks() -> list[dict[str, Any]]:
    (repository,) = read_yaml(".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local", "Nothing is fetched: hooks use the tools of .venv."
    found: list[dict[str, Any]] = repository["hooks"]
    return found


def test_each_pre_commit_hook_has_what_pre_commit_requires():
    for hook in hooks():
        assert {"id", "name", "entry", "language"} <= hook.keys()
        assert hook["language"] == "system"
    assert len({hook["id"] for hook in hooks()}) == len(hooks())


def test_pre_commit_runs_each_command_of_make_check():
    entries = [shlex.split(hook["entry"]) for hook in hooks()]
    for command in [line for line in recipe("check") if line.startswith(".venv/bin/")]:
        words = [word for word in shlex.split(command) if word != "."]
        assert any(set(words) <= set(entry) for entry in entries), command


# Citation


def test_the_citation_has_what_the_format_requires():
    citation = read_yaml("CITATION.cff")
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= citation.keys()
    assert citation["type"] in {"software", "dataset"}
    for author in citation["authors"]:
        is_person, is_entity = "family-names" in author, "name" in author
        assert is_person != is_entity
    known = """abstract authors cff-version commit contact date-released doi identifiers keywords license
    license-url message preferred-citation references repository repository-artifact repository-code title
    type url version"""
    assert citation.keys() <= set(known.split())
    assert all(isinstance(word, str) for word in citation["keywords"])
    assert len(set(citation["keywords"])) == len(citation["keywords"])


def test_the_citation_has_the_version_and_the_licence_of_the_package():
    citation = read_yaml("CITATION.cff")
    assert citation["version"] == VERSION
    assert citation["license"] == PYPROJECT["project"]["license"]["text"]


# Editors

BINARY = frozenset({".png", ".jpg", ".ico", ".gz", ".zip", ".woff2", ".sqlite"})


def editor_settings() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    text = (ROOT / ".editorconfig").read_text(encoding="utf-8")
    parser.read_string("[top]\n" + text)
    return parser


def test_the_editors_line_length_is_the_formatters():
    ruff = tomllib.loads((ROOT / "ruff.toml").read_text(encoding="utf-8"))
    assert editor_settings()["*.py"]["max_line_length"] == str(ruff["line-length"])


def test_tracked_files_are_as_the_editor_settings_say():
    settings = editor_settings()
    untouched = [name.removesuffix("/**") for name in settings.sections() if name.endswith("/**")]
    assert all(settings[f"{name}/**"]["trim_trailing_whitespace"] == "unset" for name in untouched)
    wrong = []
    for path in tracked_files():
        data = (ROOT / path).read_bytes()
        if path.suffix in BINARY or not data or any(map(path.is_relative_to, untouched)):
            continue
        text = data.decode("utf-8")
        if "\r" in text or not text.endswith("\n") or re.search(r"[ \t]+$", text, re.MULTILINE):
            wrong.append(str(path))
    assert wrong == []


# Contributing


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "SECURITY.md", "docs/testing.md"])
def test_a_target_that_a_page_names_exists(page: str):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE):
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), target


def test_the_folders_of_the_contribution_guide_exist():
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for folder in re.findall(r"^\| [^|]* \| `([\w/]+)`", guide, re.MULTILINE):
        assert (ROOT / folder).is_dir(), folder


# Markers

#: A test that starts a process of its own says so in one of these ways.
STARTS_A_PROCESS = re.compile(
    r"\bPopen\(|^import multiprocessing|\[sys\.executable|^from \.shell import|study import .*\bpetri\b",
    re.MULTILINE,
)
MARKED = re.compile(r"\bmark\.(?:slow|e2e|browser)\b")


def test_a_file_whose_tests_start_processes_is_marked():
    files = [ROOT / path for path in tracked_files() if path.parts[0] == "tests" and path.match("test_*.py")]
    texts = {path: path.read_text(encoding="utf-8") for path in files if "browser" not in path.parts}
    starting = [path for path, text in texts.items() if STARTS_A_PROCESS.search(text)]
    assert len(starting) > 10
    assert [str(path) for path in starting if not MARKED.search(texts[path])] == []


def test_make_unit_leaves_out_every_marker_of_the_project():
    (names,) = [recipe("unit")[0].partition('-m "')[2].partition('"')[0]]
    markers = [each.partition(":")[0] for each in PYPROJECT["tool"]["pytest"]["ini_options"]["markers"]]
    assert names == " and ".join(f"not {name}" for name in markers)
    assert "--strict-markers" in PYPROJECT["tool"]["pytest"]["ini_options"]["addopts"]


# Coverage


def test_coverage_measures_the_programs_code_in_every_process():
    settings = PYPROJECT["tool"]["coverage"]["run"]
    (checked,) = [line for line in recipe("check") if "mypy" in line]
    assert sorted(settings["source"]) == sorted(checked.split("--strict ")[1].split())
    assert settings["parallel"] is True
    assert "subprocess" in settings["patch"]
    assert "--cov" not in PYPROJECT["tool"]["pytest"]["ini_options"]["addopts"]
    assert any("--cov" in line for line in recipe("coverage"))
