"""Compiles one page: Markdown or HTML with Jinja's tags becomes a template."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateSyntaxError

from chalicelib.study.pages.compiled import CompiledPage
from chalicelib.study.pages.library import page_environment

from .author_problem import AuthorProblem, ProblemList
from .jinja_tags import TaggedText, asked_in, take_out_tags
from .markdown_page import Ending, MarkdownPage
from .markup import HtmlCheck
from .page_settings import page_settings, split_front_matter

#: Longer pages are a mistake, and would be slow to show.
MOST_CHARACTERS = 300_000


@dataclass(frozen=True)
class PageSource:
    """A page's text, and where it is from."""

    name: str
    language: str
    file: str
    text: str
    #: the line in the file at which the text begins
    line: int = 1


def compile_page(source: PageSource) -> tuple[CompiledPage | None, ProblemList]:
    """Compile a page of the folder `pages/`; None when it has a problem."""
    problems = ProblemList(source.file)
    if len(source.text) > MOST_CHARACTERS:
        problems.add(1, f"The page has {len(source.text):,} characters.", "Divide it into several.")
        return None, problems
    try:
        values, text, settings_line, line = split_front_matter(source.text)
        settings = page_settings(values, settings_line, problems)
        body = PageSource(source.name, source.language, source.file, text, line)
        if source.file.endswith(".html"):
            page = _compile_html(body, problems)
        else:
            page, _ = compile_markdown(body, problems)
    except AuthorProblem as problem:
        problems.take(problem)
        return None, problems
    except RecursionError:
        problems.add(source.line, "The page is nested too deeply.", "Divide it into several.")
        return None, problems
    if problems.found or page is None:
        return None, problems
    return _with_settings(page, settings), problems


def _with_settings(page: CompiledPage, settings: dict[str, Any]) -> CompiledPage:
    return CompiledPage(
        page.name, page.language, page.template, settings, page.items, page.file, page.lines, page.asks
    )


def compile_markdown(
    source: PageSource, problems: ProblemList, *, is_in_study: bool = False
) -> tuple[CompiledPage | None, list[Ending]]:
    """Compile Markdown without front matter; returns the page and the ends in it."""
    tagged = take_out_tags(source.text, source.line)
    page = MarkdownPage(tagged, problems, is_in_study)
    html = page.html()
    compiled = _finish(source, tagged, html, page.line, problems, page.kept)
    if compiled is None:
        return None, page.endings
    items = tuple(page.items)
    return (
        CompiledPage(
            source.name,
            source.language,
            compiled.template,
            page.settings,
            items,
            source.file,
            compiled.lines,
            compiled.asks,
        ),
        page.endings,
    )


def _compile_html(source: PageSource, problems: ProblemList) -> CompiledPage | None:
    tagged = take_out_tags(source.text, source.line)
    for number, text in enumerate(tagged.text.split("\n")):
        if text.lstrip().startswith(":::{"):
            problems.add(
                tagged.lines[number],
                "Blocks that define questions are for pages in Markdown.",
                'Define the item in the study, and place it with {{ ask("name") }}.',
            )

    def line_of(index: int) -> int:
        return tagged.lines[min(index, len(tagged.lines) - 1)]

    return _finish(source, tagged, tagged.text, line_of, problems, set())


def _finish(
    source: PageSource,
    tagged: TaggedText,
    html: str,
    line_of: Callable[[int], int],
    problems: ProblemList,
    kept: set[int],
) -> CompiledPage | None:
    """Check a page's HTML and return it as a template; None when it has problems."""
    check = HtmlCheck(tagged, html, line_of, problems, kept)
    check.run()
    if not problems.found:
        for tag in tagged.tags.values():
            if tag.number not in check.writer.tags:
                problems.add(
                    tag.line,
                    f"{tag} is in a place that isn't shown.",
                    "Move it into the text: cells without a column and notes without a reference are lost.",
                )
    if problems.found:
        return None
    template, lines = check.writer.template(), check.writer.lines()
    try:
        page_environment().compile(page_environment().parse(template))
        asks = tuple(asked_in(template))
    except TemplateSyntaxError as error:
        problems.add(
            lines[min(error.lineno, len(lines)) - 1],
            f"The tags of this page don't fit together: {error.message}.",
            "Put {% %} tags around whole paragraphs, list items or rows.",
        )
        return None
    return CompiledPage(source.name, source.language, template, {}, (), source.file, lines, asks)
