"""Whatever an author writes, compiling reports problems; whatever participants write stays text."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.study.pages import CompiledPage, CompiledPages, PageError, PageLibrary
from infra.pages import PageSource, compile_page
from infra.pages.study_file import compile_study

from .compiling import ask

#: What pages are made of, in all its nastiness.
PIECES = [
    *("{{ x }}", "{{ y }}", "{{", "}}", "{%", "%}", "{#", "#}", "{%- if x -%}", "{% raw %}", "{% endraw %}"),
    *(
        "{% if x %}",
        "{% else %}",
        "{% endif %}",
        "{% for z in ys %}",
        "{{ z }}",
        "{% endfor %}",
        "{% set a = x %}",
    ),
    *('{{ ask("b") }}', "{{ x|safe }}", "{{ x|upper }}", "{% set a %}", "{% endset %}", "{{ {'a': 1} }}"),
    *(
        "\n",
        "\n\n",
        " ",
        "    ",
        "\t",
        "- ",
        "1. ",
        "* ",
        "> ",
        "# ",
        "## ",
        "|",
        "| a | b |\n|---|---|\n",
        "| c |\n",
    ),
    *(
        "**",
        "*",
        "_",
        "`",
        "```",
        "```\n",
        "~~~",
        "---",
        "===",
        "\\",
        "[",
        "](",
        ")",
        "![",
        "](/a)",
        "[^1]",
        "[^1]: ",
    ),
    *(
        "<b>",
        "</b>",
        "<div>",
        "</div>",
        "<p>",
        "</p>",
        "<ul>",
        "<li>",
        "</li>",
        "</ul>",
        "<br>",
        "<img src=",
        ">",
    ),
    *(
        '<a href="',
        '">',
        "</a>",
        "<b class='",
        "'>",
        "<!--",
        "-->",
        "<script>",
        "</script>",
        "<style>",
        "<textarea>",
    ),
    *(
        '<a href="{{ x }}">a</a>',
        '<b title="{{ x }}">',
        "<svg/>",
        "<td {{ x }}>",
        "<table>",
        "<tr>",
        "&lt;",
        "&#123;",
    ),
    *(
        "$",
        "$$",
        "$x^2$",
        "$$\n",
        "\\frac{1}",
        ":::",
        ":::{text} b\n",
        ":::{text} c: d\n:::\n",
        ":::{choice} e\n",
        ":::\n",
    ),
    *(
        "prompt: f\n",
        "options: [a, b]\n",
        "---\n",
        "seconds: 5\n",
        "&a",
        "*a",
        "!!str",
        "a: {b: [",
        "qzj",
        "a",
        "é",
        "\x00",
    ),
    *("javascript:", "data:text/html,", "http://", "<http://a.b>", "text", "\u2028", "\x0b", "\ufeff"),
]
PAGES = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=14).map("".join)
#: What participants write to break a page.
HOSTILE = [
    *(
        "#",
        "# ",
        "**",
        "*",
        "_",
        "`",
        "```\n",
        "\n\n- ",
        "\n> ",
        "| ",
        "---\n",
        "[a](b)",
        "$x$",
        ":::{text} a\n:::\n",
    ),
    *(
        "<script>alert(1)</script>",
        "</p>",
        "<b>",
        "<img src=x onerror=f()>",
        "<!--",
        "-->",
        "]]>",
        "</textarea>",
    ),
    *(
        "{{",
        "}}",
        "{{ 7 * 7 }}",
        "{% if",
        "{#",
        '"',
        "'",
        "`",
        "&",
        "&lt;",
        "&#60;",
        "javascript:alert(1)",
        "\\",
        "a",
    ),
]
TEXTS = (
    st.lists(st.sampled_from(HOSTILE) | st.text(max_size=3), min_size=1, max_size=5).map("".join).filter(bool)
)
#: Places of a participant's text that a page can have.
PLACES = [
    "{{ x }}",
    "# {{ x }} and {{ x }}",
    "**{{ x }}**, *{{ x }}*, `{{ x }}`, [{{ x }}]({{ x }})",
    '{{ x }} [a](/b?c={{ x }} "{{ x }}"), ![{{ x }}](/{{ x }})',
    "- {{ x }}\n- b\n{% for z in ys %}\n- {{ x }}{{ z }}\n{% endfor %}",
    "| {{ x }} |\n|---|\n{% for z in ys %}| {{ x }} |{% endfor %}",
    "> {{ x }}\n\n```{{ x }}\n{{ x }}\n```\n\n    {{ x }}",
    '<p class="{{ x }}" title=\'{{ x }}\' data-x="{{ x|tojson }}">{{ x }}</p>',
    '<a href="{{ x }}">{{ x }}</a> <img src="{{ x }}" alt="{{ x }}">',
    "<textarea>{{ x }}</textarea>\n\na[^1]\n\n[^1]: {{ x }}",
    "{% if x %}{{ x }}{% endif %}\n\n{% set t %}<i>{{ x }}</i>{% endset %}{{ t }}",
]


class Structure(HTMLParser):
    """The elements and the attributes' names of a page, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[tuple[str, ...]] = []
        self.text: list[str] = []
        self.addresses: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts.append(("start", tag, *(name for name, _ in attrs)))
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_endtag(self, tag: str) -> None:
        self.parts.append(("end", tag))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.parts.append(("comment", data))

    def handle_decl(self, decl: str) -> None:
        self.parts.append(("declaration", decl))

    def handle_pi(self, data: str) -> None:
        self.parts.append(("instruction", data))


def rendered(page: CompiledPage, variables: Mapping[str, Any]) -> str:
    return str(PageLibrary(CompiledPages({("", page.name): page})).render(page, variables, ask))


def shown_or_line(page: CompiledPage, text: str) -> tuple[str | None, int]:
    """Return a page with a participant's text, or the line of an error."""
    try:
        return rendered(page, {"x": text, "y": 1, "ys": [1, 2]}), 0
    except PageError as error:
        return None, error.line


def one_line_break(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def compiled(text: str, suffix: str) -> CompiledPage | None:
    page, problems = compile_page(PageSource("talk", "", f"pages/talk.{suffix}", text))
    assert (page is None) == bool(problems.found)
    lines = text.count("\n") + text.count("\r") + 1
    assert all(1 <= problem.line <= lines and problem.message for problem in problems.found)
    if page is not None:
        assert len(page.lines) == page.template.count("\n") + 1
        assert all(1 <= line <= lines for line in page.lines)
    return page


@given(PAGES, st.sampled_from(["md", "html"]), TEXTS)
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_page_is_compiled_or_has_problems_and_text_never_changes_its_structure(text, suffix, hostile):
    page = compiled(text, suffix)
    if page is None:
        return
    plain, line = shown_or_line(page, "a")
    if plain is None:
        assert 1 <= line <= text.count("\n") + text.count("\r") + 1
    else:
        shown, _ = shown_or_line(page, hostile)
        assert shown is not None
        assert Structure(plain).parts == Structure(shown).parts


@given(PAGES)
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_study_file_is_compiled_or_has_problems(text):
    found = compile_study(text)
    assert found.problems.found or found.study.sequence
    again = CompiledPages({("", page.name): page for page in found.pages}, found.study)
    assert CompiledPages.from_json(again.to_json()) == again


@given(st.sampled_from(PLACES), TEXTS)
@settings(max_examples=300, deadline=None)
def test_text_of_participants_is_shown_as_it_is_and_leads_nowhere(place, hostile):
    page = compiled(place, "md")
    assert page is not None
    plain = Structure(rendered(page, {"x": "a", "ys": [1, 2]}))
    shown = Structure(rendered(page, {"x": hostile, "ys": [1, 2]}))
    assert shown.parts == plain.parts
    assert one_line_break(hostile) in one_line_break("".join(shown.text))
    assert not any(
        address.strip().lower().startswith(("javascript:", "data:")) for address in shown.addresses
    )
