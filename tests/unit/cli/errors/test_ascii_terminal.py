"""A terminal that shows ASCII alone gets every command's output, with other letters escaped."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.cli.study import environment, write_study

pytestmark = pytest.mark.e2e


def petri(cwd: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    ascii_only = {"PYTHONIOENCODING": "ascii", "COLUMNS": "60"}
    return subprocess.run(
        [sys.executable, "-m", "infra.cli", *words],
        cwd=cwd,
        env={**environment(cwd), **ascii_only},
        capture_output=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    study = write_study(tmp_path / "murmülls")
    code = (study / "experiment.py").read_text(encoding="utf-8")
    (study / "experiment.py").write_text(code.replace("What came out", "Qué salió → 日本"), encoding="utf-8")
    return tmp_path


def test_a_run_its_summary_and_its_failures_are_printed(folder: Path) -> None:
    ran = petri(folder, "debug", "murmülls", "--bots", "4", "--exit", "--id", "first")
    assert ran.returncode == 0, ran.stderr
    assert b"Qu\\xe9 sali\\xf3 \\u2192 \\u65e5\\u672c" in ran.stdout
    for words in (("--help",), ("debug", "--help"), ("summary", "--each"), ("payments",), ("export",)):
        done = petri(folder, *words)
        assert (done.returncode, b"Traceback" in done.stderr) == (0, False), (words, done.stderr)
        done.stdout.decode("ascii")
    (folder / "murmülls" / "experiment.py").write_text("raise ValueError('ungültig → nö')", encoding="utf-8")
    for command in ("verify", "debug"):
        failed = petri(folder, command, "murmülls")
        said = failed.stdout + failed.stderr
        assert failed.returncode == 1
        assert b"ung\\xfcltig \\u2192 n\\xf6" in said
        assert b"Traceback" not in said
