"""What holds for every kind of item: bots, types, secrets, escaping, labels, and raw answers of any shape."""

from __future__ import annotations

import json
import random
import string
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from chalicelib.study.items import (
    AnswerError,
    Frame,
    Grade,
    Item,
    categorise,
    check_answer,
    kinds,
    match,
    order,
)
from chalicelib.study.items.item import PARTS, built_in_kinds

from .html_reader import Document
from .samples import SAMPLES, SCRIPT, SECRET, kinds_sampled, named_samples

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["red", "blue", "other", "1", "5", "key", "text", "a", "10:30", "2026-02-29", "x@y.org"]
    )
)
SHAPES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=5) | st.sampled_from(["key", "text", "a", "b", "from", "to"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)
SEEDS = st.integers(0, 2**32)
FEWER = settings(
    max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that takes `item` each sample in turn."""
    if "item" in metafunc.fixturenames:
        found = dict(named_samples())
        metafunc.parametrize("item", found.values(), ids=found.keys())


def test_every_kind_has_a_sample():
    assert kinds_sampled() == built_in_kinds()
    assert len(built_in_kinds()) == 22


@pytest.mark.parametrize("kind", sorted(built_in_kinds()))
@pytest.mark.parametrize("part", PARTS)
def test_every_kind_defines_each_part(kind: str, part: str):
    assert getattr(kinds()[kind], part) is not getattr(Item, part)


def test_a_sample_has_no_problems(item: Item):
    assert item.problems() == []


@FEWER
@given(seed=SEEDS)
def test_the_answer_of_a_bot_is_valid(item: Item, seed: int):
    raw = json.loads(json.dumps(item.bot_answer(random.Random(seed))))
    assert check_answer(item, raw) is not None


@FEWER
@given(seed=SEEDS)
def test_what_is_stored_is_json_and_is_read_back_with_the_same_type(item: Item, seed: int):
    stored = check_answer(item, item.bot_answer(random.Random(seed)))
    assert json.loads(json.dumps(stored)) == stored
    value = item.value(stored)
    assert type(item.value(json.loads(json.dumps(stored)))) is type(value)
    assert item.value(json.loads(json.dumps(stored))) == value


@FEWER
@given(seed=SEEDS)
def test_a_stored_answer_is_valid_again(item: Item, seed: int):
    stored = check_answer(item, item.bot_answer(random.Random(seed)))
    assert check_answer(item, stored) == stored


@FEWER
@given(raw=SHAPES)
@example(raw=float("nan"))
@example(raw=1e308)
@example(raw=10**400)
@example(raw="\ud800")
@example(raw=["\ud800"])
@example(raw={"\ud800": 1})
@example(raw="\x00")
@example(raw="1" * 500)
def test_a_raw_answer_of_any_shape_is_stored_or_refused_with_a_sentence(item: Item, raw: Any):
    refused = None
    try:
        stored = check_answer(item, raw)
    except AnswerError as error:
        refused = error
    if refused is not None:
        assert str(refused).endswith(".")
        assert "{" not in str(refused)
        assert (refused.status, refused.code) == (422, "answer_refused")
        return
    json.dumps(stored, allow_nan=False).encode()
    if stored is not None:
        item.value(stored)


def test_a_deeply_nested_answer_is_refused(item: Item):
    nested: Any = "x"
    for _ in range(5000):
        nested = [nested]
    with pytest.raises(AnswerError, match="expected form"):
        check_answer(item, nested)


def test_an_answer_of_a_megabyte_is_refused(item: Item):
    for raw in ("x" * 1_000_000, ["x" * 1_000_000], {"text": "x" * 1_000_000}):
        with pytest.raises(AnswerError):
            check_answer(item, raw)


@pytest.mark.parametrize("raw", [None, "", "  ", [], {}])
def test_a_required_item_needs_an_answer_and_another_does_not(item: Item, raw: Any):
    assert check_answer(replace(item, required=False), raw) in (None, [])
    if item.kind != "display" and not (raw == [] and getattr(item, "least", None) == 0):
        with pytest.raises(AnswerError, match="Please answer this question"):
            check_answer(replace(item, required=True), raw)


@FEWER
@given(seed=SEEDS)
def test_a_grade_is_within_its_bounds(item: Item, seed: int):
    stored = check_answer(item, item.bot_answer(random.Random(seed)))
    for answer in (stored, None):
        grade = item.grade(answer)
        assert isinstance(grade, Grade)
        assert grade.percent is None or 0 <= grade.percent <= 1
        assert 0 <= grade.points <= item.points
        assert grade.correct == (grade.percent == 1) or grade.correct is None


def test_an_item_without_right_answers_is_not_graded(item: Item):
    plain = replace(item, right=None)
    if not plain.is_graded:
        assert plain.grade(check_answer(plain, plain.bot_answer(random.Random(1)))).correct is None


@pytest.mark.parametrize("rule", ["manual", "peer"])
def test_an_item_that_people_grade_has_no_grade_yet(item: Item, rule: str):
    graded = replace(item, grading=rule)
    stored = check_answer(graded, graded.bot_answer(random.Random(1)))
    assert graded.grade(stored) == Grade()


def test_interaction_gives_the_points_for_any_answer(item: Item):
    graded = replace(item, grading="interaction", points=3)
    grade = graded.grade(check_answer(graded, graded.bot_answer(random.Random(1))))
    assert (grade.percent, grade.points, grade.correct) == (1, 3, None)
    assert graded.grade(None).points == 0


# What the browser gets.


def test_no_right_answer_and_no_feedback_reaches_the_browser(item: Item):
    stored = check_answer(item, item.bot_answer(random.Random(3)))
    for value in (None, stored):
        if SECRET not in json.dumps(stored):
            assert SECRET not in item.render(Frame(value=value))
    public = json.dumps(item.public())
    assert SECRET not in public
    assert not {"right", "feedback", "points", "grading", "right_pattern"} & set(item.public())


LISTED_IN_ORDER = [
    (order("Sort.", ["b", "a", "d", "c"], right=True), {"pieces": ["c", "d", "a", "b"]}),
    (order("Sort.", ["b", "a"], distractors=["c"], right=True), {"pieces": ["c", "a"], "distractors": ["b"]}),
    (match("Which?", {"a": "1", "b": "2", "c": "3"}), {"pairs": {"a": "3", "b": "1", "c": "2"}}),
    (match("Which?", [("a", "1"), ("b", "2")], extra=["3"]), {"pairs": {"a": "3", "b": "1"}, "extra": ["2"]}),
    (categorise("Where?", {"x": ["a", "b"], "y": ["c"]}), {"bins": {"x": ["c"], "y": ["b", "a"]}}),
]


@pytest.mark.parametrize(("arranged", "other"), LISTED_IN_ORDER, ids=lambda each: getattr(each, "kind", None))
def test_what_is_shown_does_not_depend_on_what_is_right(arranged: Item, other: dict[str, Any]):
    first, second = arranged.named("item"), replace(arranged, **other).named("item")
    assert (first.problems(), second.problems()) == ([], [])
    assert first.render(Frame()) == second.render(Frame())
    assert first.public() == second.public()


def test_the_rules_for_the_browser_are_json_and_name_the_kind(item: Item):
    rules = json.loads(json.dumps(item.public(), allow_nan=False))
    assert rules == item.public()
    assert rules["kind"] == item.kind
    assert rules["required"] == item.required


def _with_script(value: Any) -> Any:
    """Return an author's field with a script in each of its texts that participants see."""
    if isinstance(value, str):
        return value + SCRIPT
    if isinstance(value, dict):
        return {key: _with_script(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_with_script(each) for each in value]
    return value


TEXTS = (
    "prompt",
    "help",
    "unit",
    "placeholder",
    "labels",
    "low",
    "high",
    "text",
    "options",
    "media",
    "other",
)


def test_a_script_in_a_text_of_the_author_is_escaped(item: Item):
    shown = {each.name for each in fields(item)} & set(TEXTS)
    scripted = {name: _with_script(getattr(item, name)) for name in shown}
    html = replace(item, **scripted).render(Frame(value=SCRIPT, text=lambda text: text + SCRIPT))
    _assert_no_script(html)


@FEWER
@given(value=SHAPES | st.just(SCRIPT) | st.just([SCRIPT]) | st.just({"key": "other", "text": SCRIPT}))
def test_a_draft_of_any_shape_is_shown_without_a_script(item: Item, value: Any):
    _assert_no_script(item.render(Frame(value=value)))


def _assert_no_script(html: Markup) -> None:
    assert isinstance(html, Markup)
    document = Document(html)
    assert document.named("script", "style", "iframe", "object") == []
    for element in document.elements:
        assert not [name for name in element.attributes if name.startswith("on") or name == "style"]
        assert element.attributes.get("src") != "x"


def test_a_draft_is_shown_as_it_was_answered(item: Item):
    if item.kind == "display":
        return
    stored = check_answer(item, item.bot_answer(random.Random(5)))
    assert item.render(Frame(value=stored)) != item.render(Frame())


def test_the_html_has_the_agreed_frame(item: Item):
    first, *_ = Document(item.render(Frame())).elements
    assert first.name in ("div", "fieldset")
    assert first.attributes["class"] == "item"
    assert first.attributes["data-item"] == item.name
    assert first.attributes["data-kind"] == item.kind


def test_every_control_has_a_label_and_every_reference_leads_somewhere(item: Item):
    document = Document(replace(item, help="Take your time.").render(Frame()))
    assert len(document.ids) == len(set(document.ids))
    labelled = {each.attributes.get("for") for each in document.named("label")}
    controls = document.named("input", "select", "textarea")
    for control in [each for each in controls if "aria-hidden" not in each.attributes]:
        named = control.attributes.get("aria-label") or control.attributes.get("aria-labelledby")
        assert control.attributes.get("id") in labelled or named or control.has_ancestor("label")
        assert control.attributes.get("name")
    for element in document.elements:
        for attribute in ("aria-describedby", "aria-labelledby", "for", "list"):
            for target in (element.attributes.get(attribute) or "").split():
                assert target in document.ids, (element.name, attribute)
    assert f"item-{item.name}-error" in document.ids
    assert f"item-{item.name}-help" in document.ids
    groups = [*document.named("fieldset"), *document.named("input", "select", "textarea", "button")]
    if item.kind != "display":
        assert [
            each
            for each in groups
            if f"item-{item.name}-error" in (each.attributes.get("aria-describedby") or "")
        ]


def test_a_picture_has_a_text_alternative(item: Item):
    for picture in Document(item.render(Frame())).named("img"):
        assert picture.attributes.get("alt") is not None


def test_the_browser_does_not_validate_by_itself(item: Item):
    for element in Document(item.render(Frame())).elements:
        assert "required" not in element.attributes


def test_texts_of_petri_go_through_the_translation(item: Item):
    html = replace(item, required=item.kind == "display").render(Frame(text=lambda text: f"«{text}»"))
    assert "«" in html or item.kind == "display"


def test_an_optional_item_says_so(item: Item):
    if item.kind != "display":
        optional, required = (replace(item, required=each).render(Frame()) for each in (False, True))
        assert optional.count("(optional)") == required.count("(optional)") + 1


# What a bot and the page need to know.


def test_a_bot_answers_from_what_the_browser_was_sent(item: Item):
    dynamic = {name: (lambda study, player: None) for name in item.dynamic}
    unresolved = replace(item, **dynamic)
    sent = unresolved.as_sent(item.public())
    assert check_answer(item, sent.bot_answer(random.Random(2))) is not None


def test_every_file_that_is_shown_is_listed_for_loading(item: Item):
    shown = [
        each.attributes["src"] for each in Document(item.render(Frame())).elements if "src" in each.attributes
    ]
    assert sorted(set(shown)) == sorted(set(item.files()))


# Orders, the code book, names.


@FEWER
@given(seed=SEEDS)
def test_a_drawn_order_has_each_key_once(item: Item, seed: int):
    shuffled = replace(item, shuffle=True)
    order = shuffled.draw_order(random.Random(seed))
    if order is not None:
        assert sorted(order) == sorted(shuffled.order_keys())
        Document(shuffled.render(Frame(order=order)))


def test_an_order_that_no_longer_fits_shows_every_option(item: Item):
    html = item.render(Frame(order=["gone", *item.order_keys()[:1]]))
    document = Document(html)
    assert len(document.elements) == len(Document(item.render(Frame())).elements)


def test_the_code_book_describes_the_item(item: Item):
    entry = json.loads(json.dumps(item.codebook(), default=str))
    assert {"name", "kind", "prompt", "type", "required"} <= set(entry)
    assert (entry["name"], entry["kind"]) == (item.name, item.kind)
    assert SECRET not in json.dumps(entry)


def test_a_name_makes_a_copy(item: Item):
    renamed = item.named("another")
    assert (renamed.name, item.name == "another") == ("another", False)
    assert renamed.named(item.name) == item


def test_every_sample_has_a_name_that_is_an_identifier():
    assert all(set(name) <= set(string.ascii_letters + "_") for name in SAMPLES)
