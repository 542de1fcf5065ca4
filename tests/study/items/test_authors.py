"""What an author got wrong is found when the study is loaded, and the sentence says what to do."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random
from typing import Any, ClassVar

import pytest
import yaml
from markupsafe import Markup

from chalicelib.study.items import (
    AnswerError,
    AuthorError,
    Frame,
    Grade,
    Item,
    area,
    between,
    categorise,
    check_answer,
    choice,
    choices,
    code,
    consent,
    date,
    display,
    fill_in,
    item_kind,
    kinds,
    likert,
    match,
    number,
    order,
    otherwise,
    range_,
    rating,
    slider,
    table,
    text,
    time,
    upload,
    when,
)
from chalicelib.study.items.item import _KINDS

from .samples import named_samples

AB = {"a": "A", "b": "B"}
RECT = {"label": "Here", "rect": [0, 0, 5, 5]}
FACE = area("Where?", "face.png", {"a": RECT, "b": RECT}, size=[80, 60], alt="A face")
ANY: dict[str, Any] = {}

WRONG: list[tuple[Item, str]] = [
    (choice("", AB), "it has no prompt"),
    (choice("?", AB).named("my colour"), "its name must be letters, digits and '_'"),
    (choice("?", AB, grading="half"), "grading='half' is unknown; use one of all_or_nothing, percent"),
    (choice("?", AB, count="second"), "count='second' is unknown"),
    (choice("?", AB, feedback_when="soon"), "feedback_when='soon' is unknown"),
    (choice("?", AB, grading="percent"), "grading='percent' needs a right answer"),
    (choice("?", AB, points="many"), "points='many' isn't a whole number"),  # type: ignore[arg-type]
    (choice("?", AB, required="yes"), "required='yes' must be true or false"),  # type: ignore[arg-type]
    (choice("?", AB, feedback=5), "`feedback` must be a text"),  # type: ignore[arg-type]
    (choice("?", AB, translations={"de": "Welche?"}), "`translations` must be texts by language"),  # type: ignore[dict-item]
    (choice("?", AB, check=5), "`check` must be a method's name"),  # type: ignore[arg-type]
    (choice("?", AB, media=[{"alt": "A cat"}]), "needs a file"),
    (choice("?", AB, default="c"), "the default 'c' isn't a valid answer: Choose one of the options."),
    (choice("?"), "it has no options"),
    (choice("?", "red, blue"), "must be a list of labels or labels by key"),
    (choice("?", 5), "must be a list of labels or labels by key"),  # type: ignore[arg-type]
    (choice("?", ["a", "b", "a"]), "two options have the key 'a'; rename one"),
    (choice("?", [{"key": "a"}, {"key": "a", "label": "B"}]), "two options have the key 'a'"),
    (choice("?", [{"key": "a", "lable": "A"}]), "an option has no `lable`"),
    (choice("?", [{"label": "A", "picture": "a.png"}]), "the key '' must have 1 to 100 characters"),
    (choice("?", {True: "Yes", False: "No"}), "put such keys in quotes"),
    (choice("?", {"": "None"}), "must have 1 to 100 characters"),
    (choice("?", AB, right="c"), "the right answer 'c' isn't one of the options a, b"),
    (choice("?", AB, right=["a", "c"]), "the right answer 'c' isn't one of the options"),
    (choice("?", AB, style="big"), "style='big' is unknown; use one of radio, dropdown"),
    (choice("?", style="yes_no", right="maybe"), "'maybe' isn't yes or no"),
    (choice("?", AB, style="pictures"), "the option 'a' has no picture"),
    (choice("?", AB, style="dropdown", other=True), "can't have `other`"),
    (choices("?", AB, least=3), "least=3 is more than its 2 options"),
    (choices("?", AB, least=2, most=1), "least=2 is above most=1; swap them"),
    (choices("?", AB, most=0), "most=0 allows no option"),
    (choices("?", AB, least=-1), "least=-1 must be a whole number from 0"),
    (text("?", min_length=10, max_length=5), "min_length=10 must be a whole number from 0 to 5"),
    (text("?", max_length=10**6), "max_length=1000000 must be a whole number from 1 to 15000"),
    (text("?", pattern="("), "pattern '(' isn't a regular expression"),
    (text("?", pattern="(?=a)a"), "has lookaround"),
    (text("?", right_pattern="["), "right_pattern '[' isn't a regular expression"),
    (text("?", pattern="[a-z]{3}", min_length=5), "no text of 5 to 5000 characters was found"),
    (number("?", minimum=10, maximum=5), "minimum=10 is above maximum=5; swap them"),
    (number("?", minimum="much more"), "minimum='much more' isn't a number"),
    (number("?", minimum=float("nan")), "isn't a number"),
    (number("?", step=0), "step=0 must be above 0"),
    (number("?", decimals=-1), "decimals=-1 must be a whole number from 0 to 10"),
    (number("?", minimum="0.5"), "minimum=0.5 has more decimal places than answers; set `decimals`"),
    (number("?", maximum=5, right=6), "the right answer 6 is below minimum or above maximum"),
    (number("?", minimum=5, right=between(1, 4)), "the right answer 1 to 4 is below minimum"),
    (number("?", right=between(4, 1)), "the right answer goes from 4 to 1; swap them"),
    (number("?", right="many"), "give two numbers"),
    (slider("?", maximum=None), "a slider needs `minimum` and `maximum`"),
    (slider("?", start=200), "start=200 is below minimum or above maximum"),
    (slider("?", start="warm"), "start='warm' isn't a number"),
    (range_("?", minimum=None), "a range needs `minimum` and `maximum`"),
    (likert("?", 1), "steps=1 must be a whole number from 2 to 15"),
    (likert("?", 5, labels=["No", "Yes"]), "it has 2 labels for 5 steps"),
    (likert("?", 5, labels={6: "Most"}), "the label of 6 isn't for a step from 1 to 5"),
    (likert("?", 5, labels="No, Yes"), "`labels` must be a list"),  # type: ignore[arg-type]
    (likert("?", 5, right=6), "the right answer 6 isn't on the scale from 1 to 5"),
    (rating("?", symbol=""), "`symbol` is empty"),
    (date("?", minimum="31.3.2026"), "isn't a date; write it as"),
    (date("?", minimum="2026-03-31", maximum="2026-03-01"), "is after maximum=2026-03-01; swap them"),
    (date("?", right="Easter"), "the right answer 'Easter' isn't a date"),
    (date("?", minimum="2026-03-31", right="2026-03-01"), "is before minimum"),
    (date("?", right=between("2026-03-31", "2026-03-01")), "swap them"),
    (time("?", minimum=845), "minimum=845 isn't a time; write it as"),
    (time("?", minimum="08:00:30"), "with seconds=True"),
    (fill_in("?", "No blank.", []), "its text has no blank; write ___"),
    (fill_in("?", "___ and ___", ["a"]), "its text has 2 blanks, but `blanks` has 1 entries"),
    (fill_in("?", "___", ["a"], right="a"), "set what is right in `blanks`"),
    (fill_in("?", "___", [[otherwise(), when("a")]]), "hides those after it; move it to the end"),
    (fill_in("?", "___", [when(pattern="(")]), "in blank 1, pattern '(' isn't a regular expression"),
    (fill_in("?", "___", [[when(low=5, high=1)]]), "in blank 1, the right answer goes from 5 to 1"),
    (fill_in("?", "___", [[{"txt": "a"}]]), "a rule has no `txt`"),
    (order("?", ["a"]), "fewer than two pieces"),
    (order("?", AB, distractors=["c"]), "distractors need a right order"),
    (order("?", AB, distractors=["a"], right=True), "two pieces have the key 'a'"),
    (order("?", AB, right=["a", "z"]), "the right order has 'z', which isn't a piece"),
    (order("?", AB, indentation=True, right=[["a", "deep"], "b"]), "a list of keys, or of keys and levels"),
    (order("?", AB, right="ab"), "must be True, for the order of `pieces`, or a list of keys"),
    (order("?", AB, levels=0), "levels=0 must be from 1 to 10"),
    (order("?", "a\n b\n  c", indentation=True, levels=1, right=True), "raise it"),
    (order("?", ["x" * 101, "b"]), "more than 100 characters; give keys"),
    (match("?"), "it has no options"),
    (match("?", [("a", "1"), ("a", "2")]), "two options have the key 'a'"),
    (match("?", AB, left=AB), "remove `left`, `options` and `right`, or `pairs`"),
    (match("?", left=AB, options=["1"]), "fewer options than rows"),
    (match("?", left=AB, options=["1", "2"], right={"a": "1"}), "the right answer lacks b"),
    (match("?", left=AB, options=["1", "2"], right={"a": "1", "b": "3"}), "is '3', which isn't an option"),
    (match("?", left=AB, options=["1", "2"], right="1"), "must be an object with the right option by row"),
    (match("?", 5), "must be an object, or a list of pairs"),  # type: ignore[arg-type]
    (match("?", [("a", "1", "x"), ("b", "2")]), "each of `pairs` must have two texts"),
    (categorise("?", {"x": ["a"], "y": ["a"]}), "two options have the key 'a'"),
    (categorise("?", ["x"]), "in `things`, it has no options"),
    (categorise("?", {"x": ["a"]}, right={"a": "x"}), "`bins` says what is right"),
    (categorise("?", ["x"], things=["a"], right={"b": "x"}), "names 'b', which isn't a row"),
    (replace(FACE, alt=""), "needs `picture`, and `alt`"),
    (replace(FACE, size=[80]), "`size` must be width and height"),
    (replace(FACE, size=[80, 0]), "`size` must be width and height"),
    (replace(FACE, regions=[]), "`regions` must be an object"),
    (replace(FACE, regions={"a": {"label": "A"}}), "the region 'a' needs a `label` and one of rect"),
    (replace(FACE, regions={"a": {"rect": [1, 2, 3]}}), "needs 4 numbers in rect"),
    (replace(FACE, regions={"a": {"circle": "big"}}), "give a list of numbers"),
    (replace(FACE, regions={"a": {"polygon": [[0, 0], [1, 1]]}}), "at least three corners"),
    (replace(FACE, options=["a"]), "`regions` in place of `options`"),
    (replace(FACE, right="z"), "the right answer 'z' isn't one of the options"),
    (table("?", AB), "the item of its rows is None; use one of the kinds"),
    (table("?", AB, display("x")), "use one of the kinds"),
    (table("?", AB, number("", minimum=5, maximum=1)), "in its rows, minimum=5 is above maximum=1"),
    (table("?", [], number("")), "it has no rows"),
    (table("?", ["a", "a"], number("")), "two rows have the key 'a'"),
    (table("?", AB, number(""), right={"z": 1}), "a row 'z' that it lacks"),
    (table("?", AB, number(""), right=1), "must be an object with right answers by row"),
    (consent("I agree.", right=True), "a consent can't have a right answer"),
    (display("Look.", required=True), "a display can't be required"),
    (display("Look.", right=True), "a display can't have a right answer"),
    (code("?", []), "`tests` must be a list such as"),
    (code("?", [{"expect": 1}]), "test 1 needs `run`"),
    (code("?", [{"run": "f()"}], right="f"), "write `tests`"),
    (code("?", [{"run": "f()"}], seconds=0), "seconds=0 must be a whole number from 1 to 60"),
    (upload("?", source="fax"), "source='fax' is unknown; use one of file, picture"),
    (upload("?", accept=["png"]), "accept has 'png'; write a media type"),
    (upload("?", accept=5), "`accept` must be a list"),  # type: ignore[arg-type]
    (upload("?", max_megabytes=0), "max_megabytes=0 must be above 0"),
    (upload("?", right="x"), "people grade it"),
]


@pytest.mark.parametrize(
    ("wrong", "said"), WRONG, ids=lambda each: each if isinstance(each, str) else each.kind
)
def test_an_error_of_an_author_is_named_with_its_fix(wrong: Item, said: str):
    found = wrong.problems()
    assert any(said in each for each in found), found
    assert all(each.endswith(".") and not each.endswith("..") for each in found)
    assert all(
        each.startswith((f"The item {wrong.name}: ", f"An item of kind {wrong.kind}: ")) for each in found
    )


@pytest.mark.parametrize(
    "value", [None, 5, "text", [], ["a"], {}, {"a": "b"}, {"a": 1}, [[1]], [None], True, 1.5]
)
@pytest.mark.parametrize("name", sorted({name for _, item in named_samples() for name in vars(item)}))
def test_a_field_of_any_type_is_reported_or_harmless(name: str, value: Any):
    for _, item in named_samples():
        if not hasattr(item, name):
            continue
        changed = replace(item, **{name: value}) if name in vars(item) else item
        if changed.problems() == [] and changed._unresolved() == []:
            changed.public()
            changed.codebook()
            changed.render(Frame())
            raw = changed.bot_answer(Random(1))
            changed.grade(check_answer(changed, raw))


# YAML of pages.


def from_yaml(kind: str, body: str, prompt: str = "Which?") -> Item:
    return kinds()[kind].from_yaml(prompt, yaml.safe_load(body) or {}, "colour")


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        (
            "choice",
            "options: {red: Red, blue: Blue}\nright: red",
            choice("Which?", {"red": "Red", "blue": "Blue"}, right="red"),
        ),
        (
            "choices",
            "options: [Red, Blue]\nleast: 1\nmost: 2",
            choices("Which?", ["Red", "Blue"], least=1, most=2),
        ),
        (
            "number",
            "minimum: 0\nmaximum: 10\nright: {from: 7, to: 9}",
            number("Which?", minimum=0, maximum=10, right={"from": 7, "to": 9}),
        ),
        ("number", "step: 0.5\npoints: 0.5", number("Which?", step=0.5, points=Decimal("0.5"))),
        ("text", 'long: true\npattern: "[a-z]+"', text("Which?", long=True, pattern="[a-z]+")),
        ("date", "minimum: 2026-03-31", date("Which?", minimum=dt.date(2026, 3, 31))),
        ("likert", "steps: 7\nrequired: false", likert("Which?", 7, required=False)),
        ("table", "rows: {a: A}\nitem: {kind: likert, steps: 7}", table("Which?", {"a": "A"}, likert("", 7))),
        (
            "table",
            "rows: others\nitem: {kind: choice, options: [x, y]}",
            table("Which?", "others", choice("", ["x", "y"])),
        ),
        (
            "fill_in",
            "text: a ___\nblanks:\n- - {text: b}\n  - {feedback: No.}",
            fill_in("Which?", "a ___", [[{"text": "b"}, {"feedback": "No."}]]),
        ),
        ("consent", "text: All of it.", consent("Which?", "All of it.")),
    ],
)
def test_a_directive_makes_the_same_item_as_python(kind: str, body: str, expected: Item):
    made = from_yaml(kind, body)
    assert made == expected.named("colour")
    assert made.problems() == []


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("number", "minimun: 0", "The item colour: a number has no `minimun`; did you mean `minimum`?"),
        ("number", "min: 0", "did you mean `minimum`?"),
        ("choice", "answers: [a]", "a choice has no `answers`; "),
        ("choice", "name: other", "a choice has no `name`"),
        ("text", "1: a", "a text has no `1`; it can have "),
        ("table", "item: {kind: likrt}", "its rows have the kind 'likrt'; use one of "),
        ("table", "item: {kind: likert, setps: 7}", "a likert has no `setps`; did you mean `steps`?"),
    ],
)
def test_an_unknown_key_of_a_directive_is_refused(kind: str, body: str, said: str):
    with pytest.raises(AuthorError) as caught:
        from_yaml(kind, body)
    assert said in str(caught.value)


def test_decimals_of_a_page_reach_the_browser_as_numbers():
    body = {"tests": [{"run": "f()", "expect": [Decimal("0.5")]}], "tags": {"difficulty": Decimal("0.5")}}
    item = kinds()["code"].from_yaml("Write f.", body, "f")
    assert item.public()["tests"][0]["expect"] == [0.5]
    assert item.codebook()["tags"] == {"difficulty": 0.5}


def test_a_yes_or_no_that_yaml_turned_into_true_is_named():
    (problem,) = from_yaml("choice", "options: {yes: I do, no: I do not}").problems()
    assert "YAML reads yes and no as true and false" in problem


def test_a_time_that_yaml_turned_into_a_number_is_named():
    assert 'write it as "14:05"' in from_yaml("time", "minimum: 14:05").problems()[0]


# Translations, fields that depend on the player, checks.


def test_texts_are_shown_in_the_language_of_the_participant():
    german = {"prompt": "Welche?", "help": "Nur eine.", "options": {"a": "Ah"}}
    item = choice("Which?", AB, help="Only one.", translations={"de": german}).named("letter")
    for language in ("de", "de-AT"):
        html = item.render(Frame(language=language))
        assert all(
            word in html
            for word in ("Welche?", "Nur eine.", "<span>Ah</span>", "<span>B</span>", 'value="a"')
        )
    assert "Which?" in item.render(Frame(language="fr"))


TRANSLATED = [
    (match("?", left=AB, options={"x": "X", "y": "Y"}), {"left": {"a": "Ah"}, "options": {"x": "Iks"}}),
    (categorise("?", {"x": "X"}, things=AB), {"things": {"a": "Ah"}, "bins": {"x": "Iks"}}),
    (order("?", AB), {"pieces": {"a": "Ah", "b": "Iks"}}),
    (table("?", {"a": "A", "b": "B"}, number("")), {"rows": {"a": "Ah", "b": "Iks"}}),
    (FACE, {"regions": {"a": "Ah", "b": "Iks"}}),
    (slider("?", low="Cold", high="Hot"), {"low": "Ah", "high": "Iks"}),
    (fill_in("?", "A ___ B", ["x"]), {"text": "Ah ___ Iks"}),
]


@pytest.mark.parametrize(("translated", "texts"), TRANSLATED, ids=lambda each: getattr(each, "kind", None))
def test_translations_name_texts_by_their_fields(translated: Item, texts: dict[str, Any]):
    item = replace(translated.named("item"), translations={"de": texts})
    html = item.render(Frame(language="de"))
    assert "Ah" in html
    assert "Iks" in html
    assert item.in_language("de").render(Frame(language="de")) == html


def test_errors_are_about_the_texts_that_are_shown():
    german = {"de": {"pattern_help": "Kleine Buchstaben."}}
    item = text("?", pattern="[a-z]+", pattern_help="Small letters.", translations=german)
    grid = table("?", AB, number(""), translations={"de": {"rows": {"a": "Ah"}}}).named("grid")
    for shown, said in ((item, "Kleine Buchstaben."), (grid, "Ah: Please answer this question.")):
        with pytest.raises(AnswerError) as caught:
            check_answer(shown.in_language("de"), {"b": 1} if shown is grid else "A")
        assert str(caught.value) == said
    assert item.in_language("fr") is item


def test_the_hash_of_a_consent_is_that_of_the_text_in_the_participants_language():
    item = consent("I agree.", "All of it.", translations={"de": {"text": "Alles.", "prompt": "Ja."}})
    german = check_answer(item.in_language("de"), raw=True)["sha256"]
    assert german == consent("Ja.", "Alles.").sha256 != item.sha256


def test_labels_of_a_scale_are_translated_as_a_list_or_by_step():
    for labels in (["Nie", "Oft"], {1: "Nie", 2: "Oft"}, {"1": "Nie", "2": "Oft"}):
        item = likert("?", 2, labels=["Never", "Often"], translations={"de": {"labels": labels}})
        assert "Nie" in item.named("x").render(Frame(language="de"))


def test_a_lazy_translation_is_read_when_it_is_shown():
    class Lazy:
        language = "en"

        def __str__(self) -> str:
            return {"en": "Which <one>?", "de": "Welche?"}[self.language]

    prompt: Any = Lazy()
    item = choice(prompt, {"a": prompt}).named("letter")
    assert "Which &lt;one&gt;?" in item.render(Frame())
    Lazy.language = "de"
    assert item.render(Frame()).count("Welche?") == 2


def test_markup_of_a_compiled_page_is_not_escaped_again():
    item = choice(Markup("The <em>second</em> one?"), AB).named("letter")
    assert "The <em>second</em> one?" in item.render(Frame())


class Study:
    def others(self, player: Any) -> dict[str, str]:
        return {"7": f"{player}'s partner"}

    def endowment(self, player: Any) -> int:
        return len(player)

    def even(self, player: Any, value: int) -> str | None:
        return f"{player}, choose an even number." if value % 2 else None


def test_a_method_of_the_study_gives_rows_options_and_bounds():
    grid = table("How much?", "others", number("", minimum=0, maximum="endowment")).named("trust")
    assert grid.problems() == []
    made = grid.resolved(Study(), "Ann")
    assert "Ann&#39;s partner" in made.render(Frame())
    assert check_answer(made, {"7": 3}) == {"7": 3}
    assert made.item.maximum == 3
    assert choice("Who?", "others").resolved(Study(), "Ann").options == {"7": "Ann's partner"}


def test_a_function_gives_them_too():
    item = number("How much?", minimum=0, maximum=lambda study, player: study.endowment(player) * 2)
    assert item.problems() == []
    assert item.resolved(Study(), "Ann").maximum == 6


def test_a_bot_of_a_table_knows_the_rows_from_the_page():
    grid = table("How much?", "others", number("", minimum=0, maximum="endowment")).named("trust")
    rules = grid.resolved(Study(), "Ann").public()
    raw = grid.as_sent(rules).bot_answer(Random(1))
    assert list(raw) == ["7"]
    assert 0 <= raw["7"] <= 3


def test_the_methods_that_an_item_calls_can_be_checked_at_load():
    grid = table("How much?", "others", number("", maximum="endowment", check="even"), check="sum_is_ten")
    assert grid.methods() == ["others", "sum_is_ten", "endowment", "even"]
    assert number("How much?", maximum=lambda study, player: 5).methods() == []


def test_what_does_not_depend_on_the_player_stays_the_same_object():
    item = number("How much?", minimum=0, maximum=10)
    assert item.resolved(Study(), "Ann") is item


@pytest.mark.parametrize("check", ["even", Study.even])
def test_an_own_check_knows_study_player_and_value(check: Any):
    item = number("How many?", check=check)
    assert item.own_check(Study(), "Ann", 3) == "Ann, choose an even number."
    assert item.own_check(Study(), "Ann", 4) is None
    assert number("How many?").own_check(Study(), "Ann", 3) is None


# Kinds of one's own.


@pytest.fixture
def _registry() -> Any:
    before = dict(_KINDS)
    yield
    _KINDS.clear()
    _KINDS.update(before)


def _own(kind_: str, **parts: Any) -> type[Item]:
    methods = {
        "validate": lambda self, raw: raw,
        "grade": lambda self, stored: Grade(),
        "render": lambda self, frame: self.single(frame, ""),
        "bot_answer": lambda self, random: "x",
        "codebook": lambda self: {**Item.codebook(self), "type": "text"},
    }
    body = {
        "kind": kind_,
        "__module__": __name__,
        "__annotations__": {"kind": ClassVar[str]},
        **methods,
        **parts,
    }
    return type("Own", (Item,), {name: each for name, each in body.items() if each is not None})


@pytest.mark.usefixtures("_registry")
def test_an_author_registers_a_kind():
    cls = item_kind(dataclass(frozen=True, kw_only=True)(_own("own")))
    assert kinds()["own"] is cls
    assert kinds()["own"].from_yaml("Which?", {"help": "x"}, "item").help == "x"


@pytest.mark.usefixtures("_registry")
def test_a_kind_that_is_loaded_again_replaces_the_former():
    for _ in range(2):
        cls = item_kind(dataclass(frozen=True, kw_only=True)(_own("own")))
    assert kinds()["own"] is cls


@pytest.mark.parametrize("part", ["validate", "grade", "render", "bot_answer", "codebook"])
def test_a_kind_without_a_part_is_refused(part: str):
    with pytest.raises(AuthorError, match=f"The item kind own lacks {part}"):
        item_kind(dataclass(frozen=True, kw_only=True)(_own("own", **{part: None})))


@pytest.mark.parametrize(
    ("cls", "said"),
    [
        (dataclass(frozen=True, kw_only=True)(_own("my kind")), "has no `kind`"),
        (_own("own"), "must be a frozen dataclass"),
        (dataclass(frozen=True, kw_only=True)(_own("choice")), "Petri has an item kind choice already"),
    ],
)
def test_a_kind_that_cannot_be_registered_is_refused(cls: type[Item], said: str):
    with pytest.raises(AuthorError, match=said):
        item_kind(cls)
    assert kinds()["choice"] is type(choice("?"))
