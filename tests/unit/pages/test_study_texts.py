"""Built-in text of the page of a study: each sentence is translated into each language."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from .scripts import SCRIPTS

FRONTEND = SCRIPTS.parents[1]
LANGUAGES = {"ar", "de", "es", "fr", "hi", "it", "ja", "pt", "zh"}
FILES = sorted((FRONTEND / "static" / "texts").glob("*.json"))
CALL = re.compile(r'(?<!\)\.)\b(?:text|translated)\(\s*"([^"]+)"')
MARKED = re.compile(r"data-text>([^<]+)<")
CHOSEN = re.compile(r'text\(page\.exit \? "([^"]+)" : "([^"]+)"\)')
BANNER = re.compile(r'^    (?:person|crowd|line): "([^"]+)",$', re.MULTILINE)
GAP = re.compile(r"\{\w+\}")
#: Passed on by name, from where it is defined.
NAMED = {
    (
        "This page was opened without your personal link. "
        "Please open the study again from the page where you found it."
    ),
    "Welcome back. You can continue where you left off.",
    "Stop recording",
    "Record",
    "Messages",
    "Your message",
    "Send",
    "You",
}


def sentences() -> set[str]:
    found = set(NAMED)
    own = ("dallinger2.js", "petri.js", "petri-messages.js", "petri-chat.js", "petri-trials.js")
    for script in [*(SCRIPTS / name for name in own), *(SCRIPTS / "study").rglob("*.js")]:
        source = script.read_text(encoding="utf-8")
        found |= set(CALL.findall(source)) | set(BANNER.findall(source))
        found |= {each for pair in CHOSEN.findall(source) for each in pair}
    shell = FRONTEND / "templates" / "base" / "study.html"
    return found | set(MARKED.findall(shell.read_text(encoding="utf-8")))


def test_there_is_a_file_for_each_language() -> None:
    assert {path.stem for path in FILES} == LANGUAGES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_sentence_is_translated_and_nothing_else(path: Path) -> None:
    translated = json.loads(path.read_text(encoding="utf-8"))
    assert set(translated) == sentences()
    assert all(text.strip() for text in translated.values())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_translation_has_the_same_gaps_as_its_sentence(path: Path) -> None:
    translated = json.loads(path.read_text(encoding="utf-8"))
    differing = [
        english
        for english, text in translated.items()
        if sorted(GAP.findall(english)) != sorted(GAP.findall(text))
    ]
    assert differing == []
