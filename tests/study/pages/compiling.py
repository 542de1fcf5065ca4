"""Compiles and renders pages for tests."""

from __future__ import annotations

import re

from markupsafe import Markup

from chalicelib.study.pages import CompiledPage, CompiledPages, PageLibrary, Problem
from infra.pages import PageSource, compile_page


def problems_of(text: str, file: str = "pages/talk.md") -> list[Problem]:
    """Return what is wrong with a page."""
    page, problems = compile_page(PageSource("talk", "", file, text))
    assert (page is None) == bool(problems.found)
    return problems.found


def page_of(text: str, file: str = "pages/talk.md") -> CompiledPage:
    """Return a page that has no problem."""
    page, problems = compile_page(PageSource("talk", "", file, text))
    assert page is not None, "\n".join(map(str, problems.found))
    return page


def ask(name: str) -> Markup:
    """Return the markup of an item, which is short here."""
    return Markup("<fieldset>{}</fieldset>").format(name)


def html_of(text: str, file: str = "pages/talk.md", **variables: object) -> str:
    """Return a page's HTML, without empty lines."""
    page = page_of(text, file)
    library = PageLibrary(CompiledPages({("", "talk"): page}))
    written = str(library.render(page, variables, ask))
    return re.sub(r"\n(?:[ \t]*\n)+", "\n", written).strip()
