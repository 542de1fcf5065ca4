from __future__ import annotations

import tomllib
from collections import Counter

import pytest

from bench import mutants

SELECTED = tomllib.loads((mutants.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"][
    "pytest_add_cli_args_test_selection"
]


@pytest.mark.parametrize(
    ("mutant", "function"),
    [
        ("chalicelib.model.record.x_alive__mutmut_1", "chalicelib.model.record.alive"),
        ("chalicelib.model.node.xǁNodeǁfail__mutmut_12", "chalicelib.model.node.Node.fail"),
        (
            "chalicelib.operations.shared.tokens.xǁSignedTokensǁ__init____mutmut_2",
            "chalicelib.operations.shared.tokens.SignedTokens.__init__",
        ),
        (
            "chalicelib.operations.payment.ledger.x__claim__mutmut_3",
            "chalicelib.operations.payment.ledger._claim",
        ),
    ],
)
def test_a_mutant_is_listed_under_the_name_of_its_function(mutant: str, function: str) -> None:
    assert mutants.function_of(mutant) == function


@pytest.mark.parametrize(
    ("after", "equivalent"),
    [
        ('return cast("NODE", found)', True),
        ("return cast(None, found)", True),
        ('return cast("Node", None)', False),
        ('return cast("Node", found)', False),
    ],
)
def test_the_type_that_a_cast_names_makes_no_difference(after: str, equivalent: bool) -> None:
    assert mutants.differs_in_types('return cast("Node", found)', after) is equivalent


@pytest.mark.parametrize(
    ("before", "after", "equivalent"),
    [
        ('run("SELECT v FROM item")', 'run("select v from item")', True),
        ('run(f"PRAGMA busy={x}")', 'run(f"pragma busy={x}")', True),
        ('rows("pk = ? AND sk <= ?", (pk, last))', 'rows("PK = ? AND SK <= ?", (pk, last))', True),
        ('run("SELECT v FROM item")', 'run("SELECT v FROM items")', False),
        ("run(\"SELECT v WHERE kind = 'a'\")", "run(\"SELECT v WHERE kind = 'A'\")", False),
        ('run("other")', 'run("OTHER")', False),
    ],
)
def test_the_case_of_sql_makes_no_difference(before: str, after: str, equivalent: bool) -> None:
    assert mutants.differs_in_case_of_sql(before, after) is equivalent


def test_equivalent_mutants_do_not_count_in_the_score() -> None:
    counts = Counter({"noticed": 3, "survived": 1, "equivalent": 4, "not run": 2})
    assert mutants.row("some.module", counts).split() == ["some.module", "10", "2", "3", "4", "1", "75.0%"]


def test_each_equivalent_mutant_has_a_reason() -> None:
    assert all(one.why and one.function and one.becomes for one in mutants.equivalents())


def test_only_mutants_of_its_storage_meet_tests_on_dynamodb() -> None:
    usual = mutants.selection(SELECTED, [], on_dynamodb=False)
    slow = mutants.selection(SELECTED, [], on_dynamodb=True)
    assert usual == SELECTED
    assert "not dynamodb" in " ".join(usual)
    assert slow == [one.replace("not dynamodb and not DynamoDB and not moto and ", "") for one in usual]
    assert slow != usual


def test_the_tests_may_be_chosen() -> None:
    chosen = mutants.selection(SELECTED, ["tests/money"], on_dynamodb=False)
    assert [one for one in chosen if one.startswith("tests/")] == ["tests/money"]
    assert chosen[:-1] == [one for one in SELECTED if not one.startswith("tests/")]
