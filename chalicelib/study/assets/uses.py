"""Finds which pages and items of a study, and which of its Python files, show which assets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from chalicelib.study.pages.compiled import CompiledPage, CompiledPages

#: An asset in a template: asset("happy.png"); in an item or a setting: asset:happy.png.
_CALLED: Final = re.compile(r"""\basset\(\s*(["'])(?P<name>[^"']+)\1""")
_WRITTEN: Final = re.compile(r"\basset:(?P<name>[a-z0-9][a-z0-9_./-]*[a-z0-9_-])")


def uses_of_assets(compiled: CompiledPages) -> dict[str, list[str]]:
    """Return the files that show each asset, by the asset's name, in the order of the files."""
    uses: dict[str, list[str]] = {}
    pages = [(page.file, assets_of_page(page)) for page in (*compiled.pages.values(), *compiled.bank)]
    for file, names in (*pages, *compiled.assets_in_code.items()):
        for name in names:
            files = uses.setdefault(name, [])
            if file not in files:
                files.append(file)
    return uses


def assets_of_page(page: CompiledPage) -> list[str]:
    """Return the names of the assets that a page or its items show, each once."""
    texts = [page.template, *_texts(page.settings)]
    for item in page.items:
        texts += [item.prompt, *_texts(item.body)]
    return list(dict.fromkeys(name for text in texts for name in assets_in(text)))


def assets_in(text: str) -> list[str]:
    """Return the names of the assets that a text shows, such as a template or Python code, each once."""
    names = (match["name"] for pattern in (_CALLED, _WRITTEN) for match in pattern.finditer(text))
    return list(dict.fromkeys(names))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
