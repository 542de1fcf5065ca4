from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.packaging.author_folder import shipped_files
from infra.verify.files import too_large

NAMES = ["a.txt", "b.md", "big/a.txt", "big/deep/b.md", "big/deep/c.csv", "other/c.csv", "other/big/a.txt"]
RULES = [
    "*.md",
    "big",
    "big/",
    "/big",
    "!a.txt",
    "*.csv",
    "deep/",
    "!deep/c.csv",
    "other/*",
    "!other/c.csv",
    "**/b.md",
]


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def names(folder: Path) -> list[str]:
    return [path.relative_to(folder.resolve()).as_posix() for path in shipped_files(folder)]


def git_names(folder: Path) -> list[str]:
    listing = subprocess.run(
        ["git", "-C", str(folder), "ls-files", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
    )
    return sorted(listing.stdout.splitlines())


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    here=st.lists(st.sampled_from(RULES), max_size=3),
    below=st.lists(st.sampled_from(RULES), max_size=2),
    above=st.lists(st.sampled_from(RULES), max_size=2),
)
def test_the_files_are_those_that_git_would_take(tmp_path: Path, here, below, above) -> None:
    folder = tmp_path / "repository" / "study"
    write(folder, dict.fromkeys(NAMES, "x"))
    for place, rules in ((folder.parent, above), (folder, here), (folder / "big", below)):
        (place / ".gitignore").write_text("\n".join(rules))
    subprocess.run(["git", "init", "-q", str(folder.parent)], check=True)
    assert names(folder) == git_names(folder)


def test_a_folder_outside_any_repository_has_its_own_rules(tmp_path: Path) -> None:
    write(tmp_path, {"a.txt": "", "b.csv": "", ".gitignore": "*.csv"})
    assert names(tmp_path) == [".gitignore", "a.txt"]


@pytest.mark.parametrize("name", ["__pycache__/a.pyc", ".git/config", "runs/x.sqlite", "node_modules/x.js"])
def test_files_that_tools_leave_behind_are_never_part_of_an_experiment(tmp_path: Path, name: str) -> None:
    write(tmp_path, {name: "", "a.txt": ""})
    assert names(tmp_path) == ["a.txt"]


def test_a_broken_symlink_is_not_a_file(tmp_path: Path) -> None:
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert names(tmp_path) == []


def test_a_folder_within_the_limit_is_not_too_large(tmp_path: Path) -> None:
    write(tmp_path, {"a.txt": "x" * 1_000_000})
    assert list(too_large(tmp_path, shipped_files(tmp_path), limit_mb=1)) == []


def test_a_folder_that_is_too_large_is_reported_with_its_largest_files(tmp_path: Path) -> None:
    write(tmp_path, {"small.txt": "x", "film.mp4": "x" * 1_500_000})
    (finding,) = too_large(tmp_path, shipped_files(tmp_path), limit_mb=1)
    assert "film.mp4 (1.5 MB)" in finding.fix


def test_ignored_files_do_not_count(tmp_path: Path) -> None:
    write(tmp_path, {"film.mp4": "x" * 1_500_000, ".gitignore": "*.mp4"})
    assert list(too_large(tmp_path, shipped_files(tmp_path), limit_mb=1)) == []


def test_files_that_come_from_elsewhere_count_too(
    check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.verify.files._MEGABYTE", 1_000)
    (tmp_path / "film.mp4").write_text("x" * 100_000)
    code = (
        "from petri import Experiment\nclass Study(Experiment): experiment_repeats = 1\n"
        "def extra_files():\n    return [('../film.mp4', '/static/film.mp4')]\n"
    )
    (finding,) = check({"experiment.py": code, "config.txt": "[A]\n"})
    assert "film.mp4 (100.0 MB)" in finding.fix
