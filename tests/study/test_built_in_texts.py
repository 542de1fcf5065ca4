"""Petri's own text on the pages of studies: each sentence is translated into each language."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

import chalicelib.study
from chalicelib.study.translation import LANGUAGES, direction_of, translate
from petri.study import End, Group, Page, Study, choice, likert, number

from .studies import OpenStudy, answer, due

FOLDER = Path(chalicelib.study.__file__).parent
FOLDERS = [FOLDER, *(FOLDER.parent / "operations").glob("study*")]
SOURCES = [path for folder in FOLDERS for path in folder.rglob("*.py")]
#: Functions whose first argument, when it is a text, is a sentence of Petri's.
TRANSLATING = {"AnswerError", "marked", "text", "translate"}
GAP = re.compile(r"\{\w+\}")


def sentences() -> set[str]:
    """Return the texts that the code passes to a function that translates them."""
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in TRANSLATING and isinstance(node.args[0].value, str):
                found.add(node.args[0].value)
    return found


def catalogue(language: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((FOLDER / "texts" / f"{language}.json").read_text(encoding="utf-8"))
    return found


def test_there_is_a_file_for_each_language():
    assert {path.stem for path in (FOLDER / "texts").iterdir()} == set(LANGUAGES)
    assert len(LANGUAGES) == 9


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_sentence_is_translated_and_nothing_else(language: str):
    assert set(catalogue(language)) == sentences()
    assert all(text.strip() for text in catalogue(language).values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_gaps_of_its_sentence(language: str):
    for english, text in catalogue(language).items():
        assert sorted(GAP.findall(english)) == sorted(GAP.findall(text)), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_says_the_same_on_the_server_and_in_the_browser(language: str):
    browser = json.loads(
        (FOLDER.parents[1] / "frontend" / "static" / "texts" / f"{language}.json").read_text(encoding="utf-8")
    )
    own = catalogue(language)
    shared = set(own) & set(browser)
    assert "Please answer this question." in shared
    assert {key: own[key] for key in shared} == {key: browser[key] for key in shared}


@pytest.mark.parametrize("language", ["en", "nl", "x/../de", "", "tlh"])
def test_a_language_without_translations_gets_english(language: str):
    assert translate("Yes", language) == "Yes"


@pytest.mark.parametrize("language", ["de", "de-AT", "DE", "de_CH"])
def test_a_variety_of_a_language_gets_its_texts(language: str):
    assert translate("Yes", language) == "Ja"


def test_a_text_of_an_author_stays_as_it_is():
    assert translate("What do you think?", "de") == "What do you think?"


def test_arabic_is_written_from_right_to_left():
    assert (direction_of("ar-EG"), direction_of("pt-BR")) == ("rtl", "ltr")


class German(Study):
    """A study in German, with built-in text of each origin."""

    language = "de"
    age = number("Wie alt sind Sie?", minimum=18)
    tea = likert("Ich mag Tee.")
    where = choice("Wo?", ["Hier", "Dort"], style="dropdown", required=False)
    timeline = (Page("ask", ask=["age", "tea", "where"]), End())


def test_the_page_of_a_study_is_in_its_language(open_study: OpenStudy):
    person = open_study(German).arrive()
    page = due(person)
    for text in ("Stimme voll und ganz zu", "Bitte wählen", "(freiwillig)"):
        assert text in page["html"]
    assert (page["button"], page["language"], page["direction"]) == ("Weiter", "de", "ltr")
    assert answer(person, age=17)["items"] == {
        "age": "Die Zahl muss mindestens 18 sein.",
        "tea": "Bitte beantworten Sie diese Frage.",
    }
    assert answer(person, age=18, tea=5)["html"] == "<h1>Ende</h1><p>Vielen Dank für Ihre Teilnahme!</p>"


def test_the_text_for_a_participant_without_a_group_is_in_the_language_of_the_study(
    open_study: OpenStudy,
):
    here = open_study(type("Grouped", (German,), {"timeline": (Group(2, wait_minutes=1), Page("hi"), End())}))
    person = here.arrive()
    due(person)
    here.clock.turn(minutes=2)
    sorry = "Für eine Gruppe sind nicht genug Personen gekommen. Ihre Zeit wird bezahlt."
    assert sorry in due(person)["html"]
