"""Takes over what the files of pages declare: items, and settings of their pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from chalicelib.experiment.config.problems import closest_match

from .elements import Branch, Container, Element, Page, Trials
from .items import AuthorError, Item, kinds
from .pages import CompiledItem, CompiledPages, PageLibrary

#: What the front matter of a page can set: the arguments of Page but its name.
SETTINGS = frozenset(field.name for field in fields(Page)) - {"name"}


def page_items(compiled: CompiledPages) -> tuple[dict[str, Item], list[str]]:
    """Return the items that pages and the item bank define, by name, and what is wrong with them.

    A translation defines the items of its page again; those outside of language folders count.
    """
    items: dict[str, Item] = {}
    places: dict[str, str] = {}
    problems = []
    pages = [(language, page) for (language, _), page in sorted(compiled.pages.items())]
    for language, page in [*(("", page) for page in compiled.bank), *pages]:
        for one in page.items:
            where = f"{page.file}, line {one.line}"
            kind = kinds().get(one.kind)
            if kind is None:
                near = closest_match(one.kind, kinds())
                guess = f"; did you mean {near}?" if near else "."
                problems.append(f"{where}: {one.kind!r} isn't a kind of item{guess}")
                continue
            if one.name in items:
                if language:
                    items[one.name] = _translated(items[one.name], language, one)
                else:
                    problems.append(f"{where}: {_doubled(one, places[one.name])}")
                continue
            places[one.name] = where
            try:
                items[one.name] = kind.from_yaml(one.prompt, one.body, one.name)
            except AuthorError as error:
                problems.append(f"{where}: {error}")
    return items, problems


def _doubled(item: CompiledItem, place: str) -> str:
    what = f"the item {item.name!r} is defined twice, here and in {place}"
    if item.bank:
        return f"{what}; rename one, or name the items that you take from the bank {item.bank}."
    return f"{what}; rename one."


def _translated(item: Item, language: str, translation: CompiledItem) -> Item:
    """Return an item with the texts of its translation; rules and keys stay those of the page itself."""
    texts = {"prompt": translation.prompt, **translation.body}
    translated = {part: text for part, value in texts.items() if (text := _texts(value))}
    return replace(item, translations={**item.translations, language: translated})


def _texts(value: Any) -> Any:
    """Return what can be translated in a field: a text, or the label of each key; None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return {str(key): label for key, each in value.items() if (label := _label(each))}
    if not isinstance(value, list):
        return None
    if all(isinstance(each, str) for each in value):
        # The labels of a scale, by step.
        return {str(step): label for step, label in enumerate(value, 1)}
    labels: dict[str, str] = {}
    for each in value:
        if isinstance(each, Mapping):
            pairs = {str(each["key"]): each} if "key" in each else each
            labels.update((str(key), label) for key, one in pairs.items() if (label := _label(one)))
    return labels


def _label(value: Any) -> str:
    label = value.get("label", "") if isinstance(value, Mapping) else value
    return label if isinstance(label, str) else ""


def with_page_settings(timeline: Sequence[Element], library: PageLibrary) -> tuple[list[Element], list[str]]:
    """Return a timeline whose pages have the settings of their files; those of Page(...) take precedence."""
    problems: list[str] = []
    return [_with_settings(element, library, problems) for element in timeline], problems


def with_stimuli(timeline: Sequence[Element], folder: Path) -> list[Element]:
    """Return a timeline whose blocks of trials have the rows of their files."""
    return [_with_stimuli(element, folder) for element in timeline]


def _with_stimuli(element: Element, folder: Path) -> Element:
    if isinstance(element, Trials):
        return element.with_stimuli(folder)
    if not isinstance(element, Container):
        return element
    names = ("then", "otherwise") if isinstance(element, Branch) else ("do",)
    changed: dict[str, Any] = {
        name: [_with_stimuli(each, folder) for each in getattr(element, name)] for name in names
    }
    return replace(element, **changed)


def _with_settings(element: Element, library: PageLibrary, problems: list[str]) -> Element:
    if isinstance(element, Page):
        return _page_with_settings(element, library, problems)
    if not isinstance(element, Container):
        return element
    names = ("then", "otherwise") if isinstance(element, Branch) else ("do",)
    changed: dict[str, Any] = {
        name: [_with_settings(each, library, problems) for each in getattr(element, name)] for name in names
    }
    return replace(element, **changed)


def _page_with_settings(page: Page, library: PageLibrary, problems: list[str]) -> Page:
    if page.name not in library.names():
        return page
    compiled = library.page(page.name)
    defaults = {field.name: field for field in fields(page)}
    changed: dict[str, Any] = {}
    for name, value in compiled.settings.items():
        if name not in SETTINGS:
            near = closest_match(name, SETTINGS)
            guess = f"; did you mean {near}?" if near else "."
            problems.append(f"{compiled.file}: {name!r} isn't a setting of a page{guess}")
        elif getattr(page, name) == _default(defaults[name]):
            changed[name] = value
    return replace(page, **changed) if changed else page


def _default(field: Any) -> Any:
    from dataclasses import MISSING

    return field.default if field.default is not MISSING else field.default_factory()
