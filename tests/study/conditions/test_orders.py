"""Orders of the levels that each participant goes through."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from chalicelib.study.design.conditions import Conditions
from chalicelib.study.design.orders import all_orders, latin_square


@pytest.mark.parametrize("count", range(2, 10))
def test_each_level_comes_equally_often_at_each_place(count: int) -> None:
    orders = latin_square(list(range(count)))
    assert len(orders) == (count if count % 2 == 0 else 2 * count)
    for place in zip(*orders, strict=True):
        assert set(Counter(place).values()) == {len(orders) // count}


@pytest.mark.parametrize("count", range(2, 10))
def test_each_level_comes_equally_often_right_after_each_other_level(count: int) -> None:
    orders = latin_square(list(range(count)))
    pairs = Counter(pair for order in orders for pair in pairwise(order))
    assert len(pairs) == count * (count - 1)
    assert len(set(pairs.values())) == 1


def test_one_level_has_one_order() -> None:
    assert latin_square(["a"]) == [("a",)]


def test_all_orders_are_all_permutations() -> None:
    assert len(set(all_orders(["a", "b", "c"]))) == 6


@pytest.mark.parametrize(("order", "count"), [("all", 6), ("latin_square", 6)])
def test_the_level_of_a_condition_within_participants_is_an_order(order: str, count: int) -> None:
    design = Conditions({"colour": ["red", "blue"]}, within={"task": ["a", "b", "c"]}, order=order)
    assert len(design.cells) == 2 * count
    assert all(sorted(cell["task"]) == ["a", "b", "c"] for cell in design.cells)
    assert design.cells[0].key == "colour=red, task=a>b>c"
