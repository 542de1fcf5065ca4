"""README and tutorials in a fresh shell, exactly as typed: a new virtual environment, real commands.

Packages come from wheels of what is installed here, since tests have no network.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import DOCS, ROOT, Block, blocks
from tests.tools.wheelhouse import wheels_for_here

#: An environment is made and filled.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
#: What building Petri, its extras `cli` and `data`, and the tutorial's last step install.
PACKAGES = ("setuptools", "wheel", "petri[cli,data]", "pytest")
#: The most that `make demo` may install, in MB.
SMALL = 200


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    wheels_for_here(folder, PACKAGES)
    return folder


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository as a fresh clone holds it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    folder = tmp_path_factory.mktemp("fresh") / "clone"
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def demo(clone: Path, wheels: Path) -> str:
    """What the README's first command prints: it makes the environment in which the reader goes on."""
    return typed(clone, wheels, "make demo")


def typed(clone: Path, wheels: Path, script: str) -> str:
    """Type commands into a fresh shell in the clone; return what it printed."""
    programs = clone.parent / "programs"
    if not programs.exists():
        programs.mkdir()
        # The system's own Python, not the one of the environment in which the tests run.
        (programs / "python3").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    fresh = {
        "PATH": f"{programs}:/usr/bin:/bin",
        "HOME": str(clone.parent),
        "COLUMNS": "200",
        "LANG": "C.UTF-8",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
    }
    ended = subprocess.run(
        ["sh", "-e", "-c", script],
        cwd=clone,
        env=fresh,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-4000:]
    return ended.stdout


def lines_of(page: list[Block]) -> list[str]:
    """Return what a reader types for a page; what serves until Ctrl-C is followed elsewhere."""
    lines: list[str] = []
    for block in page:
        if block.what in {"file", "append"}:
            arrow = ">>" if block.what == "append" else ">"
            lines += [f'mkdir -p "$(dirname {block.name})"', f"cat {arrow} {block.name} <<'END_OF_FILE'"]
            lines += [*block.text.splitlines(), "END_OF_FILE"]
        elif block.what in {"install", "run"}:
            lines += block.commands
        elif block.what == "fails":
            lines += [f"! {command}" for command in block.commands]
    return lines


def test_make_demo_installs_little_and_shows_what_it_does(clone: Path, demo: str):
    assert "1/2 Making the virtual environment" in demo
    assert "2/2 Installing Petri" in demo
    assert "How far the texts drifted" in demo
    files = [path for path in (clone / ".venv").rglob("*") if path.is_file() and not path.is_symlink()]
    assert sum(path.stat().st_size for path in files) < SMALL * 1_000_000


def test_a_reader_of_readme_and_tutorials_comes_to_their_end(clone: Path, wheels: Path, demo: str):
    pages = [blocks(path) for path in (ROOT / "README.md", DOCS / "first-study.md", DOCS / "tutorial.md")]
    said = typed(clone, wheels, "\n".join(line for page in pages for line in lines_of(page)))
    shown = [block.text for page in pages for block in page if block.what == "output"]
    assert [text for text in shown if text not in said] == []
    assert " passed" in said
