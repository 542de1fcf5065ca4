"""Ten seeds of the random checker; `make check-long` goes on for an hour."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checker.kinds import check

pytestmark = pytest.mark.slow

RUNS = [
    ("sqlite", 11),
    ("sqlite", 12),
    ("sqlite", 13),
    ("torn", 1),
    ("torn", 2),
    ("torn", 3),
    ("torn", 4),
    ("torn", 6),
    ("dynamodb", 7),
    ("processes", 3),
]


@pytest.mark.parametrize(("kind", "seed"), RUNS)
def test_a_random_run_ends_with_nothing_wrong(kind: str, seed: int, tmp_path: Path) -> None:
    found = check(kind, seed, tmp_path)
    assert found == [], f"play it again with: python -m tests.checker --kind {kind} --seed {seed}"
