"""`petri verify` reports what is wrong with the pages of a study, with file and line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from infra.verify import Finding, verify

CODE = """
from petri.study import End, Group, Page, Study, Wait, choice, number


class Split(Study):
    offer = number("How much?", minimum=0, maximum=10)
    accept = choice("Accept?", {"yes": "Yes", "no": "No"})

    timeline = [
        Page("welcome"),
        Page("propose", ask="offer"),
        Page("respond", ask="accept"),
        End(),
    ]
"""
GOOD = {
    "experiment.py": CODE,
    "config.txt": "[Experiment]\nbase_payment = 1.00\n",
    "README.md": "# A study\n",
    "pages/welcome.md": "# Hello\n\n![An owl](/static/owl.png)\n",
    "pages/propose.md": "You are number {{ participant.id }}.\n",
    "pages/respond.md": "You offered {{ player.offer }}.\n\n{{ ask('accept') }}\n",
    "static/owl.png": "png",
}
MARKDOWN = {
    "experiment.py": None,
    "pages/welcome.md": None,
    "pages/propose.md": None,
    "pages/respond.md": None,
    "study.md": (
        "# welcome\n\nHello.\n\n:::{number} age: How old?\n:::\n\n# thanks\n\nYou are {{ player.age }}.\n"
    ),
}

Check = Callable[..., list[str]]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Verify the good study with changes, and return the findings as text."""

    def check(changes: dict[str, str | None] | None = None) -> list[str]:
        folder = tmp_path / "study"
        for name, text in {**GOOD, **(changes or {})}.items():
            if text is not None:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(text, encoding="utf-8")
        found: list[Finding] = verify(folder, environ={}, home=tmp_path / "home")
        return [f"{each.level}: {each.where}: {each.what} {each.fix}".rstrip() for each in found]

    return check


def test_a_good_study_has_no_problem(check: Check):
    assert check() == []


def test_a_good_study_in_one_file_has_no_problem(check: Check):
    assert check(MARKDOWN) == []


PROBLEMS: dict[str, tuple[dict[str, str | None], str]] = {
    "a page that doesn't compile": (
        {"pages/welcome.md": "a\n\n<form>b</form>\n"},
        "error: pages/welcome.md, line 3: ",
    ),
    "a page file that is missing": (
        {"pages/welcome.md": None},
        "error: experiment.py: Page 'welcome' has no file; ",
    ),
    "an item that no page asks for": (
        {"experiment.py": CODE.replace('ask="accept"', "").replace(", )", ")"), "pages/respond.md": "a\n"},
        "warning: experiment.py: the item 'accept' is asked on no page. ",
    ),
    "a page that isn't shown": (
        {"pages/other.md": "a\n"},
        "warning: pages/other.md: is a page that the timeline",
    ),
    "a picture that is missing": (
        {"pages/welcome.md": "a\n\n![b](/static/cat.png)\n"},
        "error: pages/welcome.md, line 3: There is no file static/cat.png. ",
    ),
    "a script that is missing": (
        {"pages/welcome.md": "---\nscript: x.js\n---\na\n"},
        "error: experiment.py: 'welcome' has the script x.js, which isn't in static/. ",
    ),
    "an item that doesn't exist": (
        {"experiment.py": CODE.replace('ask="offer"', 'ask="offfer"')},
        "error: experiment.py: Page 'propose' asks for 'offfer', which isn't an item of the study.",
    ),
    "a value that is missing": (
        {"pages/propose.md": "a\n\n{{ nothing }}\n"},
        "error: pages/propose.md, line 3: The page fails in a run: 'nothing' is undefined.",
    ),
    "a study file with a problem": (
        {**MARKDOWN, "study.md": "# a\n\n:::{texxt} b\n:::\n"},
        "error: study.md, line 3: There is no directive {texxt}. ",
    ),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_problem_of_a_study_is_reported_with_its_place(name: str, check: Check):
    changes, expected = PROBLEMS[name]
    found = check(changes)
    assert [line for line in found if line.startswith(expected)], found
    assert not [line for line in found if "is wrong:" in line]


def test_a_page_with_a_problem_is_reported_once_and_not_as_missing(check: Check):
    assert len(check({"pages/welcome.md": "{{\n"})) == 1
