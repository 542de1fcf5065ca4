"""Items are imported from other programs' files into items/, say what was lost, and are exported again."""

from __future__ import annotations

import io
import json
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chalicelib.errors import BadRequest
from chalicelib.export.formats.workbooks import workbook
from chalicelib.study.page_files import page_items
from infra.cli.main import app
from infra.item_bank.aiken import read_aiken, write_aiken
from infra.item_bank.bank_item import BankItem, ImportedItems, new_name, to_markdown
from infra.item_bank.gift import read_gift
from infra.item_bank.gift_export import write_gift
from infra.item_bank.kahoot import MOST_UNPACKED, read_kahoot, write_kahoot
from infra.item_bank.surveyjs import read_surveyjs
from infra.item_bank.surveyjs_export import write_surveyjs
from infra.pages import compile_folder

GIFT = """// A comment
$CATEGORY: geography

::Capital:: What is the capital of France? {=Paris ~Lyon#No, not that one. ~Nice \\= nice}

::Primes:: Which are prime? {~%50%5 ~%50%7 ~%-100%8}

The sun is a star. {TRUE}

Who wrote Faust? {=Goethe =J. W. Goethe =%50%Wolfgang}

How many bones? {#206:2}

From one to two? {#1.5..2.5}

Match them. {=Rome -> Italy =Oslo -> Norway}

::Essay:: Write about yourself. {}

Berlin is in {=Germany ~France} and on the Spree.

Only a description.

A broken number {#abc}
"""
LOST = "aren't taken over: each right option counts 50%, and each wrong one takes as much away."
AIKEN = """What is the capital of Italy?
A. Milan
B. Rome
ANSWER: B

Which is larger?
A) Mars
B) Venus
ANSWER: C

No answer here
A. One
"""
HEADINGS = [
    "Question - max 120 characters",
    *(f"Answer {number}" for number in range(1, 5)),
    "Time limit (sec)",
    "Correct answer(s)",
]


def kinds_of(found: ImportedItems) -> dict[str, str]:
    return {item.name: item.kind for item in found.items}


def body_of(found: ImportedItems, name: str) -> Any:
    return next(item.body for item in found.items if item.name == name)


def compiled_names(folder: Path, found: ImportedItems) -> list[str]:
    """Write imported items into a folder's bank; return the names under which a study has them."""
    (folder / "items").mkdir()
    (folder / "items" / "bank.md").write_text(to_markdown(found.items), encoding="utf-8")
    compiled = compile_folder(folder)
    assert compiled.problems == ()
    items, problems = page_items(compiled)
    assert problems == []
    return list(items)


def test_texts_with_signs_of_templates_are_written_as_they_are(tmp_path: Path) -> None:
    # One question with such a text made the whole file unreadable; LaTeX and units have them.
    options = {"o1": "\\frac{{x}}{2}", "o2": "50{% of it}", "o3": "{# none #}"}
    found = ImportedItems()
    found.add(
        "line 1", "half", "choice", "What is {{ x }}\r\nin halves?", {"options": options, "right": "o1"}
    )
    assert found.losses == []
    assert compiled_names(tmp_path, found) == ["half"]
    [item] = page_items(compile_folder(tmp_path))[0].values()
    assert (item.prompt, item.options) == ("What is {{ x }}\nin halves?", options)


@pytest.mark.parametrize("sign", ["\x00", "\x0b", "\x1b", "\x7f", "\x9f", "\ud800", "\uffff"])
def test_an_item_that_a_file_of_a_bank_cannot_have_is_left_out_and_named(tmp_path: Path, sign: str) -> None:
    text = json.dumps(
        {"elements": [{"type": "text", "name": "a", "title": f"A{sign}?"}, {"type": "text", "name": "b"}]}
    )
    found = read_surveyjs(text)
    assert [one.what for one in found.losses] == ["not imported: a text contains a control character"]
    assert compiled_names(tmp_path, found) == ["b"]


def test_numbers_with_decimals_are_written_as_they_are(tmp_path: Path) -> None:
    found = ImportedItems()
    found.add("line 1", "share", "number", "How much?", {"right": Decimal("0.55"), "decimals": 2})
    near = {"value": Decimal("3.140"), "tolerance": Decimal("1E-2")}
    found.add("line 2", "pi", "number", "What is pi?", {"right": near, "decimals": 3})
    assert found.losses == []
    written = to_markdown(found.items)
    assert "right: 0.55\n" in written
    assert '"value": 3.140' in written
    assert '"tolerance": 0.01' in written
    assert compiled_names(tmp_path, found) == ["share", "pi"]


def test_gift_becomes_items_of_each_kind() -> None:
    found = read_gift(GIFT)
    assert kinds_of(found) == {
        "capital": "choice",
        "primes": "choices",
        "the_sun_is_a": "choice",
        "who_wrote_faust": "text",
        "how_many_bones": "number",
        "from_one_to_two": "number",
        "match_them": "match",
        "essay": "text",
        "berlin_is_in_and": "choice",
    }
    assert body_of(found, "capital") == {
        "options": {"o1": "Paris", "o2": "Lyon", "o3": "Nice = nice"},
        "right": "o1",
        "feedback": {"o2": "No, not that one."},
    }
    assert body_of(found, "primes")["right"] == ["o1", "o2"]
    assert body_of(found, "who_wrote_faust") == {"right": ["Goethe", "J. W. Goethe"]}
    assert body_of(found, "how_many_bones") == {"right": {"value": 206, "tolerance": 2}}
    assert body_of(found, "from_one_to_two") == {"right": {"from": 1.5, "to": 2.5}, "decimals": 1}
    assert next(one.prompt for one in found.items if one.name.startswith("berlin")) == (
        "Berlin is in _____ and on the Spree."
    )


def test_gift_says_line_by_line_what_it_could_not_take_over() -> None:
    assert [str(loss) for loss in read_gift(GIFT).losses] == [
        "line 2: the category isn't taken over; put its questions into a file of their own.",
        f"line 6: the weights of its options {LOST}",
        "line 10: answers that don't count in full aren't taken over.",
        "line 22: not imported: a description without a question; write it on the page.",
        "line 24: not imported: 'abc' is not a valid number.",
    ]


def test_aiken_becomes_choices_and_incomplete_questions_are_named() -> None:
    found = read_aiken(AIKEN)
    assert [(one.kind, one.prompt, one.body["right"]) for one in found.items] == [
        ("choice", "What is the capital of Italy?", "b")
    ]
    assert [loss.where for loss in found.losses] == ["line 6", "line 11"]


def test_a_filled_in_template_becomes_choices(tmp_path: Path) -> None:
    rows = [
        ["", "Kahoot"],
        HEADINGS,
        ["Which is a fruit?", "Apple", "Stone", "", "", 20, "1"],
        ["Which are even?", 2, 3, 4, "", "", "1,3"],
        ["Which?", "A", "B", "", "", 10, "3"],
        ["", "A", "B", "", "", 10, "1"],
    ]
    found = read_kahoot(workbook([("Sheet1", ["x"], rows)]))
    assert kinds_of(found) == {"which_is_a_fruit": "choice", "which_are_even": "choices"}
    options = {"o1": "2", "o2": "3", "o3": "4"}
    assert body_of(found, "which_are_even") == {"options": options, "right": ["o1", "o3"]}
    assert [loss.where for loss in found.losses] == ["row 4", "row 6", "row 7"]
    assert compiled_names(tmp_path, found) == ["which_is_a_fruit", "which_are_even"]


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (MOST_UNPACKED + 1))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (workbook([("Sheet1", ["Question", "Answer 1"], [["a", "b"]])]), "has the headings"),
        (b"GIF89a", "isn't an Excel workbook"),
        (bomb(), "unpacks to"),
    ],
)
def test_a_spreadsheet_that_is_not_the_template_is_refused_with_the_reason(content: bytes, told: str) -> None:
    with pytest.raises(BadRequest, match=told):
        read_kahoot(content)


def test_a_surveyjs_form_becomes_items_also_from_panels() -> None:
    radio = {
        "type": "radiogroup",
        "name": "colour",
        "title": {"default": "Which?", "de": "Welche?"},
        "choices": ["red", {"value": "b", "text": "Blue"}],
        "correctAnswer": "b",
        "isRequired": True,
    }
    comment = {"type": "comment", "name": "why", "visibleIf": "{colour} = 'b'"}
    more = [
        {"type": "boolean", "name": "sure", "correctAnswer": True},
        {"type": "text", "name": "age", "inputType": "number", "min": 18},
        {"type": "matrixdynamic", "name": "grid"},
    ]
    form = {"pages": [{"elements": [radio, {"type": "panel", "elements": [comment]}, *more]}]}
    found = read_surveyjs(json.dumps(form))
    assert kinds_of(found) == {"colour": "choice", "why": "text", "sure": "choice", "age": "number"}
    assert body_of(found, "colour") == {
        "options": {"red": "red", "b": "Blue"},
        "right": "b",
        "translations": {"de": {"prompt": "Welche?"}},
    }
    assert body_of(found, "age") == {"minimum": 18, "required": False}
    assert [loss.what for loss in found.losses] == [
        "why: not taken over: visibleIf.",
        "not imported: a matrixdynamic has no item of Petri like it.",
    ]


@pytest.mark.parametrize("text", ["{", "[]", "{}", "[" * 100_000])
def test_a_text_that_is_not_a_form_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        read_surveyjs(text)


def test_every_import_can_be_compiled_and_asked_for_by_a_study(tmp_path: Path) -> None:
    found = read_gift(GIFT)
    assert compiled_names(tmp_path, found) == [item.name for item in found.items]


def test_a_text_cannot_end_the_block_that_it_is_in(tmp_path: Path) -> None:
    found = ImportedItems()
    found.add("line 1", "evil", "text", ":::\n:::{choice} other\nprompt: x", {"right": [":::", '"quoted"']})
    assert compiled_names(tmp_path, found) == ["evil"]


@pytest.mark.parametrize(
    ("read", "write"),
    [
        (read_gift, write_gift),
        (read_aiken, write_aiken),
        (read_surveyjs, write_surveyjs),
        (read_kahoot, write_kahoot),
    ],
)
def test_what_is_exported_is_read_again_as_it_was(read: Any, write: Any) -> None:
    options = {"a": "Yes: 1", "b": "No # 2"}
    choice = BankItem("c", "choice", "Which {one} = ~ right?", {"options": options, "right": "b"})
    written, losses = write([choice])
    assert losses == []
    [again] = read(written).items
    assert (again.kind, again.prompt) == ("choice", choice.prompt)
    labels = list(again.body["options"].values())
    assert labels == ["Yes: 1", "No # 2"]
    assert again.body["options"][again.body["right"]] == "No # 2"


@pytest.mark.parametrize("write", [write_gift, write_aiken, write_surveyjs, write_kahoot])
def test_an_item_that_a_format_has_not_is_named(write: Any) -> None:
    _, losses = write([BankItem("sketch", "upload", "Upload it.", {})])
    assert [loss.where for loss in losses] == ["sketch"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", "item"),
        ("12 angry men", "item_12_angry_men"),
        ("class", "item_class"),
    ],
)
def test_a_name_is_an_identifier(text: str, name: str) -> None:
    assert new_name(text, ()) == name
    assert new_name(text, {name}) == f"{name}_2"


def test_the_commands_import_and_export_and_overwrite_nothing_unasked(tmp_path: Path) -> None:
    source, study, target = tmp_path / "geo.gift", tmp_path / "study", tmp_path / "out.json"
    source.write_text(GIFT, encoding="utf-8")
    study.mkdir()
    told = CliRunner().invoke(app, ["import-items", str(source), str(study)]).output
    assert "9 items in" in told
    assert "line 24: not imported" in told
    refused = CliRunner().invoke(app, ["import-items", str(source), str(study)])
    assert refused.exit_code != 0
    assert "exists already" in " ".join(refused.output.split())
    wanted = ["export-items", str(study), "--to", "surveyjs", "--out", str(target)]
    told = CliRunner().invoke(app, wanted).output
    assert "8 of 9 items in" in told
    assert "SurveyJS has no question like a match" in told
    assert len(read_surveyjs(target.read_text(encoding="utf-8")).items) == 8
    assert CliRunner().invoke(app, wanted).exit_code != 0
