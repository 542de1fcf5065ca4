"""A page with loops and conditions shows what the same page shows when its author writes each case out.

For texts without signs of Markdown, Jinja can run before Markdown: what that gives is what a page must show.
"""

from __future__ import annotations

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jinja2 import Environment

from .compiling import html_of

VARIABLES = {"yes": 1, "no": 0, "two": ["b", "c"], "one": ["d"], "word": "a"}
WORDS = st.sampled_from(
    [
        "word",
        "{{ word }}",
        "**{{ word }}**",
        "{% if yes %}x{% endif %} y",
        "{% for z in two %}{{ z }}{% endfor %}",
        "`{{ word }}`",
    ]
)
TESTS = st.sampled_from(["yes", "no", "not no"])
LISTS = st.sampled_from(["two", "one"])


@st.composite
def repeated(draw: st.DrawFn, lines: list[str], indent: str = "") -> list[str]:
    """Return lines as they are, or inside a loop, a condition or both."""
    kind = draw(st.sampled_from(["plain", "plain", "for", "if", "else", "both"]))
    if kind == "plain":
        return lines
    if kind == "for":
        return [f"{indent}{{% for i in {draw(LISTS)} %}}", *lines, f"{indent}{{% endfor %}}"]
    if kind == "if":
        return [f"{indent}{{% if {draw(TESTS)} %}}", *lines, f"{indent}{{% endif %}}"]
    if kind == "else":
        return [
            f"{indent}{{% if {draw(TESTS)} %}}",
            *lines,
            f"{indent}{{% else %}}",
            *lines,
            f"{indent}{{% endif %}}",
        ]
    outer = [f"{indent}{{% for i in two %}}", f"{indent}{{% if {draw(TESTS)} %}}"]
    return [*outer, *lines, f"{indent}{{% endif %}}", f"{indent}{{% endfor %}}"]


@st.composite
def a_list(draw: st.DrawFn, indent: str = "", depth: int = 0) -> list[str]:
    sign = draw(st.sampled_from(["-", "1."])) if depth == 0 else "-"
    # The first item is always there: a list without items isn't one for Markdown.
    lines = [f"{indent}{sign} first"]
    for _ in range(draw(st.integers(1, 3))):
        item = [f"{indent}{sign} {draw(WORDS)}"]
        if depth == 0 and draw(st.booleans()):
            item += draw(a_list(indent=indent + " " * (len(sign) + 1), depth=1))
        lines += draw(repeated(item, indent))
    return lines


@st.composite
def a_table(draw: st.DrawFn) -> list[str]:
    lines = ["| a | b |", "|---|---|", f"| {draw(WORDS)} | first |"]
    for _ in range(draw(st.integers(1, 3))):
        lines += draw(repeated([f"| {draw(WORDS)} | {draw(WORDS)} |"]))
    return lines


@st.composite
def a_quote(draw: st.DrawFn) -> list[str]:
    return [f"> {line}" for line in draw(a_list())]


PARAGRAPH = WORDS.map(lambda word: [f"Text {word}"])
HEADING = WORDS.map(lambda word: [f"## Title {word}"])
BLOCK = st.one_of(PARAGRAPH, HEADING, a_list(), a_table(), a_quote())


@st.composite
def a_page(draw: st.DrawFn) -> str:
    parts: list[str] = []
    for _ in range(draw(st.integers(1, 4))):
        parts.append("\n".join(draw(BLOCK)))
        if draw(st.booleans()):
            inside = "\n\n".join(
                "\n".join(draw(st.one_of(PARAGRAPH, HEADING))) for _ in range(draw(st.integers(1, 2)))
            )
            first, last = (
                ("{% for i in two %}", "{% endfor %}")
                if draw(st.booleans())
                else ("{% if yes %}", "{% endif %}")
            )
            parts += [first, inside, last]
        # Lists that follow each other would be one.
        parts.append("Between.")
    return "\n\n".join(parts)


def written_out(page: str) -> str:
    """Return a page after Jinja alone; lines of tags aren't lines any more."""
    joined = ""
    for line in page.split("\n"):
        tag = re.fullmatch(r"(?:> )? *(\{% [^%]*%\})", line)
        joined += tag[1] if tag else f"{line}\n"
    return Environment(autoescape=False).from_string(joined).render(VARIABLES)  # noqa: S701 - plain words


def without_blanks(html: str) -> str:
    return re.sub(
        r"\s+",
        " ",
        re.sub(r"\s*(</?(?:ul|ol|li|p|table|thead|tbody|tr|t[hd]|blockquote|h2)\b[^>]*>)\s*", r"\1", html),
    )


@given(a_page())
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_page_shows_what_it_shows_when_each_case_is_written_out(page):
    assert without_blanks(html_of(page, **VARIABLES)) == without_blanks(html_of(written_out(page)))
