"""The tools that check JavaScript: pinned, and without any host of a package registry in the repository."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SKIPPED = {".git", ".venv", "node_modules", "__pycache__", "artifacts", "build"}
LOCKS = {"package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"}
#: Written in parts, so that this file doesn't name one itself.
HOSTS = re.compile("registry" + r"\.npm|npm" + r"js\.(org|com)|registry" + r"\.yarn|python" + r"hosted\.org")


def tracked() -> list[Path]:
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
        )
        return [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in ROOT.rglob("*") if path.is_file() and not SKIPPED & set(path.parts)]


def test_every_tool_is_pinned_to_one_version() -> None:
    package = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    assert package["private"] is True
    assert "dependencies" not in package
    for version in package["devDependencies"].values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)


def test_no_file_names_the_host_of_a_package_registry() -> None:
    naming = []
    for path in tracked():
        if path.is_symlink() or not path.is_file():
            continue
        if HOSTS.search(path.read_bytes().decode("utf-8", "replace")):
            naming.append(str(path.relative_to(ROOT)))
    assert naming == []


def test_no_lock_file_is_kept() -> None:
    assert [path for path in tracked() if path.name in LOCKS] == []
    assert "package-lock=false" in (ROOT / ".npmrc").read_text(encoding="utf-8").splitlines()


def test_make_js_says_what_to_do_without_node(tmp_path: Path) -> None:
    ended = subprocess.run(
        ["make", "--no-print-directory", "js", "NODE="], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "Node.js 20 or newer was not found" in ended.stderr


@pytest.mark.parametrize("target", ["js", "check"])
def test_make_check_runs_the_javascript_checks_where_node_is_found(target: str) -> None:
    def planned(node: str) -> str:
        asked = ["make", "--no-print-directory", "--dry-run", target, f"NODE={node}"]
        return subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert "npm run --silent lint" in planned("node")
    assert "npm run --silent types" in planned("node")
    assert "npm run" not in planned("")
