"""`petri verify` finds no problems in any demo."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.demos.conftest import ROOT, WITHIN_SECONDS
from tests.demos.serving import environment

pytestmark = pytest.mark.e2e

DEMOS = sorted(folder.name for folder in (ROOT / "demos").iterdir() if (folder / "experiment.py").is_file())


def verify(demo: str, folder, **settings: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-m", "infra.cli", "verify", str(ROOT / "demos" / demo)],
        cwd=folder,
        env=environment(folder, COLUMNS="500", **settings),
        capture_output=True,
        text=True,
        timeout=WITHIN_SECONDS,
        check=False,
    )
    return ended.stdout + ended.stderr


@pytest.mark.parametrize("demo", DEMOS)
def test_verify_finds_no_problems(demo, tmp_path):
    *design, verdict = verify(demo, tmp_path).strip().splitlines()
    assert verdict == f"{demo} is ready to run."
    # Only studies with conditions have their table before it.
    assert all("warning" not in line for line in design)


@pytest.mark.parametrize("demo", DEMOS)
def test_a_demo_imports_nothing_but_petri_and_python(demo):
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "demos" / demo).glob("*.py"))
    assert "chalicelib" not in code
    assert "infra" not in code


@pytest.mark.parametrize("demo", DEMOS)
def test_a_readme_describes_the_data(demo):
    readme = (ROOT / "demos" / demo / "README.md").read_text(encoding="utf-8")
    assert "## Parameters" in readme
    assert "## What the data hold" in readme


def test_more_catch_rounds_than_rounds_are_refused(tmp_path):
    assert "catch_repeats = 9 is more than experiment_repeats = 6" in verify(
        "rogers", tmp_path, catch_repeats="9"
    )


def test_a_difficulty_below_chance_is_refused(tmp_path):
    assert "difficulties" in verify("rogers", tmp_path, difficulties="0.6, 0.4")
