"""Builds the Lambda package, starts from it, and measures its size and start time."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from bench.clients.host import ROOT
from bench.imports import TIMES, Imported
from infra.aws.account.names import Names
from infra.aws.package.package_build import build
from infra.aws.package.staging import stage
from infra.packaging import lambda_python
from infra.packaging.sizes import PETRI_BUDGET, Sizes, sizes_of
from tests.tools.wheelhouse import offline_pip

DEMO = ROOT / "tests" / "experiments" / "bartlett1932"
STATEMENT = "import app"
#: Only the package and the standard library can be imported, and nothing is compiled.
_FLAGS = ("-I", "-S", "-B")
_MEASURE = """
import sys, time
sys.path.append({task!r})
began = time.perf_counter()
{statement}
seconds = time.perf_counter() - began
sys.path.append({root!r})
import json
from bench.figures.usage import peak_bytes
print(json.dumps([seconds, peak_bytes()]))
"""


@dataclass(frozen=True)
class Packaged:
    """The package's size and start time."""

    sizes: Sizes
    imported: Imported

    @property
    def keeps_budget(self) -> bool:
        return self.sizes.petri <= PETRI_BUDGET


def measure_package(folder: Path) -> Packaged:
    """Stage, pack and unpack a demo, and start it in several fresh interpreters in turn."""
    # The package runs in this machine's Python.
    with offline_pip(folder / "wheels"), patch.object(lambda_python, "OLDEST", lambda_python.own()):
        staged = stage(DEMO, Names("bench", "sandbox"), folder / "staged", environ={}, home=folder)
        package = build(staged)
    task = folder / "task"
    with zipfile.ZipFile(package) as archive:
        archive.extractall(task)
    config = json.loads((staged.folder / ".chalice" / "config.json").read_text(encoding="utf-8"))
    environment = config["stages"]["sandbox"]["environment_variables"]
    seen = [_start(task, environment) for _ in range(TIMES)]
    imported = Imported(
        f"{STATEMENT}, from the package",
        statistics.median(seconds for seconds, _ in seen) * 1000,
        int(statistics.median(peak for _, peak in seen)),
    )
    return Packaged(sizes_of(package), imported)


def _start(task: Path, environment: dict[str, str]) -> tuple[float, int]:
    measured = _MEASURE.format(task=str(task), root=str(ROOT), statement=STATEMENT)
    done = subprocess.run(  # noqa: S603 - this interpreter, and words of this module
        [sys.executable, *_FLAGS, "-c", measured],
        cwd=task,
        env={"PATH": os.environ.get("PATH", ""), "AWS_DEFAULT_REGION": "us-east-1", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, peak = json.loads(done.stdout)
    return seconds, peak
