"""The glossary has every public class, status and kind of message, and no others."""

from __future__ import annotations

import re
from collections import Counter

import pytest

import petri
from chalicelib.messages import message_types
from chalicelib.model.statuses import ParticipantStatus, PaymentStatus

from .blocks import DOCS, section

PAGE = DOCS / "glossary.md"
_ENTRY = re.compile(r"^- \*\*(?P<term>[^*]+)\*\*: (?P<meaning>.+(?:\n  .+)*)$", re.MULTILINE)
#: What the code defines, by the section that explains it.
DEFINED = {
    "Classes": {name for name in petri.__all__ if isinstance(getattr(petri, name), type)},
    "Statuses of a participant": set(ParticipantStatus),
    "Statuses of a payment": set(PaymentStatus),
    "Kinds of messages": set(message_types()),
}


def entries(text: str) -> list[tuple[str, str]]:
    return [(found["term"], " ".join(found["meaning"].split())) for found in _ENTRY.finditer(text)]


EVERY_ENTRY = entries(PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("heading", DEFINED)
def test_the_glossary_explains_what_the_code_defines(heading: str):
    explained = [term.strip("`") for term, _ in entries(section(PAGE, heading))]
    assert explained == list(dict.fromkeys(explained))
    assert set(explained) == DEFINED[heading]


@pytest.mark.parametrize(("term", "meaning"), EVERY_ENTRY, ids=[term for term, _ in EVERY_ENTRY])
def test_a_term_is_explained_by_one_sentence(term: str, meaning: str):
    assert meaning.endswith("."), term
    assert not re.search(r"[.!?] [A-Z]", meaning), term


def test_no_term_is_explained_twice_in_one_section():
    for part in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        counted = Counter(term.lower() for term, _ in entries(part))
        assert [term for term, times in counted.items() if times > 1] == []


def test_every_line_of_the_glossary_is_an_entry():
    text = PAGE.read_text(encoding="utf-8")
    assert len(re.findall(r"^- ", text, re.MULTILINE)) == len(EVERY_ENTRY) > 100
