"""Runs mutation tests: `make mutants`, or `make mutants ONLY=pattern`.

The mutation tester (mutmut) changes one expression at a time, which makes a mutant, and runs the tests that
reach the changed function. A mutant that no test detects survives: a test is missing, or the mutant is
equivalent. Equivalent mutants are listed with the reason in mutants.toml. If any other mutant survives, the
exit code is 1.

By default all of model, operations and storage is changed, which takes hours. A pattern names modules or
functions: make mutants ONLY='chalicelib.operations.realtime.waiting_rooms*'
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
EVERYTHING = "chalicelib.*"
#: The meaning of exit codes of the tests in mutmut: 1 and 3 are failures, 5 and 33 mean that no test ran.
NOTICED = {1, 3, 24, 36, 37, 152, 255, -24, -9, -11}
UNREACHED = {5, 33}
NUMBER = re.compile(r"__mutmut_\d+$")


@dataclass(frozen=True)
class Equivalent:
    """An equivalent mutant: the function, the changed line, and the reason."""

    function: str
    becomes: str
    why: str


def equivalents() -> list[Equivalent]:
    listed = tomllib.loads((ROOT / "bench" / "mutants.toml").read_text(encoding="utf-8"))
    return [Equivalent(**entry) for entry in listed.get("equivalent", [])]


def results(patterns: list[str]) -> dict[str, int | None]:
    """Return the exit code of the tests for each mutant; None: not run."""
    found: dict[str, int | None] = {}
    for meta in sorted((ROOT / "mutants").rglob("*.py.meta")):
        found.update(json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"])
    return {name: code for name, code in found.items() if any(fnmatch.fnmatch(name, one) for one in patterns)}


def changed_line(mutant: str) -> str:
    """Return the changed line of a mutant."""
    shown = subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "mutmut", "show", mutant], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    added = [line[1:].strip() for line in shown.splitlines() if line.startswith("+") and line[1:2] != "+"]
    return " ".join(added)


def function_of(mutant: str) -> str:
    """chalicelib.model.node.xǁNodeǁfail__mutmut_3 -> chalicelib.model.node.Node.fail"""
    module, _, mangled = NUMBER.sub("", mutant).rpartition(".")
    return f"{module}.{mangled[1:].replace('ǁ', '.').strip('._') if 'ǁ' in mangled else mangled[2:]}"


def module_of(mutant: str) -> str:
    return mutant.rpartition(".")[0]


def main(patterns: list[str]) -> int:
    patterns = patterns or [EVERYTHING]
    children = str(max(1, (os.cpu_count() or 2)))
    run = [sys.executable, "-m", "mutmut", "run", "--max-children", children, *patterns]
    if subprocess.run(run, cwd=ROOT, check=False).returncode:  # noqa: S603 - the same
        print("The mutation tester could not run the tests; see above.", file=sys.stderr)
        return 2
    known = {(one.function, one.becomes) for one in equivalents()}
    score: dict[str, Counter[str]] = {}
    survivors = []
    for mutant, code in results(patterns).items():
        counts = score.setdefault(module_of(mutant), Counter())
        kind = "noticed"
        if code is None:
            kind = "not run"
        elif code in UNREACHED or code not in NOTICED:
            line = changed_line(mutant)
            kind = "equivalent" if (function_of(mutant), line) in known else "survived"
            if kind == "survived":
                note = " (no test reaches it)" if code in UNREACHED else ""
                survivors.append(f"survived: {function_of(mutant)}: {line}{note}")
        counts[kind] += 1
    print(f"\n{'module':44} mutants noticed equivalent survived   score")
    total: Counter[str] = Counter()
    for module, counts in sorted(score.items()):
        print(row(module, counts))
        total += counts
    print(row("total", total))
    for survivor in survivors:
        print(survivor)
    return 1 if survivors or total["not run"] else 0


def row(name: str, counts: Counter[str]) -> str:
    counted = counts["noticed"] + counts["survived"]
    share = counts["noticed"] / counted if counted else 1.0
    return (
        f"{name:44} {sum(counts.values()):7} {counts['noticed']:7} {counts['equivalent']:10} "
        f"{counts['survived']:8}  {share:6.1%}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
