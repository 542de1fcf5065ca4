"""Designs: their cells, and which cell each slot has."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from chalicelib.errors import ExperimentError
from chalicelib.study.design.cell import Cell
from chalicelib.study.design.conditions import Conditions

FACTORS = {"colour": ["red", "blue"], "delay": [0, 5]}


def cells(design: Conditions, count: int, seed: str = "seed", stratum: str = "") -> list[str]:
    found = [design.cell_at(number, seed, stratum) for number in range(1, count + 1)]
    return ["full" if cell is None else cell.key for cell in found]


def test_several_conditions_are_crossed() -> None:
    assert [cell.key for cell in Conditions(FACTORS).cells] == [
        "colour=red, delay=0",
        "colour=red, delay=5",
        "colour=blue, delay=0",
        "colour=blue, delay=5",
    ]


def test_a_plain_mapping_is_a_balanced_design() -> None:
    design = Conditions.of(FACTORS)
    assert (design.assign, design.per, Conditions.of(design)) == ("balanced", "person", design)


def test_options_with_factors_are_a_design_as_front_matter_writes_them() -> None:
    design = Conditions.of({"factors": {"colour": ["red", "blue"]}, "assign": "block", "most": 5})
    assert (design.assign, design.limits, list(design.levels)) == ("block", [5, 5], ["colour"])
    assert list(Conditions.of({"within": {"task": ["a", "b"]}}).levels) == ["task"]


@pytest.mark.parametrize("name", ["factors", "within", "assign"])
def test_a_condition_may_have_the_name_of_an_option(name: str) -> None:
    assert list(Conditions.of({name: ["red", "blue"]}).levels) == [name]


def test_an_unknown_option_of_a_design_is_refused() -> None:
    with pytest.raises(ExperimentError, match=r"the option 'asign'; the options are assign, exclude"):
        Conditions.of({"factors": {"colour": ["red", "blue"]}, "asign": "block"})


def test_a_cell_gives_its_levels_by_name_and_attribute() -> None:
    cell = Cell({"colour": "red", "delay": 5})
    assert (cell["colour"], cell.delay, dict(cell)) == ("red", 5, {"colour": "red", "delay": 5})


def test_a_condition_that_a_cell_does_not_have_is_an_error_with_the_names() -> None:
    with pytest.raises(AttributeError, match=r"no condition 'color'.*colour, delay"):
        _ = Cell({"colour": "red", "delay": 5}).color


def test_a_cell_can_not_be_changed() -> None:
    with pytest.raises(TypeError):
        Cell({"colour": "red"})["colour"] = "blue"  # type: ignore[index]


def test_the_key_of_a_cell_does_not_depend_on_the_order_of_conditions() -> None:
    one, other = Cell({"a": 1, "b": True}), Cell({"b": True, "a": 1})
    assert (one.key, one, hash(one)) == ("a=1, b=true", other, hash(other))


def test_levels_of_different_types_differ() -> None:
    cell = Cell({"flag": True})
    assert (cell.matches({"flag": True}), cell.matches({"flag": 1}), cell.matches({"other": True})) == (
        True,
        False,
        False,
    )


@pytest.mark.parametrize("level", ["red", 5, 0.5, True, None, Decimal("0.10"), ("a", "b")])
def test_a_stored_cell_is_found_again_with_its_declared_level(level: object) -> None:
    design = Conditions({"x": [level, "other"]})
    found = design.find(Cell({"x": level}).as_json())
    assert found is not None
    assert (found["x"], type(found["x"])) == (level, type(level))


def test_a_cell_that_the_design_has_no_more_is_not_found() -> None:
    assert Conditions(FACTORS).find({"colour": "green", "delay": 0}) is None


def test_excluded_combinations_are_not_run() -> None:
    design = Conditions(FACTORS, exclude=[{"colour": "red", "delay": 5}])
    assert "colour=red, delay=5" not in cells(design, 30)


def test_each_block_has_each_cell_as_often_as_its_weight() -> None:
    design = Conditions(FACTORS, weights={"colour": {"red": 2}, "delay": {5: 0.5}})
    expected = {
        "colour=red, delay=0": 4,
        "colour=red, delay=5": 2,
        "colour=blue, delay=0": 2,
        "colour=blue, delay=5": 1,
    }
    every = cells(design, 27)
    assert [Counter(every[start : start + 9]) for start in (0, 9, 18)] == [expected] * 3


def test_weights_are_exact_decimals() -> None:
    assert Conditions({"x": [1, 2]}, weights={"x": {1: 0.1, 2: 0.3}}).cell_weights == [1, 3]


def test_blocks_are_in_different_orders() -> None:
    every = cells(Conditions(FACTORS), 80)
    assert len({tuple(every[start : start + 4]) for start in range(0, 80, 4)}) > 5


@pytest.mark.parametrize("assign", ["random", "balanced"])
def test_the_order_follows_from_the_seed_and_the_stratum(assign: str) -> None:
    design = Conditions(FACTORS, assign=assign)
    assert cells(design, 40) == cells(design, 40)
    assert cells(design, 40) != cells(design, 40, seed="other")
    assert cells(design, 40) != cells(design, 40, stratum="female")


def test_the_order_stays_the_same_in_later_versions() -> None:
    """A run that is updated goes on with the cells that its slots had."""
    design = Conditions(FACTORS)
    keys = [cell.key for cell in design.cells]
    assert "".join(str(keys.index(key)) for key in cells(design, 16)) == "3012210302312013"


def test_random_draws_follow_the_weights() -> None:
    design = Conditions({"x": ["a", "b"]}, assign="random", weights={"x": {"a": 3}})
    share = Counter(cells(design, 4000))["x=a"] / 4000
    assert 0.72 < share < 0.78


@pytest.mark.parametrize("assign", ["random", "block", "balanced"])
def test_a_full_cell_is_passed_over_until_all_are_full(assign: str) -> None:
    design = Conditions(
        FACTORS, assign=assign, most={("red", 0): 1, ("red", 5): 2, ("blue", 0): 3, ("blue", 5): 4}
    )
    assert Counter(cells(design, 12)) == {
        "colour=red, delay=0": 1,
        "colour=red, delay=5": 2,
        "colour=blue, delay=0": 3,
        "colour=blue, delay=5": 4,
        "full": 2,
    }


@pytest.mark.parametrize("assign", ["random", "block", "balanced"])
def test_a_cell_without_a_quota_never_fills(assign: str) -> None:
    design = Conditions({"x": ["a", "b"]}, assign=assign, most={"a": 2})
    assert Counter(cells(design, 60)) == {"x=a": 2, "x=b": 58}


def test_a_quota_names_a_cell_by_its_key_too() -> None:
    assert Conditions(FACTORS, most={"colour=red, delay=0": 7}).limits == [7, None, None, None]


def test_the_stratum_of_a_participant_joins_the_values() -> None:
    design = Conditions(FACTORS, assign="stratified", stratify_by=["sex", "entry.site"])
    assert design.stratum({"sex": "female", "entry.site": 3, "age": 30}) == "female/3"
    assert design.stratum({"sex": "female"}) == "female/none"


def test_the_design_table_has_a_row_for_each_cell() -> None:
    design = Conditions(
        FACTORS, weights={"delay": {5: 2}}, exclude=[{"colour": "red", "delay": 5}], most={("red", 0): 9}
    )
    assert design.design_table() == [
        {"cell": "colour=red, delay=0", "colour": "red", "delay": "0", "share": "1/4", "most": "9"},
        {"cell": "colour=blue, delay=0", "colour": "blue", "delay": "0", "share": "1/4", "most": ""},
        {"cell": "colour=blue, delay=5", "colour": "blue", "delay": "5", "share": "1/2", "most": ""},
    ]
