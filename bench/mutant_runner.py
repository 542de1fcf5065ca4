"""Runs the tests against mutants: collects the tests once and forks one process for each mutant.

`bench.mutants` starts this in the folder `mutants`, where the mutated code is. Collecting the tests and
importing Petri takes much longer than the few tests that reach one function, so they are done once, by the
parent. First each test file runs once, which shows the functions that each test reaches (`reach.json`, kept
for files that haven't changed). A forked child then activates its mutant and runs the tests that reach the
changed function, the quickest first, until one fails. Each result is appended to `results.jsonl`, so an
interrupted run continues where it stopped.
"""

from __future__ import annotations

import argparse
import contextlib
import fnmatch
import gc
import hashlib
import importlib
import json
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from mutmut.configuration import config as mutmut_config
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state

from bench.mutants import DYNAMODB, selection

#: Children at a time unless --workers says otherwise, and how much they give way to other processes.
CHILDREN = 2
NICENESS = 15
#: A child may use this much processor time and this much time, plus multiples of what its tests took before.
CPU_GRACE, CPU_FACTOR = 3, 2
WALL_GRACE, WALL_FACTOR = 120, 30
#: A mutant is tried by tests that take so many seconds in all.
SECONDS_PER_MUTANT = 30.0

#: How many tests that noticed a mutant of the same module are tried early.
MAX_SIBLING_TESTS = 8
#: The exit code of a child that failed itself.
BROKEN = 3

REACH = Path("reach.json")
RESULTS = Path("results.jsonl")

NOTICED, TIMED_OUT, SURVIVED, UNREACHED = "noticed", "timed out", "survived", "unreached"


@dataclass(frozen=True)
class Mutant:
    """A mutant, the mangled name of its function, and a hash of the function's source."""

    name: str
    function: str
    source: str


@dataclass(frozen=True)
class Result:
    """The outcome of one mutant; `tests` identifies the tests that tried it, `by` the one that noticed."""

    mutant: str
    source: str
    outcome: str
    tests: str = ""
    by: str = ""
    #: Of how many seconds they were; 0.0: all that reach the function.
    limit: float = 0.0


@dataclass
class TestFile:
    """The tests of a file: how long each takes, the functions it reaches, and whether it passes unmutated."""

    content: str
    seconds: dict[str, float] = field(default_factory=dict)
    functions: dict[str, list[str]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)


def mutants_of(patterns: list[str]) -> list[Mutant]:
    """Return the generated mutants whose names match a pattern."""
    found = []
    for path in sorted(Path().glob("chalicelib/**/*.py.meta")):
        meta = json.loads(path.read_text(encoding="utf-8"))
        sources = meta["hash_by_function_name"]
        for name in meta["exit_code_by_key"]:
            if any(fnmatch.fnmatch(name, pattern) for pattern in patterns):
                function = name.rpartition("__mutmut_")[0]
                found.append(Mutant(name, function, sources.get(function.rpartition(".")[2], "")))
    return found


def kept_results() -> dict[str, Result]:
    if not RESULTS.exists():
        return {}
    lines = RESULTS.read_text(encoding="utf-8").splitlines()
    return {entry["mutant"]: Result(**entry) for entry in map(json.loads, lines)}


def kept_reach() -> tuple[set[str], dict[str, TestFile]]:
    """Return the functions that were known at the last measurement, and what test files reach."""
    if not REACH.exists():
        return set(), {}
    kept = json.loads(REACH.read_text(encoding="utf-8"))
    return set(kept["functions"]), {name: TestFile(**entry) for name, entry in kept["files"].items()}


def needless_files(patterns: list[str]) -> list[str]:
    """Return the test files that needn't be collected: unchanged, and reaching no function of a mutant."""
    _, files = kept_reach()
    modules = {_module(mutant.function) for mutant in mutants_of(patterns)}
    return [
        name
        for name, kept in files.items()
        if Path(name).exists()
        and _hash(Path(name).read_bytes()) == kept.content
        and not modules & _modules(kept)
    ]


@dataclass
class Child:
    """A forked process, what to do with its answer, and when it is killed."""

    pid: int
    answer: Path
    scratch: Path
    deadline: float
    done: Callable[[int, str], None]


class Children:
    """Forks processes, at most `workers` at a time."""

    def __init__(self, config: pytest.Config, workers: int) -> None:
        self._config = config
        self._workers = workers
        self._running: list[Child] = []

    def start(
        self, work: Callable[[Path], int], done: Callable[[int, str], None], *, cpu: float, wall: float
    ) -> None:
        """Run `work` in a child; `done` receives its exit code, or minus the signal, and its answer."""
        while len(self._running) >= self._workers:
            self._reap()
        scratch = Path(tempfile.mkdtemp(prefix="petri-mutant-"))
        answer = scratch / "answer"
        pid = os.fork()
        if pid == 0:
            self._be_child(work, answer, scratch, cpu)
        self._running.append(Child(pid, answer, scratch, time.monotonic() + wall, done))

    def finish(self) -> None:
        while self._running:
            self._reap()

    def _be_child(self, work: Callable[[Path], int], answer: Path, scratch: Path, cpu: float) -> None:
        code = BROKEN
        try:
            os.setpgid(0, 0)
            resource.setrlimit(resource.RLIMIT_CPU, (int(cpu) + 1, int(cpu) + 3))
            nowhere = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(nowhere, descriptor)
            (scratch / "tmp").mkdir()
            self._config._tmp_path_factory._basetemp = scratch / "tmp"  # type: ignore[attr-defined]  # noqa: SLF001
            code = work(answer)
        finally:
            os._exit(code)

    def _reap(self) -> None:
        for child in list(self._running):
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid == 0 and time.monotonic() > child.deadline:
                os.killpg(child.pid, signal.SIGKILL)
                pid, status = os.waitpid(child.pid, 0)
            if pid:
                self._running.remove(child)
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                text = child.answer.read_text(encoding="utf-8") if child.answer.exists() else ""
                shutil.rmtree(child.scratch, ignore_errors=True)
                child.done(os.waitstatus_to_exitcode(status), text)
                return
        time.sleep(0.01)


class Runner:
    """A pytest plugin that replaces the test loop."""

    def __init__(
        self, patterns: list[str], limit: float, every: int, workers: int, *, only_survivors: bool
    ) -> None:
        self._only_survivors = only_survivors
        self._workers = workers
        self._patterns = patterns
        self._limit = limit
        self._every = every
        self._items: dict[str, pytest.Item] = {}
        self._files: dict[str, TestFile] = {}
        self._reaching: dict[str, list[str]] = {}
        self._seconds: dict[str, float] = {}
        self._noticed_by: dict[str, list[str]] = {}
        self._seen_before: set[str] = set()
        #: Functions that only ran while their module was imported.
        self._at_import: set[str] = set()
        self._words: dict[str, set[str]] = {}
        self._called: dict[str, dict[str, set[str]]] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            print("Some test files could not be collected, and are left out; see below.", flush=True)
            session.testsfailed = 0
        self._at_import = set(state()._stats)  # noqa: SLF001 - what mutmut's trampolines record
        set_mutant_under_test("")
        state()._stats.clear()  # noqa: SLF001
        self._items = {item.nodeid: item for item in session.items}
        gc.collect()
        gc.freeze()
        children = Children(session.config, self._workers)
        self._measure(session, children)
        self._try_mutants(session, children)
        return True

    def _measure(self, session: pytest.Session, children: Children) -> None:
        """Run each test file that has changed, and record which functions its tests reach."""
        self._seen_before, self._files = kept_reach()
        items_by_file: dict[str, list[pytest.Item]] = {}
        for item in session.items:
            items_by_file.setdefault(item.nodeid.partition("::")[0], []).append(item)
        contents = {name: _hash(Path(name).read_bytes()) for name in items_by_file}
        for name in [name for name in self._files if not Path(name).exists()]:
            del self._files[name]
        functions = {mutant.function for mutant in mutants_of(["*"])}
        self._seen_before = self._seen_before or functions
        stale = [
            name
            for name, content in contents.items()
            if name not in self._files
            or self._files[name].content != content
            or any(item.nodeid not in self._files[name].functions for item in items_by_file[name])
        ]
        for number, name in enumerate(stale, 1):
            print(f"measuring {number} of {len(stale)}: {name}", flush=True)
            children.start(
                partial(_reach_of, session, items_by_file[name]),
                partial(self._measured, name, contents[name]),
                cpu=1200,
                wall=1800,
            )
        children.finish()
        self._keep_reach()
        self._index(functions - self._seen_before)

    def _keep_reach(self) -> None:
        """Write what is known of the test files; after each one, so an interrupted run needn't repeat it."""
        files = {name: asdict(kept) for name, kept in self._files.items()}
        written = REACH.with_suffix(".part")
        written.write_text(
            json.dumps({"functions": sorted(self._seen_before), "files": files}), encoding="utf-8"
        )
        written.replace(REACH)

    def _measured(self, name: str, content: str, code: int, text: str) -> None:
        if code or not text:
            print(f"  {name} could not be run (exit code {code}); it is left out", flush=True)
            return
        self._files[name] = kept = TestFile(content, **json.loads(text))
        self._keep_reach()
        if kept.failed:
            print(f"  fails without a mutant, left out: {' '.join(kept.failed)}", flush=True)

    def _index(self, fresh: set[str]) -> None:
        """Note the tests of each function; `fresh`: functions that are newer than the measurement.

        Tests that reach another function of its module may reach a fresh one.
        """
        for kept in self._files.values():
            failed = set(kept.failed)
            for nodeid, functions in kept.functions.items():
                if nodeid in self._items and nodeid not in failed:
                    self._seconds[nodeid] = kept.seconds[nodeid]
                    for function in functions:
                        self._reaching.setdefault(function, []).append(nodeid)
        for function in fresh:
            siblings = [one for one in self._reaching if _module(one) == _module(function)]
            tests = {nodeid for one in siblings for nodeid in self._reaching[one]}
            self._reaching[function] = sorted(tests)
        self._at_import -= self._reaching.keys()
        for function in self._at_import:
            users = _importers(_module(function))
            reaching = [tests for one, tests in self._reaching.items() if _module(one) in users]
            self._reaching[function] = sorted({nodeid for tests in reaching for nodeid in tests})

    def _try_mutants(self, session: pytest.Session, children: Children) -> None:
        kept = kept_results()
        for result in kept.values():
            if result.by:
                self._remember(result.mutant.rpartition("__mutmut_")[0], result.by)
        waiting = [
            mutant
            for mutant in mutants_of(self._patterns)[:: self._every]
            if not self._is_decided(mutant, kept.get(mutant.name))
            and (mutant.name in kept or not self._only_survivors)
        ]
        for number, mutant in enumerate(waiting, 1):
            tests = self._tests_of(mutant.function)
            if not tests:
                _keep(Result(mutant.name, mutant.source, UNREACHED))
                continue
            if number % 25 == 0:
                print(f"{number} of {len(waiting)}: {mutant.name}", flush=True)
            seconds = sum(self._seconds[nodeid] for nodeid in tests)
            children.start(
                partial(
                    _try_again if mutant.function in self._at_import else _try,
                    session,
                    mutant,
                    [self._items[nodeid] for nodeid in tests],
                ),
                partial(self._tried, mutant),
                cpu=CPU_GRACE + CPU_FACTOR * seconds,
                wall=WALL_GRACE + WALL_FACTOR * seconds,
            )
        children.finish()

    def _tried(self, mutant: Mutant, code: int, text: str) -> None:
        if code == BROKEN:
            print(f"  {mutant.name} could not be tried", flush=True)
            return
        outcome = SURVIVED if code == 0 else NOTICED if code > 0 else TIMED_OUT
        if code and text:
            self._remember(mutant.function, text)
        tests, limit = self._identity(mutant.function), self._limit_of(mutant.function)
        _keep(Result(mutant.name, mutant.source, outcome, tests, text, limit))

    def _remember(self, function: str, nodeid: str) -> None:
        """Remember a test that noticed a mutant: it is tried early on others of the function and module."""
        for name in (function, _module(function)):
            noticed = self._noticed_by.setdefault(name, [])
            if nodeid in noticed:
                noticed.remove(nodeid)
            noticed.insert(0, nodeid)

    def _tests_of(self, function: str) -> list[str]:
        """Return the tests that try a function's mutants, those most likely to notice one first.

        First come the tests that noticed a mutant of the function, and a few that noticed one of its module.
        Then come tests of files that name the function or its module, and within these one test each of those
        that reach the same functions called by this one, rarely called ones first, then the next of each.
        """
        reaching = set(self._reaching.get(function, []))
        siblings = self._noticed_by.get(_module(function), [])[:MAX_SIBLING_TESTS]
        noticed = [*self._noticed_by.get(function, []), *siblings]
        first = [nodeid for nodeid in noticed if nodeid in reaching]
        callees = self._callees(function)
        sizes = {callee: len(tests) for callee, tests in callees.items()}
        ranks = Counter[frozenset[str]]()
        others = []
        for nodeid in sorted(reaching, key=lambda nodeid: (self._seconds[nodeid], nodeid)):
            reached = frozenset(callee for callee, tests in callees.items() if nodeid in tests)
            rarity = sum(1 / sizes[callee] for callee in reached)
            named = -self._relevance(nodeid.partition("::")[0], function)
            others.append((named, ranks[reached], -rarity, self._seconds[nodeid], nodeid))
            ranks[reached] += 1
        chosen, seconds = [], 0.0
        for nodeid in dict.fromkeys([*first, *(nodeid for *_, nodeid in sorted(others))]):
            seconds += self._seconds[nodeid]
            if chosen and seconds > self._limit:
                break
            chosen.append(nodeid)
        return chosen

    def _relevance(self, file: str, function: str) -> int:
        """Return how clearly a test file is about a function: whether it names it, or its module."""
        if file not in self._words:
            self._words[file] = set(re.findall(r"\w+", Path(file).read_text(encoding="utf-8")))
        words = self._words[file]
        module = _module(function).rpartition(".")[2]
        return (
            2 * (_plain_name(function) in words)
            + (module in words)
            + bool(set(module.split("_")) & set(Path(file).stem.split("_")))
        )

    def _callees(self, function: str) -> dict[str, set[str]]:
        """Return the tests that reach each function that this one calls, by the names in its code."""
        if function not in self._called:
            named = _names_in(function)
            self._called[function] = {
                other: set(tests)
                for other, tests in self._reaching.items()
                if other != function and _plain_name(other) in named
            }
        return self._called[function]

    def _identity(self, function: str) -> str:
        """Return what identifies the tests of a function: a survivor needn't meet the same tests again."""
        reaching = self._reaching.get(function, [])
        contents = {self._files[nodeid.partition("::")[0]].content for nodeid in reaching}
        return _hash(" ".join(sorted(contents)).encode())

    def _limit_of(self, function: str) -> float:
        """Return the limit of the tests of a function; 0.0 when they stay below it."""
        seconds = sum(self._seconds[nodeid] for nodeid in self._reaching.get(function, []))
        return self._limit if seconds > self._limit else 0.0

    def _is_decided(self, mutant: Mutant, before: Result | None) -> bool:
        """Whether a kept result still holds."""
        if before is None or before.source != mutant.source or before.outcome == UNREACHED:
            return False
        if before.outcome in (NOTICED, TIMED_OUT):
            return True
        same_tests = before.tests == self._identity(mutant.function)
        return same_tests and (before.limit == 0.0 or before.limit >= self._limit)


def _plain_name(function: str) -> str:
    """chalicelib.model.node.xǁNodeǁfail -> fail"""
    return function.rpartition(".")[2].rpartition("ǁ")[2].removeprefix("x_")


def _module(function: str) -> str:
    return function.rpartition(".")[0]


def _names_in(function: str) -> set[str]:
    """Return the names that the code of a function uses."""
    module, _, mangled = function.rpartition(".")
    place: Any = importlib.import_module(module)
    if "ǁ" in mangled:
        place = getattr(place, mangled.split("ǁ")[1])
    waiting = [getattr(place, f"{mangled}__mutmut_orig").__code__]
    names: set[str] = set()
    while waiting:
        code = waiting.pop()
        names |= {*code.co_names, *code.co_freevars}
        waiting += [constant for constant in code.co_consts if hasattr(constant, "co_names")]
    return names


def _modules(kept: TestFile) -> set[str]:
    return {_module(function) for functions in kept.functions.values() for function in functions}


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def _keep(result: Result) -> None:
    with RESULTS.open("a", encoding="utf-8") as results:
        results.write(json.dumps(asdict(result)) + "\n")


def _run(session: pytest.Session, items: list[pytest.Item]) -> Iterator[tuple[pytest.Item, bool]]:
    """Run tests one after the other, and say of each whether it failed."""
    for item, following in zip(items, [*items[1:], None], strict=True):
        before = session.testsfailed
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        yield item, session.testsfailed > before


def _try(session: pytest.Session, mutant: Mutant, items: list[pytest.Item], answer: Path) -> int:
    """Run the tests against a mutant until one fails, and answer with its name."""
    set_mutant_under_test(mutant.name)
    for item, has_failed in _run(session, items):
        if has_failed:
            answer.write_text(item.nodeid, encoding="utf-8")
            return 1
    return 0


def _try_again(session: pytest.Session, mutant: Mutant, items: list[pytest.Item], answer: Path) -> int:
    """Import a module again, whose mutated function has already run, and run the tests."""
    set_mutant_under_test(mutant.name)
    module = sys.modules[_module(mutant.function)]
    before = _contents(module)
    users = [sys.modules[name] for name in _importers(module.__name__)]
    try:
        importlib.reload(module)
    except Exception:  # noqa: BLE001 - a mutant that can't be imported fails every test
        return 1
    for user in users:
        for name, value in _contents(user).items():
            if name in before and value is before[name]:
                setattr(user, name, getattr(module, name))
    return _try(session, mutant, items, answer)


def _contents(module: ModuleType) -> dict[str, Any]:
    return {name: value for name, value in vars(module).items() if not name.startswith("__")}


def _importers(module: str) -> set[str]:
    """Return the modules that have taken something that was made in a module when it was imported."""
    made = _contents(sys.modules[module])
    return {
        name
        for name, user in list(sys.modules.items())
        if name.startswith("chalicelib.")
        and name != module
        and any(made.get(word) is value for word, value in _contents(user).items())
    }


class SharedFixtures:
    """Attributes what the fixtures of a file reach to all tests that use them, not only to the first."""

    def __init__(self) -> None:
        self.reached: dict[Any, set[str]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Any:
        if fixturedef.scope == "function":
            return (yield)
        before = set(state()._stats)  # noqa: SLF001
        try:
            return (yield)
        finally:
            self.reached[fixturedef] = set(state()._stats) - before  # noqa: SLF001

    def of(self, item: pytest.Item) -> set[str]:
        used = item._fixtureinfo.name2fixturedefs.values()  # type: ignore[attr-defined]  # noqa: SLF001
        return {one for many in used for fixture in many for one in self.reached.get(fixture, ())}


def _reach_of(session: pytest.Session, items: list[pytest.Item], answer: Path) -> int:
    """Run the tests of a file and answer with what each reaches."""
    set_mutant_under_test("stats")
    shared = SharedFixtures()
    session.config.pluginmanager.register(shared)
    seconds: dict[str, float] = {}
    functions: dict[str, list[str]] = {}
    failed = []
    # Processor time: on a busy machine every test takes long, and mutants would meet too few of them.
    began = time.process_time()
    for item, has_failed in _run(session, items):
        seconds[item.nodeid] = round(time.process_time() - began, 4)
        functions[item.nodeid] = sorted(state()._stats | shared.of(item))  # noqa: SLF001
        if has_failed:
            failed.append(item.nodeid)
        state()._stats.clear()  # noqa: SLF001
        began = time.process_time()
    answer.write_text(
        json.dumps({"seconds": seconds, "functions": functions, "failed": failed}), encoding="utf-8"
    )
    return 0


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Run the tests against mutants.")
    parser.add_argument("patterns", nargs="*", default=["*"])
    parser.add_argument(
        "--seconds", type=float, default=SECONDS_PER_MUTANT, help="how long the tests of a mutant take in all"
    )
    parser.add_argument("--every", type=int, default=1, help="try a sample: every so many mutants")
    parser.add_argument("--workers", type=int, default=CHILDREN, help="how many processes at a time")
    parser.add_argument("--survivors", action="store_true", help="try only mutants that survived before")
    parser.add_argument("--tests", nargs="+", default=[], help="files or folders of tests (all)")
    given = parser.parse_args(arguments)
    os.nice(NICENESS)
    settings = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    mutmut_config()
    selected = settings["pytest_add_cli_args_test_selection"]
    on_dynamodb = any(mutant.name.startswith(DYNAMODB) for mutant in mutants_of(given.patterns))
    tests = [*settings["pytest_add_cli_args"], *selection(selected, given.tests, on_dynamodb=on_dynamodb)]
    tests += [f"--ignore={name}" for name in needless_files(given.patterns)]
    set_mutant_under_test("stats")  # records what runs while modules are imported
    runner = Runner(given.patterns, given.seconds, given.every, given.workers, only_survivors=given.survivors)
    return int(pytest.main(["-s", "-q", "--rootdir=.", *tests], plugins=[runner]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
