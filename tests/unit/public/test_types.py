"""Petri's types reach the programs that import it: a wheel is built and mypy reads it as a consumer would."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
STUDY = """
from petri import Agent, Chain, Experiment, Participant, get_config, prop
from petri.errors import RuleBroken


class Painter(Agent):
    generation = prop.integer(2)


class Study(Experiment):
    def bonus(self, participant: Participant) -> float:
        reveal_type(Painter.generation)
        reveal_type(participant.status)
        return 0.5


def refused() -> RuleBroken:
    return RuleBroken(3)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from the tracked files, away from the working tree."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    sources = tmp_path_factory.mktemp("sources")
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (sources / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, sources / name)
    wheels = tmp_path_factory.mktemp("wheels")
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
    ]
    subprocess.run([*build, "--wheel-dir", str(wheels), str(sources)], check=True, capture_output=True)
    (built,) = wheels.glob("petri-*.whl")
    return built


def test_the_wheel_declares_that_its_packages_are_typed(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        assert {"petri/py.typed", "chalicelib/py.typed"} <= set(archive.namelist())


def test_mypy_sees_the_types_of_an_installed_petri(wheel: Path, tmp_path: Path):
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=False)
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(environment)}))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    study = tmp_path / "study.py"
    study.write_text(STUDY, encoding="utf-8")
    python = environment / "bin" / "python"
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(python), study.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    said = checked.stdout + checked.stderr
    assert "missing library stubs or py.typed" not in said
    generation, status = re.findall(r"Revealed type is \"(.+)\"", said)
    assert generation.endswith("Property[int]")
    assert status.endswith("str")
    assert 'Argument 1 to "RuleBroken" has incompatible type "int"; expected "str"' in said
    assert "Found 1 error in 1 file" in said
