from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.scaffold import KINDS, create

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("kind", KINDS)
def test_the_tests_of_a_new_folder_pass(tmp_path: Path, kind: str) -> None:
    folder = create("my_study", tmp_path, kind)
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
