"""Options in a drawn order, options as objects, and the results of a poll."""

from __future__ import annotations

import random
from typing import Any

import pytest

from chalicelib.study.items import Frame, Item, Option, choice, choices, poll
from chalicelib.study.translation import translate

from .html_reader import Document

LETTERS = [*"abcd", {"key": "none", "label": "None of these", "fixed": True, "alone": True}]


def keys_shown(item: Item, order: list[str] | None) -> list[Any]:
    document = Document(item.named("item").render(Frame(order=order)))
    return [each.attributes["value"] for each in document.named("input") if each.attributes["type"] != "text"]


def drawn(item: Item, seed: int) -> list[str]:
    order = item.draw_order(random.Random(seed))
    assert order is not None
    return order


def test_a_fixed_option_keeps_its_place():
    item = choices("Which?", [{"key": "first", "fixed": True}, *LETTERS], shuffle=True)
    orders = [drawn(item, seed) for seed in range(40)]
    assert {order[0] for order in orders} == {"first"}
    assert {order[-1] for order in orders} == {"none"}
    assert len({tuple(order) for order in orders}) > 10


def test_another_answer_stays_last():
    item = choice("Which?", ["a", "b", "c"], other=True, shuffle=True)
    assert {drawn(item, seed)[-1] for seed in range(20)} == {"other"}


def test_an_authors_word_for_another_answer_precedes_petris():
    item = choice("Which?", ["a"], other=True, translations={"de": {"options": {"other": "Etwas anderes"}}})
    frame = Frame(language="de", text=lambda text: translate(text, "de"))
    assert "Etwas anderes" in item.named("x").render(frame)
    assert "Andere Antwort" in choice("Which?", ["a"], other=True).named("x").render(frame)


def test_the_participant_sees_the_drawn_order():
    item = choice("Which?", ["a", "b", "c"], shuffle=True)
    assert keys_shown(item, ["c", "a", "b"]) == ["c", "a", "b"]
    assert keys_shown(item, None) == ["a", "b", "c"]


@pytest.mark.parametrize("order", [["c", "a"], ["c", "c", "a"], ["x", "y", "z"]])
def test_an_order_of_former_options_is_not_used(order: list[str]):
    assert keys_shown(choice("Which?", ["a", "b", "c"], shuffle=True), order) == ["a", "b", "c"]


def test_the_same_draw_gives_the_same_order():
    item = choice("Which?", [*"abcdefgh"], shuffle=True)
    assert drawn(item, 5) == drawn(item, 5)


def test_an_order_is_not_drawn_without_shuffle():
    assert choice("Which?", ["a", "b"]).draw_order(random.Random(1)) is None


def test_options_can_be_objects_or_lists_of_either():
    one = choice("Which?", {"a": "A", "b": "B"})
    for options in (
        [Option("a", "A"), Option("b", "B")],
        [{"a": "A"}, {"b": "B"}],
        {"a": {"label": "A"}, "b": Option("b", "B")},
    ):
        other = choice("Which?", options)
        assert other.problems() == []
        assert other.named("x").render(Frame()) == one.named("x").render(Frame())


# The results of a poll.

LUNCH = poll("What shall we <eat>?", {"pizza": "Pizza & wine", "salad": "Salad"}, other=True).named("lunch")


def test_a_poll_counts_each_option():
    answers = ["pizza", "salad", "pizza", {"key": "other", "text": "Soup"}, None, "gone"]
    assert LUNCH.tally(answers) == {"pizza": 2, "salad": 1, "other": 1}


def test_the_results_are_a_table_with_a_bar_and_a_share_for_each_option():
    html = LUNCH.render_results(["pizza", "salad", "pizza", "pizza"], Frame())
    document = Document(html)
    assert [each.text for each in document.named("th")] == ["Pizza & wine", "Salad", "Other"]
    assert [each.text for each in document.named("td") if each.text] == ["3 (75%)", "1 (25%)", "0 (0%)"]
    bars = [each.attributes for each in document.named("meter")]
    assert [(bar["value"], bar["max"], bar["aria-label"]) for bar in bars] == [
        ("3", "4", "Pizza & wine"),
        ("1", "4", "Salad"),
        ("0", "4", "Other"),
    ]
    assert document.named("eat") == []


def test_results_without_answers_have_no_shares():
    document = Document(LUNCH.render_results([], Frame(text=lambda text: translate(text, "de"))))
    assert [each.text for each in document.named("td") if each.text] == ["0", "0", "0"]
    assert document.named("th")[-1].text == "Andere Antwort"
