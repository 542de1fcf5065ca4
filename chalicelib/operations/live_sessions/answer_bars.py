"""Counts the answers to the items of a page for the bars on the host's screen."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib.study.items import Item
from chalicelib.study.items.choice_items import OTHER, as_options
from chalicelib.study.items.markup import shown_text
from chalicelib.study.items.sorting_items import OrderItem
from chalicelib.study.live_sessions.live_session_records import LiveAnswer

#: How many bars of answers that aren't options are shown, the most frequent first.
MOST_BARS: Final = 8
#: What stands between the pieces of an order.
ARROW: Final = " \N{RIGHTWARDS ARROW} "
#: How much of a text is shown.
MOST_CHARACTERS: Final = 80


@dataclass(frozen=True, slots=True)
class AnswerBar:
    """How many players gave one answer."""

    label: str
    count: int
    is_right: bool = field(metadata={"help": "False as long as the solution isn't shown."})


@dataclass(frozen=True, slots=True)
class ItemBars:
    """The answers to one item of the page that is shown."""

    item: str
    kind: str
    prompt: str
    answered: int
    bars: list[AnswerBar]
    others: int = field(metadata={"help": "How many gave an answer that has no bar."})


def bars_of(name: str, item: Item, answers: Sequence[LiveAnswer], *, is_solved: bool) -> ItemBars:
    """Return how often each answer to an item was given; `is_solved`: mark what is right."""
    given = [one.answers[name] for one in answers if one.answers.get(name) is not None]
    counts = Counter(key for value in given for key in _keys(item, value))
    labels = _options(item)
    right = set(_keys(item, item.right)) if is_solved and item.right is not None else set()
    keys = _keys_with_bars(counts, labels)
    bars = [AnswerBar(labels.get(key, key)[:MOST_CHARACTERS], counts[key], key in right) for key in keys]
    others = counts.total() - sum(bar.count for bar in bars)
    prompt = shown_text(item.prompt) if item.prompt else name
    return ItemBars(name, item.kind, prompt, len(given), bars, others)


def _keys_with_bars(counts: Counter[str], labels: Mapping[str, str]) -> list[str]:
    """Return the answers that have a bar: the options in their order, or the most frequent answers."""
    if labels and counts.keys() <= labels.keys():
        return list(labels)
    frequent = sorted(counts, key=lambda key: (-counts[key], key))[:MOST_BARS]
    return sorted(frequent, key=float) if all(map(_is_number, frequent)) else frequent


def _options(item: Item) -> dict[str, str]:
    options = getattr(item, "options", ())
    if callable(options):
        return {}
    try:
        return {each.key: each.label or each.key for each in as_options(options)}
    except (TypeError, ValueError):
        return {}


def _keys(item: Item, value: Any) -> list[str]:
    """Return what is counted of an answer: each chosen option, a whole order, or the answer as a text."""
    value = with_own_texts(value)
    if isinstance(value, str):
        return [" ".join(value.split())[:MOST_CHARACTERS]]
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if isinstance(item, OrderItem) and isinstance(value, list | tuple):
        return [ARROW.join(map(str, value))]
    if isinstance(value, list | tuple | set | frozenset) and all(isinstance(one, str) for one in value):
        return [str(one) for one in value]
    return [json.dumps(value, ensure_ascii=False, default=str)]


def with_own_texts(value: Any) -> Any:
    """Return an answer with the text that the player wrote in place of the option for another answer."""
    if isinstance(value, list | tuple):
        return [with_own_texts(one) for one in value]
    is_other = isinstance(value, Mapping) and value.get("key") == OTHER and isinstance(value.get("text"), str)
    return value["text"] if is_other else value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
