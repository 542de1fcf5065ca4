"""Each feature of a format is taken over, or named with its line, row or element."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from openpyxl import Workbook

from chalicelib.errors import BadRequest
from infra.item_bank.aiken import read_aiken
from infra.item_bank.bank_item import ImportedItems
from infra.item_bank.gift import read_gift
from infra.item_bank.kahoot import MOST_ROWS, read_kahoot
from infra.item_bank.surveyjs import read_surveyjs
from petri.data_formats import workbook


def told(found: ImportedItems) -> list[str]:
    return [str(loss) for loss in found.losses]


def only(found: ImportedItems) -> tuple[str, str, dict[str, Any]]:
    (item,) = found.items
    return item.kind, item.prompt, dict(item.body)


CHOICE: dict[str, Any] = {"options": {"o1": "a", "o2": "b"}, "right": "o1"}


@pytest.mark.parametrize(
    ("text", "kind", "body", "losses"),
    [
        # Feedback: of an option, of true and false, of the only right answer, and of the whole question.
        (
            "Q? {=a#yes ~b#no}",
            "choice",
            {"options": CHOICE["options"], "right": "o1", "feedback": {"o1": "yes", "o2": "no"}},
            [],
        ),
        ("Q? {=a ~b ####all}", "choice", CHOICE | {"feedback": "all"}, []),
        ("Q? {=a#yes ~b####all}", "choice", None, ["the general feedback"]),
        ("Q? {T#wrong#right}", "choice", None, []),
        ("Q? {FALSE####all}", "choice", None, []),
        ("Q? {=a#yes}", "text", {"right": ["a"], "feedback": {"correct": "yes"}}, []),
        ("Q? {=a#yes =b}", "text", {"right": ["a", "b"]}, ["the feedback of single answers"]),
        ("Q? {#5#yes}", "number", {"right": 5, "feedback": {"correct": "yes"}}, []),
        ("Q? {####essay}", "text", {"long": True, "feedback": "essay"}, []),
        # Weights.
        ("Q? {~%50%a ~%50%b ~%-50%c ~%-50%d}", "choices", None, []),
        ("Q? {~%60%a ~%40%b ~%-50%c}", "choices", None, ["the weights of its options"]),
        ("Q? {~%50%a ~%50%b ~c}", "choices", None, ["the weights of its options"]),
        ("Q? {=a ~%50%b}", "choice", CHOICE, ["options that count in part"]),
        ("Q? {=a =b ~c}", "choice", None, []),
        ("Q? {=a =%50%b}", "text", {"right": ["a"]}, ["answers that don't count in full"]),
        ("Q? {~a ~b}", None, None, ["not imported: none of its options is right"]),
        # Matching, missing word, numbers.
        ("Q? {=a -> 1 =b -> 2 = -> 3}", "match", {"pairs": [["a", "1"], ["b", "2"]], "extra": ["3"]}, []),
        ("Q? {=a -> 1 =b}", None, None, ["not imported: only some of its answers have ->"]),
        ("Q? {#=5:0 =%50%5:2 =7}", "number", {"right": [5, 7]}, ["numbers that don't count in full"]),
        ("Q? {#-1.5..2}", "number", {"right": {"from": -1.5, "to": 2}, "decimals": 1}, []),
        ("Q? {#NaN}", None, None, ["not imported: 'NaN' is not a valid number"]),
        ("Q? {#1e999999}", None, None, ["not imported: '1e999999' is not a valid number"]),
        ("Q? {#}", None, None, ["not imported: it has no right number"]),
        ("One {=a ~b} two {=c ~d}.", None, None, ["not imported: it has answers in more than one place"]),
        ("Q? {=a ~b", None, None, ["not imported: its braces don't belong together"]),
        ("Q? {a ~b}", None, None, ["not imported: its first answer begins with neither"]),
        ("Q? {=a*}", "text", {"right": ["a*"]}, ["* for any characters"]),
        # Formats, categories, comments.
        (
            "[html]<p>Q?<img src='x.png'></p> {=a ~b}",
            "choice",
            None,
            ["formatting isn't taken over: the tags of HTML"],
        ),
        ("[markdown]**Q?** {=a ~b}", "choice", None, ["Markdown is shown as it is typed"]),
        ("$CATEGORY: top/one\nQ? {=a ~b}", "choice", None, ["the category isn't taken over"]),
        (
            "// [id:7] [tag:easy]\nQ? {=a ~b}",
            "choice",
            CHOICE | {"tags": ["easy"]},
            ["the id number"],
        ),
    ],
)
def test_gift(text: str, kind: str | None, body: Any, losses: list[str]) -> None:
    for ends in ("\n", "\r\n", "\r"):
        found = read_gift(text.replace("\n", ends))
        assert len(found.losses) == len(losses)
        assert all(each in said for each, said in zip(losses, told(found), strict=True)), told(found)
        assert [item.kind for item in found.items] == ([] if kind is None else [kind])
        if body is not None:
            assert only(found)[2] == body


def test_gift_reads_escapes_as_moodle_does() -> None:
    found = read_gift(r"::a\:b:: \{x\} \= \\ \# 1\n2 &lt; {=\~a ~b\\}")
    assert only(found) == (
        "choice",
        "{x} = \\ # 1\n2 <",
        {"options": {"o1": "~a", "o2": "b\\"}, "right": "o1"},
    )


def test_gifts_true_and_false_have_their_feedback() -> None:
    assert only(read_gift("Q? {T#wrong#right}"))[2]["feedback"] == {"incorrect": "wrong", "correct": "right"}


@pytest.mark.parametrize(
    ("text", "right", "losses"),
    [
        ("Q?\nA. x\nB. y\nANSWER: B\n", "b", []),
        ("Q?\r\nA) x\r\n\r\nB) y\r\nANSWER: A\r\n", "a", []),
        ("Q?\na. x\nb) y\nanswer: b", "b", []),
        (
            "Q?\nA. x\nB. y\nANSWER: A, B\nQ2?\nA. x\nB. y\nANSWER: A",
            "a",
            ["line 1: not imported: the answer A, B"],
        ),
        ("Q?\nA. x\nA. y\nANSWER: A", None, ["line 1: not imported: it has two options A"]),
        ("Q?\nA. x\nmore\nB. y\nANSWER: A", None, ["line 1: not imported: line 3 stands between"]),
        ("Q?\nA. x\nB. y\nANSWER:", None, ["line 1: not imported: the answer (none)"]),
        ("Q?\nA. x\nB. y\nANSWER: A\nFEEDBACK: good", "a", ["line 5: the feedback isn't taken over"]),
        ("A. x\nB. y\nANSWER: A", None, ["line 1: not imported: the question has no text"]),
    ],
)
def test_aiken(text: str, right: str | None, losses: list[str]) -> None:
    found = read_aiken(text)
    assert [item.body["right"] for item in found.items] == ([] if right is None else [right])
    assert [said[: len(each)] for each, said in zip(losses, told(found), strict=True)] == losses


HEADINGS = [
    "Question",
    "Answer 1",
    "Answer 2",
    "Answer 3",
    "Answer 4",
    "Time limit",
    "Correct answer(s)",
    "Picture",
]


def test_the_spreadsheet_names_what_other_columns_have_and_what_is_not_a_row() -> None:
    rows = [
        ["", *HEADINGS],
        [1, "Q1?", "a", "b", "", "", "", "1,2", ""],
        [2, "Q2?", 5.0, "b", "", "", 20, 1.0, "cat.png"],
        [3, "Q3?", "a", "b", "", "", 20, "1;2", ""],
        [4, "", "", "", "", "", "", "1", ""],
    ]
    found = read_kahoot(workbook([("Sheet1", ["x"], rows), ("More", ["y"], [["z"]])]))
    assert [(item.kind, item.body["options"]["o1"]) for item in found.items] == [
        ("choices", "a"),
        ("choice", "5"),
    ]
    assert told(found) == [
        "sheet More: not imported: only the first sheet is read.",
        "row 4: not taken over: Picture.",
        "row 4: the time limit of 20 s belongs to a page: Page(..., seconds=...).",
        "row 5: not imported: '1;2' doesn't name correct ones of its answers.",
        "row 6: not imported: it has answers, and no question.",
    ]


def test_the_spreadsheet_says_where_it_stops() -> None:
    rows = [["Q?", "a", "b", "", "", "", "1"]] * (MOST_ROWS + 5)
    found = read_kahoot(workbook([("Sheet1", HEADINGS[:7], rows)]))
    assert len(found.items) == MOST_ROWS - 1
    assert told(found) == [f"row {MOST_ROWS + 1}: not imported, nor what follows: the maximum is 5,000 rows."]


def changed(name: str, text: bytes) -> bytes:
    """Return a workbook of which one part has other contents, or one more."""
    book, saved = Workbook(), io.BytesIO()
    book.active.append(HEADINGS[:7])
    book.save(saved)
    again = io.BytesIO()
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(again, "w") as new:
        for entry in old.namelist():
            if entry != name:
                new.writestr(entry, old.read(entry))
        new.writestr(name, text)
    return again.getvalue()


def test_pictures_of_a_workbook_are_named() -> None:
    assert told(read_kahoot(changed("xl/media/image1.png", b"png"))) == [
        "workbook: pictures of the workbook aren't taken over: 1; put them into assets/."
    ]


@pytest.mark.parametrize("name", ["xl/workbook.xml", "xl/worksheets/sheet1.xml"])
@pytest.mark.parametrize("text", [b"", b"<broken", b"<a><b/></a>"])
def test_a_broken_workbook_is_refused_with_the_reason(name: str, text: bytes) -> None:
    with pytest.raises(BadRequest):
        read_kahoot(changed(name, text))


def form(*elements: Any, **around: Any) -> ImportedItems:
    return read_surveyjs(json.dumps({"elements": list(elements), **around}))


CHOICES = ["a", "b"]


@pytest.mark.parametrize(
    ("element", "kind", "body", "losses"),
    [
        ({"type": "text", "inputType": "date", "min": "2020-01-01"}, "date", {"minimum": "2020-01-01"}, []),
        ({"type": "text", "inputType": "color"}, "text", {}, ["inputType color"]),
        ({"type": "text", "inputType": "number", "step": 0.5}, "number", None, []),
        (
            {"type": "text", "validators": [{"type": "regex"}], "maxLength": 5},
            "text",
            {"max_length": 5},
            ["validators"],
        ),
        (
            {"type": "text", "requiredIf": "{a} = 1", "enableIf": "{a} = 2"},
            "text",
            {},
            ["requiredIf, enableIf"],
        ),
        (
            {"type": "text", "defaultValue": "x", "description": "More."},
            "text",
            {"help": "More."},
            ["defaultValue"],
        ),
        (
            {"type": "checkbox", "choices": CHOICES, "showOtherItem": True, "maxSelectedChoices": 1},
            "choices",
            {"options": {"a": "a", "b": "b"}, "other": True, "most": 1},
            [],
        ),
        ({"type": "checkbox", "choices": CHOICES, "showNoneItem": True}, "choices", None, ["showNoneItem"]),
        (
            {"type": "dropdown", "choices": CHOICES, "choicesByUrl": {"url": "x"}},
            "choice",
            None,
            ["choicesByUrl"],
        ),
        ({"type": "radiogroup", "choices": CHOICES, "choicesOrder": "random"}, "choice", None, []),
        (
            {"type": "radiogroup", "choices": CHOICES, "choicesOrder": "asc"},
            "choice",
            None,
            ["choicesOrder asc"],
        ),
        (
            {"type": "radiogroup", "choices": [{"value": "a", "visibleIf": "{x} = 1"}, "b"]},
            "choice",
            None,
            ["visibleIf of a"],
        ),
        (
            {"type": "matrix", "columns": ["no", "yes"], "rows": [{"value": "r", "text": "Row"}]},
            "table",
            {
                "rows": {"r": "Row"},
                "item": {"kind": "choice", "options": {"no": "no", "yes": "yes"}, "required": False},
            },
            [],
        ),
        ({"type": "rating", "rateMax": 10}, "rating", {"steps": 10}, []),
        ({"type": "rating", "rateMin": 0, "rateMax": 4}, "rating", {"steps": 5}, ["rateMin 0"]),
        ({"type": "rating", "rateValues": [1, 2]}, "rating", None, ["rateValues"]),
        (
            {"type": "rating", "minRateDescription": "Bad", "maxRateDescription": "Good"},
            "likert",
            {"steps": 5, "low": "Bad", "high": "Good"},
            [],
        ),
        ({"type": "multipletext"}, None, None, ["not imported: a multipletext"]),
        ({"type": "html", "html": "<b>"}, None, None, ["not imported: a html"]),
        ("no object", None, None, ["not imported: it isn't an object"]),
    ],
)
def test_surveyjs(element: Any, kind: str | None, body: Any, losses: list[str]) -> None:
    named = {"name": "q", "isRequired": True, **element} if isinstance(element, dict) else element
    found = form(named)
    assert [item.kind for item in found.items] == ([] if kind is None else [kind])
    assert all(each in said for each, said in zip(losses, told(found), strict=True)), told(found)
    if body is not None:
        assert only(found)[2] == body


def test_surveyjs_names_what_panels_pages_and_the_form_decide() -> None:
    text = {"type": "text", "name": "q", "isRequired": True}
    panel = {"type": "panel", "name": "p", "visibleIf": "{a} = 1", "elements": [text]}
    found = form(panel, triggers=[{"type": "complete"}], calculatedValues=[{"name": "x"}])
    assert [item.name for item in found.items] == ["q"]
    assert told(found) == [
        "form: not taken over: triggers, calculatedValues.",
        "element 1: not taken over: visibleIf.",
    ]


def test_surveyjs_texts_in_other_languages_become_translations() -> None:
    labels = [{"value": "y", "text": {"de": "Ja", "fr": "Oui"}}]
    title = {"default": "Sure?", "de": "Sicher?"}
    found = form({"type": "radiogroup", "name": "q", "title": title, "choices": [*labels, "n"]}, locale="fr")
    assert only(found)[1] == "Sure?"
    assert only(found)[2]["options"] == {"y": "Oui", "n": "n"}
    assert only(found)[2]["translations"] == {"de": {"prompt": "Sicher?", "options": {"y": "Ja"}}}


def test_panels_in_panels_have_an_end() -> None:
    inside: dict[str, Any] = {"type": "text", "name": "deep"}
    for _ in range(30):
        inside = {"type": "panel", "elements": [inside]}
    assert "it lies in more than 20 panels" in told(form(inside))[0]
