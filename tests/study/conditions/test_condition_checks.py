"""What an author gets wrong in a design is reported with the fix."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.study.design.condition_checks import condition_problems
from chalicelib.study.design.conditions import Conditions

FACTORS = {"colour": ["red", "blue"], "delay": [0, 5]}

#: Options of Conditions, and what the only problem says.
MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "no condition": ({"factors": {}}, "The design has no condition"),
    "not an identifier": ({"factors": {"my colour": ["red", "blue"]}}, "'my colour' is not an identifier"),
    "a number as a name": ({"factors": {3: ["red", "blue"]}}, "The condition 3 is not an identifier"),
    "a keyword": ({"factors": {"class": ["a", "b"]}}, "'class' is not an identifier"),
    "a private name": ({"factors": {"_x": ["a", "b"]}}, "'_x' is not an identifier"),
    "the name of a player's attribute": ({"factors": {"round": [1, 2]}}, "'round' has a name that is taken"),
    "the name of a cell's attribute": ({"factors": {"items": [1, 2]}}, "'items' has a name that is taken"),
    "between and within": ({"within": {"colour": ["a", "b"]}}, "'colour' is a condition between and within"),
    "a text for levels": ({"factors": {"colour": "red"}}, "'colour' needs a list of levels"),
    "no level": ({"factors": {"colour": []}}, "'colour' needs a list of levels"),
    "a set of levels": ({"factors": {"colour": {"red"}}}, "'colour' needs a list of levels"),
    "a level twice": ({"factors": {"colour": ["red", "blue", "red"]}}, "'colour' has the level red twice"),
    "levels that look alike": ({"factors": {"delay": [5, "5"]}}, "'delay' has the level 5 twice"),
    "a mapping as a level": ({"factors": {"x": [{"a": 1}, 2]}}, "can't be stored"),
    "an empty text": ({"factors": {"x": ["", "a"]}}, "can't be stored"),
    "a level of two lines": ({"factors": {"x": ["a\nb", "a"]}}, "can't be stored"),
    "not a number": ({"factors": {"x": [float("nan"), 1]}}, "can't be stored"),
    "an unknown assignment": ({"assign": "blocked"}, "write one of random, block, balanced, stratified"),
    "an unknown owner": ({"per": "people"}, "write one of person, group, network"),
    "an unknown ordering": ({"order": "latin"}, "write one of all, latin_square"),
    "too many orders": ({"within": {"task": list("abcdefg")}, "order": "all"}, "write order='latin_square'"),
    "too many cells": ({"factors": {"x": list(range(40)), "y": list(range(40))}}, "has 1,600 cells"),
    "exclude: an unknown condition": ({"exclude": [{"color": "red"}]}, "exclude names 'color'"),
    "exclude: an unknown level": ({"exclude": [{"colour": "green"}]}, "exclude names the level green"),
    "exclude: not a combination": ({"exclude": ["red"]}, "write levels by condition"),
    "exclude: everything": ({"exclude": [{"delay": 0}, {"delay": 5}]}, "exclude leaves no cell"),
    "a level that no cell covers": ({"exclude": [{"colour": "red"}]}, "No cell covers colour=red"),
    "weights: an unknown condition": ({"weights": {"color": {"red": 1}}}, "weights names 'color'"),
    "weights: an unknown level": ({"weights": {"colour": {"green": 1}}}, "weights names the level green"),
    "weights: zero": ({"weights": {"colour": {"red": 0}}}, "write a number above 0, or leave the level out"),
    "weights: negative": ({"weights": {"colour": {"red": -1}}}, "write a number above 0"),
    "weights: infinite": ({"weights": {"colour": {"red": float("inf")}}}, "write a number above 0"),
    "weights: a text": ({"weights": {"colour": {"red": "2"}}}, "write a number"),
    "weights: not by level": ({"weights": {"colour": 2}}, "write a number by level"),
    "weights: blocks too long": ({"weights": {"colour": {"red": 0.1234567}}}, "write weights in simple"),
    "a quota of an unknown cell": ({"most": {"green": 3}}, "most names the cell 'green'"),
    "a quota of zero": ({"most": {("red", 0): 0}}, "write a whole number of 1 or more"),
    "a quota of a half": ({"most": 0.5}, "write a whole number of 1 or more"),
    "no strata": ({"assign": "stratified"}, "needs strata"),
    "strata without effect": ({"stratify_by": "sex"}, "stratify_by has no effect with assign='balanced'"),
    "strata of groups": (
        {"assign": "stratified", "stratify_by": "sex", "per": "group"},
        "Only a person has strata",
    ),
    "an unknown stratum": (
        {"assign": "stratified", "stratify_by": ["sex", "age"]},
        "stratify_by names 'age', which is not an item of this study",
    ),
    "a name that is not an identifier": ({"name": "a b"}, "The name 'a b' of the design"),
    "cells of one name": (
        {"factors": {"a": ["1, b=2", "1"], "b": ["3", "2, b=3"]}},
        "Two cells have the name",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_reported_with_the_fix(mistake: str) -> None:
    options, expected = MISTAKES[mistake]
    design = Conditions(**{"factors": FACTORS, **options})
    (problem,) = condition_problems(design, taken={"round", "group"}, items={"sex"})
    assert expected in problem
    assert problem.endswith(".")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"factors": {"x": [0.5, True, None, "a", ["a", "b"]]}},
        {"factors": {}, "within": {"task": ["a", "b", "c"]}},
        {"weights": {"colour": {"red": 2}}, "most": 30},
        {"assign": "stratified", "stratify_by": ["sex", "entry.site"]},
        {"assign": "random", "weights": {"colour": {"red": 0.1234567}}},
    ],
)
def test_a_right_design_has_no_problem(options: dict[str, Any]) -> None:
    design = Conditions(**{"factors": FACTORS, **options})
    assert condition_problems(design, taken={"round"}, items={"sex"}) == []


def test_every_problem_of_a_design_is_reported() -> None:
    design = Conditions({"class": ["a", "a"], "x": []}, assign="never", stratify_by="sex")
    assert len(condition_problems(design)) == 5


def test_items_that_are_not_known_are_not_demanded() -> None:
    design = Conditions(FACTORS, assign="stratified", stratify_by="age")
    assert condition_problems(design) == []
