"""Compiles `study.md`: front matter, and a page for each top heading."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from jinja2 import TemplateSyntaxError
from markdown_it import MarkdownIt

from chalicelib.experiment.config.problems import closest_match
from chalicelib.study.pages.compiled import CompiledPage, StudyFile
from chalicelib.study.pages.library import STUDY_FILE, page_environment

from .author_problem import AuthorProblem, ProblemList
from .directives import directive_plugin
from .jinja_tags import take_out_tags
from .markdown_page import Ending
from .maths import maths_plugin
from .page_compiler import PageSource, compile_markdown
from .page_settings import is_language, split_front_matter

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_ENDINGS: Final = ("complete", "screen_out")
_END_KEYS: Final = ("if", "message", "only")


@dataclass(frozen=True)
class CompiledStudyFile:
    """A study.md, and its pages."""

    study: StudyFile
    pages: tuple[CompiledPage, ...]
    problems: ProblemList


@dataclass(frozen=True)
class _Section:
    """A top heading, and the text below it."""

    name: str
    line: int
    text: str


def compile_study(text: str) -> CompiledStudyFile:
    """Compile a study.md; a page with a problem is left out of the pages, and stays in the sequence."""
    problems = ProblemList(STUDY_FILE)
    settings: dict[str, Any] = {}
    sequence: list[Mapping[str, Any]] = []
    pages: list[CompiledPage] = []
    try:
        settings, body, settings_line, line = split_front_matter(text)
        _check_settings(settings, settings_line, problems)
        for section in _sections(body, line, problems):
            if any(step.get("page") == section.name for step in sequence):
                problems.add(section.line, f"There are two pages {section.name!r}.", "Rename one of the two.")
                continue
            sequence.append({"page": section.name, "line": section.line})
            page, endings = _compile(section, problems)
            pages += [page] if page else []
            sequence += filter(None, (_step(ending, problems) for ending in endings))
        if not sequence:
            problems.add(line, "There are no pages.", "Begin the first page with a line such as # welcome.")
    except AuthorProblem as problem:
        problems.take(problem)
    return CompiledStudyFile(StudyFile(settings, tuple(sequence)), tuple(pages), problems)


def _compile(section: _Section, problems: ProblemList) -> tuple[CompiledPage | None, list[Ending]]:
    """Compile a page and return it with the ends after it; None when it has a problem."""
    own = ProblemList(STUDY_FILE)
    source = PageSource(section.name, "", STUDY_FILE, section.text, section.line + 1)
    page: CompiledPage | None = None
    endings: list[Ending] = []
    try:
        page, endings = compile_markdown(source, own, is_in_study=True)
    except AuthorProblem as problem:
        own.take(problem)
    except RecursionError:
        own.add(section.line, "The page is nested too deeply.", "Divide it into several.")
    problems.found += own.found
    return (None if own.found else page), endings


def _sections(body: str, line: int, problems: ProblemList) -> Iterator[_Section]:
    """Yield the pages of a file: what is below each top heading that isn't in a list, quote or code."""
    tagged = take_out_tags(body, line)
    lines = body.split("\n")
    tokens = _splitter().parse(tagged.text)
    headings = [
        (tagged.lines[token.map[0]] - line, tagged.readable(tokens[index + 1].content).strip())
        for index, token in enumerate(tokens)
        if token.type == "heading_open" and token.tag == "h1" and token.level == 0 and token.map
    ]
    first = headings[0][0] if headings else len(lines)
    stray = next((number for number, text in enumerate(lines[:first]) if text.strip()), None)
    if stray is not None:
        problems.add(
            line + stray, "This text belongs to no page.", "Begin each page with a line such as # welcome."
        )
    ends = [index for index, _ in headings[1:]] + [len(lines)]
    for (index, name), end in zip(headings, ends, strict=False):
        if _NAME.fullmatch(name):
            yield _Section(name, line + index, "\n".join(lines[index + 1 : end]))
        else:
            suggestion = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "welcome"
            problems.add(
                line + index,
                f"{name!r} can't be the name of a page; it needs letters, digits, _ and -.",
                f"Write # {suggestion}, and begin headings that participants see with ##.",
            )


@cache
def _splitter() -> MarkdownIt:
    parser = (
        MarkdownIt("commonmark", {"maxNesting": 100}).enable("table").disable("lheading").disable("inline")
    )
    maths_plugin(parser)
    directive_plugin(parser)
    return parser


def _step(ending: Ending, problems: ProblemList) -> Mapping[str, Any] | None:
    """Return the step of a :::{end} block; None when it has a problem."""
    kind = ending.kind or "complete"
    before = len(problems.found)
    if kind not in _ENDINGS:
        near = closest_match(kind, _ENDINGS)
        fix = f"Did you mean `{near}`?" if near else f"Use one of {', '.join(_ENDINGS)}."
        problems.add(ending.line, f"There is no end {kind!r}.", fix)
    body = {("if" if key == "show_if" else key): value for key, value in ending.body.items()}
    for key in body:
        if key not in _END_KEYS:
            fix = f"It can have {', '.join(_END_KEYS)}."
            problems.add(ending.line, f"An end has no `{key}`.", fix)
    if "if" in body:
        _check_condition(body["if"], ending.line, problems)
    if len(problems.found) > before:
        return None
    return {"end": kind, **body, "line": ending.line}


def _check_condition(written: Any, line: int, problems: ProblemList) -> None:
    if not isinstance(written, str):
        problems.add(line, f"`if` must be an expression, not {written!r}.", "Write `if: age < 18`.")
        return
    try:
        page_environment().compile_expression(written)
    except TemplateSyntaxError as error:
        problems.add(line, f"The expression {written!r} is wrong: {error.message}.", "Write `if: age < 18`.")


def _check_settings(settings: Mapping[str, Any], line: int, problems: ProblemList) -> None:
    title, language = settings.get("title", ""), settings.get("language")
    if not isinstance(title, str):
        problems.add(line, "`title` must be a text.", "Put it in quotes.")
    if language is not None and not (isinstance(language, str) and is_language(language)):
        problems.add(line, f"`language` must be a language tag, not {language!r}.", "Write `language: en`.")
