"""Runs mutation tests: `make mutants`, or `make mutants ONLY=pattern`.

The mutation tester (mutmut) changes one expression at a time, which makes a mutant; `bench.mutant_runner`
runs the tests that reach the changed function. A mutant that no test detects survives: a test is missing, or
the mutant is equivalent. Equivalent mutants are listed with the reason in mutants.toml. If any other mutant
survives, the exit code is 1.

By default all of model, operations and storage is changed, which takes hours. A pattern names modules or
functions: make mutants ONLY='chalicelib.operations.realtime.waiting_rooms*'. With T=tests/realtime only these
tests run.

An interrupted run continues where it stopped. Mutants that were detected aren't tried again while their
function stays the same, and survivors only when the tests that reach them change; to start over, delete the
folder `mutants`.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
MUTANTS = ROOT / "mutants"
EVERYTHING = "chalicelib.*"
NUMBER = re.compile(r"__mutmut_\d+$")
SQL = re.compile(
    r'"(?:SELECT|INSERT|UPDATE|DELETE|PRAGMA|BEGIN|COMMIT|ROLLBACK|CREATE|ORDER)\b|"\w+ [<>=]+ \?'
)
#: The storage whose mutants also meet tests on DynamoDB, which are slow and left out otherwise.
DYNAMODB = "chalicelib.storage.dynamodb."
WITHOUT_DYNAMODB = "not dynamodb and not DynamoDB and not moto and "
CAST = re.compile(r"""\bcast\((?:"[^"]*"|\w+), """)


@dataclass(frozen=True)
class Equivalent:
    """An equivalent mutant: the function, the changed line, and the reason."""

    function: str
    becomes: str
    why: str


def equivalents() -> list[Equivalent]:
    listed = tomllib.loads((ROOT / "bench" / "mutants.toml").read_text(encoding="utf-8"))
    return [Equivalent(**entry) for entry in listed.get("equivalent", [])]


def selection(selected: list[str], tests: list[str], *, on_dynamodb: bool) -> list[str]:
    """Return pytest's arguments that select tests: those of pyproject.toml, or only the files of `tests`."""
    options = [one for one in selected if not one.startswith("tests/")]
    if on_dynamodb:
        options = [one.replace(WITHOUT_DYNAMODB, "") for one in options]
    return [*options, *(tests or [one for one in selected if one.startswith("tests/")])]


def generate() -> None:
    """Write the mutated code and the tests to the folder `mutants`."""
    # Lazy import: only a run needs mutmut, which is an extra.
    from mutmut.__main__ import create_mutants
    from mutmut.configuration import config
    from mutmut.utils.file_utils import copy_also_copy_files, copy_src_dir, walk_source_files

    MUTANTS.mkdir(exist_ok=True)
    for folder in config().also_copy:
        if (ROOT / folder).is_dir():
            shutil.rmtree(MUTANTS / folder, ignore_errors=True)
    kept = {MUTANTS / path for path in walk_source_files()}
    for folder in config().source_paths:
        for path in (MUTANTS / folder).rglob("*.py"):
            if path not in kept:
                for stale in path.parent.glob(f"{path.name}*"):
                    stale.unlink()
    with contextlib.redirect_stdout(io.StringIO()):
        copy_src_dir()
        copy_also_copy_files()
        create_mutants(max_children=1)


def changed_lines(mutant: str) -> tuple[str, str]:
    """Return what a mutant changes: the line before, and the line after."""
    from mutmut.mutation.diff_apply import get_diff_for_mutant

    module = module_of(mutant).replace(".", "/")
    path = f"{module}.py" if (ROOT / f"{module}.py").exists() else f"{module}/__init__.py"
    lines = get_diff_for_mutant(mutant, path=path).splitlines()[2:]
    removed = [line[1:].strip() for line in lines if line.startswith("-")]
    added = [line[1:].strip() for line in lines if line.startswith("+")]
    return " ".join(removed), " ".join(added)


def differs_in_types(before: str, after: str) -> bool:
    """Whether lines differ in the type that `cast` names, which is for the type checker alone."""
    return before != after and CAST.sub("cast(", before) == CAST.sub("cast(", after)


def differs_in_case_of_sql(before: str, after: str) -> bool:
    """Whether lines differ only in the case of SQL's words and names, which SQLite doesn't distinguish."""
    return (
        before != after and before.lower() == after.lower() and bool(SQL.search(before)) and "'" not in before
    )


def function_of(mutant: str) -> str:
    """chalicelib.model.node.xǁNodeǁfail__mutmut_3 -> chalicelib.model.node.Node.fail"""
    module, _, mangled = NUMBER.sub("", mutant).rpartition(".")
    return f"{module}.{mangled[1:].replace('ǁ', '.').removeprefix('.') if 'ǁ' in mangled else mangled[2:]}"


def module_of(mutant: str) -> str:
    return mutant.rpartition(".")[0]


def main(arguments: list[str]) -> int:
    """Try the mutants that match patterns, or all, and report."""
    parser = argparse.ArgumentParser(
        description="Change the code a little at a time; list what no test notices."
    )
    parser.add_argument("patterns", nargs="*", help="names of modules or functions; * and ? match")
    parser.add_argument("--seconds", help="how long the tests of one mutant take in all (30)")
    parser.add_argument("--every", help="try a sample: every so many mutants")
    parser.add_argument("--workers", help="how many processes at a time (2)")
    parser.add_argument("--survivors", action="store_true", help="try only mutants that survived before")
    parser.add_argument("--tests", nargs="+", default=[], help="files or folders of tests (all)")
    given = parser.parse_args(arguments)
    patterns = given.patterns or [EVERYTHING]
    chosen = {"seconds": given.seconds, "every": given.every, "workers": given.workers}
    options = [f"--{name}={value}" for name, value in chosen.items() if value]
    options += ["--survivors"] if given.survivors else []
    options += ["--tests", *given.tests] if given.tests else []
    os.chdir(ROOT)
    generate()
    run = [sys.executable, "-m", "bench.mutant_runner", *patterns, *options]
    if subprocess.run(run, cwd=MUTANTS, check=False).returncode:  # noqa: S603 - our own interpreter and module
        print("The mutation tester could not run the tests; see above.", file=sys.stderr)
        return 2
    return report(patterns)


def report(patterns: list[str]) -> int:
    """Print each module's score and every survivor."""
    # Lazy import: the same.
    from bench.mutant_runner import NOTICED, TIMED_OUT, UNREACHED, kept_results, mutants_of

    with contextlib.chdir(MUTANTS):
        mutants, results = mutants_of(patterns), kept_results()
    known = {(one.function, one.becomes) for one in equivalents()}
    score: dict[str, Counter[str]] = {}
    survivors = []
    for mutant in mutants:
        result = results.get(mutant.name)
        if result is None or result.source != mutant.source:
            kind = "not run"
        elif result.outcome in (NOTICED, TIMED_OUT):
            kind = "noticed"
        else:
            before, after = changed_lines(mutant.name)
            is_known = (
                (function_of(mutant.name), after) in known
                or differs_in_types(before, after)
                or differs_in_case_of_sql(before, after)
            )
            kind = "equivalent" if is_known else "survived"
            if kind == "survived":
                note = " (no test reaches it)" if result.outcome == UNREACHED else ""
                survivors.append(f"survived: {function_of(mutant.name)}:{note}\n  - {before}\n  + {after}")
        score.setdefault(module_of(mutant.name), Counter())[kind] += 1
    print(f"\n{'module':44} mutants not run noticed equivalent survived   score")
    total: Counter[str] = Counter()
    for module, counts in sorted(score.items()):
        print(row(module, counts))
        total += counts
    print(row("total", total))
    for survivor in survivors:
        print(survivor)
    for entry in _outdated([mutant.name for mutant in mutants]):
        print(f"listed as equivalent, but not a mutant any more: {entry.function}: {entry.becomes}")
    return 1 if survivors or total["not run"] else 0


def _outdated(mutants: list[str]) -> list[Equivalent]:
    """Return the listed equivalents of these mutants' modules that aren't mutants: the code has changed."""
    listed = equivalents()
    functions, modules = {one.function for one in listed}, {module_of(mutant) for mutant in mutants}
    existing = {
        (function_of(mutant), changed_lines(mutant)[1])
        for mutant in mutants
        if function_of(mutant) in functions
    }
    return [
        one
        for one in listed
        if any(one.function.startswith(f"{module}.") for module in modules)
        and (one.function, one.becomes) not in existing
    ]


def row(name: str, counts: Counter[str]) -> str:
    counted = counts["noticed"] + counts["survived"]
    share = counts["noticed"] / counted if counted else 1.0
    return (
        f"{name:44} {sum(counts.values()):7} {counts['not run']:7} {counts['noticed']:7} "
        f"{counts['equivalent']:10} {counts['survived']:8}  {share:6.1%}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
