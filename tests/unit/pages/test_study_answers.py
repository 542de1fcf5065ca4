"""The rules of answers in the page of a study: checked in the browser as on the server."""

from __future__ import annotations

from typing import Any

import pytest

from .scripts import Scripts


@pytest.fixture(scope="module")
def scripts() -> Scripts:
    return Scripts("dallinger2.js", "petri.js", "study/texts.js", "study/answers.js")


NUMBER = {"kind": "number", "required": True, "minimum": "0", "maximum": "10", "decimals": 0}
TEXT = {"kind": "text", "required": True, "min_length": 3, "max_length": 5}
TABLE = {"kind": "table", "required": True, "rows": ["a", "b"], "item": NUMBER}
CHOICES = {"kind": "choices", "required": True, "least": 2, "most": 3, "alone": ["none"]}


@pytest.mark.parametrize(
    ("rules", "value", "problem"),
    [
        (NUMBER, "5", None),
        (NUMBER, "10.0", None),
        (NUMBER, None, "Please answer this question."),
        (NUMBER, " ", "Please answer this question."),
        (NUMBER, "ten", "The answer must be a number."),
        (NUMBER, "?", "The answer must be a number."),
        (NUMBER, "11", "The number must be 10 at most."),
        (NUMBER, "-1", "The number must be 0 at least."),
        (NUMBER, "1.5", "The number must be a whole number."),
        (NUMBER | {"decimals": 1}, "1.55", "The number can have 1 decimal places at most."),
        (NUMBER | {"required": False}, None, None),
        (TEXT, "four", None),
        (TEXT, "🙂🙂🙂", None),
        (TEXT, "ab", "Write at least 3 characters."),
        (TEXT, "abcdef", "The answer has 6 characters; 5 are allowed."),
        ({"kind": "text", "pattern": "[a-z]+"}, "abc", None),
        ({"kind": "text", "pattern": "[a-z]+"}, "abc1", "The answer does not have the expected form."),
        ({"kind": "text", "pattern": "[a-z]+", "pattern_help": "Letters only."}, "1", "Letters only."),
        ({"kind": "text", "pattern": "(?P<year>a)"}, "anything", None),
        ({"kind": "email"}, "name@example.org", None),
        ({"kind": "email"}, "name", "Write an email address, such as name@example.org."),
        ({"kind": "choice"}, "red", None),
        ({"kind": "choice"}, None, "Please answer this question."),
        ({"kind": "choice"}, {"key": "other", "text": "Pink"}, None),
        ({"kind": "choice"}, {"key": "other", "text": " "}, "Please say what you mean by the other answer."),
        (CHOICES, ["a", "b"], None),
        (CHOICES, [], "Please answer this question."),
        (CHOICES | {"least": 0}, [], None),
        (CHOICES, ["a"], "Choose at least 2."),
        (CHOICES, ["a", "b", "c", "d"], "Choose 3 at most."),
        (CHOICES, ["a", "none"], "One of the options you chose excludes the others."),
        ({"kind": "consent"}, False, "Tick the box to agree."),
        ({"kind": "consent"}, True, None),
        (TABLE, {"a": "1", "b": None}, "Please answer this question."),
        (TABLE, {"a": "1", "b": "12"}, "The number must be 10 at most."),
        (TABLE, {"a": "1", "b": "2"}, None),
        ({"kind": "an author's own"}, {"any": "thing"}, None),
    ],
)
def test_an_answer_is_checked_by_the_rules_of_its_item(
    scripts: Scripts, rules: dict[str, Any], value: Any, problem: str | None
) -> None:
    assert scripts.call("petri.study.problem", rules, value) == problem


def test_only_items_on_the_page_are_checked(scripts: Scripts) -> None:
    items = {"a": NUMBER, "b": NUMBER}
    assert scripts.call("petri.study.problems", items, {"a": "99"}) == {"a": "The number must be 10 at most."}


def test_a_text_is_filled_with_values_and_stays_english_without_a_translation(scripts: Scripts) -> None:
    assert scripts.call("petri.study.text", "{n} seconds left", {"n": 3}) == "3 seconds left"
    assert scripts.call("petri.study.text", "Not {translated}") == "Not {translated}"
