from __future__ import annotations

from bench.costs import Cost
from bench.figures.budgets import budgets
from bench.figures.checks import Findings
from bench.figures.tally import Tally
from bench.imports import Imported
from bench.scenarios import SCENARIOS, Result
from tests.unit.bench.test_checks import GOOD


def result(findings: Findings = GOOD, wall: float = 5.0) -> Result:
    tally = Tally(finished=1000, wall=wall)
    tally.seconds["POST /info"] += [0.01] * 10
    return Result(SCENARIOS[0], tally, findings, cpu=3.0, peak_bytes=50_000_000, conflicts=0)


def test_a_quick_and_sound_run_meets_its_budgets():
    assert all(line.met for line in budgets([result()], [], []))


def test_a_run_that_forked_a_chain_misses_its_budget_however_quick():
    forked = Findings(**{**vars(GOOD), "forks": 1})
    assert [line.met for line in budgets([result(forked)], [], [])] == [False, True, True]


def test_a_slow_run_misses_its_budget():
    assert [line.met for line in budgets([result(wall=20.0)], [], [])] == [False, True, True]


def test_a_call_too_many_misses_its_budget():
    (line,) = budgets([], [Cost("POST /node", 5, 9, 9)], [])
    assert not line.met


def test_a_request_without_a_budget_is_not_judged():
    assert budgets([], [Cost("POST /participant", 4, 9, 9)], []) == []


def test_an_import_that_takes_too_much_memory_misses_its_budget():
    (line,) = budgets([], [], [Imported("import app", 100.0, 70_000_000)])
    assert not line.met


def test_what_the_engine_adds_to_the_import_is_shown_and_not_judged():
    assert (
        budgets([], [], [Imported("import app, chalicelib.storage.dynamodb.dynamodb_engine", 900.0, 10)])
        == []
    )
