"""The examples in docs/pages.md compile, and show what the page says."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from infra.pages import PageSource, compile_page
from infra.pages.page_settings import SETTINGS
from infra.pages.study_file import compile_study
from tests.docs.blocks import DOCS, Block, blocks, section

from .compiling import html_of

PAGE = DOCS / "pages.md"
BLOCKS = blocks(PAGE)
PAIRS = [(block, after) for block, after in zip(BLOCKS, [*BLOCKS[1:], None], strict=True)]
PAGES = [pair for pair in PAIRS if pair[0].what == "page"]
WRONG = [pair for pair in PAIRS if pair[0].what == "wrong"]


def sample() -> dict[str, Any]:
    players = [
        SimpleNamespace(name="Ada", points=3, offer=5, role="proposer", picture="owl"),
        SimpleNamespace(name="*Bo*", points=0, offer=0, role="responder", picture="owl"),
    ]
    players[0].in_round = lambda number: players[0]
    return {
        "player": players[0],
        "group": SimpleNamespace(players=players),
        "round": 2,
        "rounds": 3,
        "condition": {"colour": "red"},
    }


@pytest.mark.parametrize(("block", "after"), PAGES)
def test_an_example_shows_what_the_document_says(block: Block, after: Block | None):
    suffix = {"markdown": "md", "html": "html"}[block.language]
    shown = html_of(block.text, f"pages/example.{suffix}", **sample())
    assert shown
    if after is not None and after.what == "result":
        assert shown == after.text.strip()


@pytest.mark.parametrize(("block", "after"), WRONG)
def test_an_example_of_a_mistake_has_the_problem_that_the_document_shows(block: Block, after: Block | None):
    _, problems = compile_page(PageSource("example", "", "pages/example.md", block.text))
    assert after is not None
    assert [str(problem) for problem in problems.found] == [after.text.strip()]


def test_the_example_of_a_study_in_one_file_compiles():
    (text,) = [block.text for block in BLOCKS if block.what == "study"]
    found = compile_study(text)
    assert found.problems.found == []
    assert [step.get("page") or step["end"] for step in found.study.sequence] == [
        "welcome",
        "screen_out",
        "question",
    ]


def test_the_document_has_examples_of_everything():
    assert len(PAGES) >= 8
    assert len(WRONG) >= 2
    assert any(after is not None and after.what == "result" for _, after in PAGES)


def test_the_document_lists_every_setting_of_a_page():
    named = re.findall(r"^\| (`.+?`) \|", section(PAGE, "Settings"), re.MULTILINE)
    assert {name for row in named for name in re.findall(r"`(\w+)`", row)} == set(SETTINGS)
