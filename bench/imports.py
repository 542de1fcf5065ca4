"""Measures the time and memory of imports, compiled and in a fresh interpreter."""

from __future__ import annotations

import compileall
import json
import statistics
import subprocess
import sys
from dataclasses import dataclass

from bench.clients.host import ROOT

TIMES = 9
APP = "import app"
#: What a Lambda function imports when it starts: the routes, then also the engine of its store.
STATEMENTS = (APP, f"{APP}, chalicelib.storage.dynamodb.dynamodb_engine")
_MEASURE = """
import json, time
began = time.perf_counter()
{statement}
seconds = time.perf_counter() - began
from bench.figures.usage import peak_bytes
print(json.dumps([seconds, peak_bytes()]))
"""


@dataclass(frozen=True)
class Imported:
    """The median of several fresh interpreters."""

    statement: str
    milliseconds: float
    peak_bytes: int


def measure_import(statement: str) -> Imported:
    """Compile the Lambda package, then import it in several fresh interpreters in turn."""
    compileall.compile_dir(ROOT / "chalicelib", quiet=1)
    compileall.compile_file(ROOT / "app.py", quiet=1)
    seen = [_once(statement) for _ in range(TIMES)]
    return Imported(
        statement,
        statistics.median(seconds for seconds, _ in seen) * 1000,
        int(statistics.median(peak for _, peak in seen)),
    )


def _once(statement: str) -> tuple[float, int]:
    done = subprocess.run(  # noqa: S603 - this interpreter, and words of this module
        [sys.executable, "-c", _MEASURE.format(statement=statement)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, peak = json.loads(done.stdout)
    return seconds, peak
