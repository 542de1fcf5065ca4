"""A study.md becomes pages, and the order in which they come."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.study.elements import End, Page
from chalicelib.study.markdown_study import study_class
from chalicelib.study.page_files import SETTINGS as ELEMENT_SETTINGS
from chalicelib.study.pages import CompiledPages
from infra.pages import compile_folder
from infra.pages.page_settings import SETTINGS

DEMO = Path(__file__).parents[3] / "demos" / "survey"
STUDY = """---
title: Colours
language: en
conditions: {colour: [red, blue]}
base_payment: 1.50
---

# welcome

:::{page}
button: Start
seconds: 60
:::

## Hello

```
# no page
```

> # none either

:::{number} age: How old are you?
:::

:::{end} screen_out
# A comment of YAML.
if: age < 18 or age > 99
message: Thank you.
:::

Text after the end.

# colour

{% if condition.colour == "red" %}
Red
{% endif %}

# last-page
:::{end}
:::
"""


def compiled(tmp_path: Path, text: str, **pages: str) -> CompiledPages:
    (tmp_path / "study.md").write_text(text, encoding="utf-8")
    for name, page in pages.items():
        path = tmp_path / "pages" / f"{name.replace('__', '/')}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8")
    return compile_folder(tmp_path)


def test_top_headings_begin_pages_and_ends_come_after_their_page(tmp_path: Path):
    found = compiled(tmp_path, STUDY)
    assert found.problems == ()
    assert found.study is not None
    assert found.study.settings == {
        "title": "Colours",
        "language": "en",
        "conditions": {"colour": ["red", "blue"]},
        "base_payment": 1.5,
    }
    assert found.study.sequence == (
        {"page": "welcome", "line": 8},
        {"end": "screen_out", "if": "age < 18 or age > 99", "message": "Thank you.", "line": 26},
        {"page": "colour", "line": 34},
        {"page": "last-page", "line": 40},
        {"end": "complete", "line": 41},
    )


def test_pages_have_settings_items_and_lines_of_the_file(tmp_path: Path):
    page = compiled(tmp_path, STUDY).pages["", "welcome"]
    assert page.settings == {"button": "Start", "seconds": 60}
    assert [(item.name, item.prompt, item.line) for item in page.items] == [("age", "How old are you?", 23)]
    assert page.file == "study.md"
    assert page.source_line(1 + page.template[: page.template.index("ask(")].count("\n")) == 23
    assert page.template.startswith("<h2>Hello</h2>\n<pre><code># no page\n</code></pre>")
    assert "Text after the end." in page.template


def test_a_page_of_a_study_can_be_translated(tmp_path: Path):
    german = ":::{number} age: Wie alt sind Sie?\n:::\n"
    found = compiled(tmp_path, STUDY, de__welcome=german)
    assert found.problems == ()
    assert found.pages["de", "welcome"].items[0].prompt == "Wie alt sind Sie?"


PROBLEMS = {
    "no page": ("---\ntitle: a\n---\n", 4, "There are no pages"),
    "a title that is not a text": ("---\ntitle: 5\n---\n# a\n", 2, "`title` must be a text"),
    "an invalid language": ("---\nlanguage: English\n---\n# a\n", 2, "`language` must be a language tag"),
    "text before the first page": ("a\n\n# b\n", 1, "belongs to no page"),
    "a name with blanks": ("# Your opinions\n", 1, "Write # your_opinions"),
    "a name that is live": ("# {{ x }}\n", 1, "can't be the name of a page"),
    "two pages of one name": ("# a\n\n# b\n\n# a\n", 5, "two pages 'a'"),
    "an unknown end": ("# a\n:::{end} screenout\n:::\n", 2, "Did you mean `screen_out`?"),
    "an unknown key of an end": ("# a\n:::{end}\nwhen: x\n:::\n", 2, "An end has no `when`"),
    "a condition with a syntax error": (
        "# a\n:::{end}\nif: age <\n:::\n",
        2,
        "The expression 'age <' is wrong",
    ),
    "a condition that is not a text": ("# a\n:::{end}\nif: [1]\n:::\n", 2, "`if` must be an expression"),
    "an unknown directive": ("# a\n:::{pgae}\n:::\n", 2, "Did you mean :::{page}?"),
    "an unknown setting of a page": ("# a\n\n:::{page}\nsecond: 5\n:::\n", 3, "Did you mean `seconds`?"),
    "a tag that isn't closed": ("# a\n\n# b\n\n{{ x", 5, "Unexpected end of template"),
    "a statement across pages": ("# a\n{% if x %}\n# b\n{% endif %}\n", 2, "Unexpected end of template"),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_problem_of_a_study_file_has_its_line(name: str, tmp_path: Path):
    text, line, message = PROBLEMS[name]
    problems = compiled(tmp_path, text).problems
    assert (problems[0].file, problems[0].line) == ("study.md", line)
    assert message in f"{problems[0].message} {problems[0].fix}"


def test_pages_without_a_problem_are_compiled_beside_others(tmp_path: Path):
    found = compiled(tmp_path, "# a\n\n$x_$\n\n# b\n\n<form>\n\n# c\n")
    assert [problem.line for problem in found.problems] == [3, 7]
    assert list(found.pages) == [("", "c")]
    assert found.study is not None
    assert [step["page"] for step in found.study.sequence] == ["a", "b", "c"]


def test_the_steps_become_the_timeline_of_a_study(tmp_path: Path):
    text = "# a\n\n:::{end} screen_out\nif: age < 18\nonly: {colour: red}\nmessage: Bye.\n:::\n\n# b\n"
    found = compiled(tmp_path, text)
    assert found.study is not None
    study = study_class(found.study, "study")
    assert list(study.timeline) == [
        Page("a"),
        End("screen_out", show_if="age < 18", only={"colour": "red"}, message="Bye."),
        Page("b"),
    ]


def test_a_page_can_set_what_its_element_takes():
    assert set(SETTINGS) == ELEMENT_SETTINGS


def test_the_survey_demo_has_at_most_forty_lines():
    lines = (DEMO / "study.md").read_text(encoding="utf-8").splitlines()
    assert 20 < sum(1 for line in lines if line.strip()) <= 40


def test_the_survey_demo_compiles():
    found = compile_folder(DEMO)
    assert found.problems == ()
    assert found.study is not None
    assert [step.get("page") or step["end"] for step in found.study.sequence] == [
        "welcome",
        "screen_out",
        "decision",
        "opinions",
        "screen_out",
        "debrief",
    ]
    assert len(found.pages["", "opinions"].items) == 7
