"""What is exported to another program's format, and imported again, is the same item."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.item_bank.aiken import read_aiken, write_aiken
from infra.item_bank.bank_item import BankItem, ImportedItems, Loss
from infra.item_bank.gift import read_gift
from infra.item_bank.gift_export import write_gift
from infra.item_bank.kahoot import read_kahoot, write_kahoot
from infra.item_bank.surveyjs import read_surveyjs
from infra.item_bank.surveyjs_export import write_surveyjs

#: Texts with the signs of all formats, without blanks at their ends.
SIGNS = "aA1 ~=#{}:\\n%*&<>[]/$.,;-_'\"é語\n"
TEXTS = (
    st.text(SIGNS, min_size=1, max_size=14).map(lambda text: " ".join(text.split(" ")).strip()).filter(bool)
)
LINES = TEXTS.map(lambda text: " ".join(text.split())).filter(bool)
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: name not in ("as", "is", "if", "in")
)


def option_sets(texts: st.SearchStrategy[str], most: int) -> st.SearchStrategy[dict[str, str]]:
    labels = st.lists(texts, min_size=2, max_size=most, unique_by=str.casefold)
    return labels.map(lambda each: {f"o{number}": label for number, label in enumerate(each, 1)})


@st.composite
def choices(draw: st.DrawFn, texts: st.SearchStrategy[str], most: int = 5) -> BankItem:
    options = draw(option_sets(texts, most))
    right = draw(st.sampled_from(sorted(options)))
    return BankItem(draw(NAMES), "choice", draw(texts), {"options": options, "right": right})


@st.composite
def several(draw: st.DrawFn, texts: st.SearchStrategy[str], most: int = 5) -> BankItem:
    options = draw(option_sets(texts, most))
    right = draw(st.lists(st.sampled_from(sorted(options)), min_size=2, unique=True).map(sorted))
    return BankItem(draw(NAMES), "choices", draw(texts), {"options": options, "right": right})


def with_feedback(item: BankItem, keys: Sequence[str], texts: Sequence[str]) -> BankItem:
    said = dict(zip(keys, texts, strict=False))
    return BankItem(item.name, item.kind, item.prompt, {**item.body, **({"feedback": said} if said else {})})


@st.composite
def gift_items(draw: st.DrawFn) -> BankItem:
    texts = TEXTS.filter(lambda text: "->" not in text)
    name, prompt = draw(NAMES), draw(TEXTS)
    kind = draw(
        st.sampled_from(["choice", "choices", "truth", "text", "long", "number", "share", "range", "match"])
    )
    general = draw(st.none() | TEXTS)
    if kind == "choice":
        item = draw(choices(TEXTS))
        return with_feedback(item, sorted(item.body["options"]), draw(st.lists(TEXTS, max_size=2)))
    if kind == "choices":
        item = draw(several(TEXTS))
        return BankItem(item.name, item.kind, item.prompt, {**item.body, "grading": "percent"})
    bodies: Mapping[str, Callable[[], dict[str, Any]]] = {
        "truth": lambda: {
            "options": {"true": "True", "false": "False"},
            "right": draw(st.sampled_from(["true", "false"])),
        },
        "text": lambda: {"right": draw(st.lists(texts, min_size=1, max_size=3, unique_by=str.casefold))},
        "long": lambda: {"long": True},
        "number": lambda: {"right": draw(st.integers(-999, 999))},
        "share": lambda: {"right": Decimal(draw(st.integers(0, 99))) + Decimal("0.25"), "decimals": 2},
        "range": lambda: {"right": {"from": 1, "to": draw(st.integers(2, 9))}},
        "match": lambda: {
            "pairs": [
                list(pair)
                for pair in zip(
                    draw(st.lists(texts, min_size=2, max_size=2, unique_by=str.casefold)),
                    draw(st.lists(texts, min_size=2, max_size=2, unique_by=str.casefold)),
                    strict=True,
                )
            ]
        },
    }
    body = bodies[kind]() | ({"feedback": general} if general else {})
    return BankItem(
        name,
        {"truth": "choice", "long": "text", "range": "number", "share": "number"}.get(kind, kind),
        prompt,
        body,
    )


@st.composite
def survey_items(draw: st.DrawFn) -> BankItem:
    kind = draw(
        st.sampled_from(["choice", "choices", "text", "number", "rating", "likert", "order", "table", "date"])
    )
    extra: dict[str, Any] = {}
    if draw(st.booleans()):
        extra["required"] = False
    if draw(st.booleans()):
        extra["help"] = draw(TEXTS)
    if draw(st.booleans()):
        extra["translations"] = {"de": {"prompt": draw(TEXTS)}}
    options = draw(option_sets(TEXTS, 4))
    bodies: Mapping[str, dict[str, Any]] = {
        "choice": {"options": options, "right": "o1", "shuffle": True},
        "choices": {"options": options, "right": ["o1", "o2"], "other": True, "least": 1},
        "text": {"long": True, "max_length": draw(st.integers(1, 500))},
        "number": {"minimum": 0, "maximum": draw(st.integers(1, 99)), "right": 1},
        "rating": {"steps": draw(st.integers(2, 15))},
        "likert": {"steps": 7, "low": draw(TEXTS), "high": draw(TEXTS)},
        "order": {"pieces": options},
        "table": {"rows": options, "item": {"kind": "choice", "options": options}},
        "date": {"minimum": "2020-01-01", "maximum": "2021-01-01"},
    }
    return BankItem(draw(NAMES), kind, draw(TEXTS), {**bodies[kind], **extra})


def valid(item: BankItem) -> bool:
    return item.problems() == []


def require_same(
    item: BankItem, written: tuple[Any, list[Loss]], read: Callable[[Any], ImportedItems]
) -> None:
    assert written[1] == []
    found = read(written[0])
    assert [str(loss) for loss in found.losses if "time limit" not in loss.what] == []
    (again,) = found.items
    assert (again.kind, again.prompt) == (item.kind, item.prompt)
    assert again.body == item.body


QUICK = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)


@given(gift_items().filter(valid))
@QUICK
def test_gift_keeps_an_item_whatever_signs_its_texts_have(item: BankItem) -> None:
    require_same(item, write_gift([item]), read_gift)
    assert read_gift(write_gift([item])[0]).items[0].name == item.name


@given(survey_items().filter(valid))
@QUICK
def test_surveyjs_keeps_an_item(item: BankItem) -> None:
    require_same(item, write_surveyjs([item]), read_surveyjs)
    assert read_surveyjs(write_surveyjs([item])[0]).items[0].name == item.name


@given(choices(LINES))
@QUICK
def test_aiken_keeps_a_choice(item: BankItem) -> None:
    written, losses = write_aiken([item])
    if losses:
        assert "would read the question as" in losses[0].what
        return
    (again,) = read_aiken(written).items
    labels = list(item.body["options"].values())
    assert (again.prompt, list(again.body["options"].values())) == (item.prompt, labels)
    assert again.body["options"][again.body["right"]] == item.body["options"][item.body["right"]]


@given(choices(TEXTS, 4) | several(TEXTS, 4))
@settings(max_examples=30, deadline=None)
def test_the_spreadsheet_keeps_a_question(item: BankItem) -> None:
    require_same(item, write_kahoot([item]), read_kahoot)


@pytest.mark.parametrize("write", [write_gift, write_aiken, write_surveyjs, write_kahoot])
def test_settings_that_a_format_lacks_are_named(write: Any) -> None:
    body = {"options": {"a": "A", "b": "B"}, "right": "a", "media": "cat.png", "points": 3}
    losses = write([BankItem("c", "choice", "Which?", body)])[1]
    assert [str(loss) for loss in losses] == ["c: media, points can't be written in this format."]
