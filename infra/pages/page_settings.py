"""The settings of a page: what its front matter sets is what `Page(...)` takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from chalicelib.experiment.config.problems import closest_match

from .author_problem import AuthorProblem, ProblemList
from .yaml_text import read_mapping

_FENCE: Final = "---"


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


def _is_names(value: Any) -> bool:
    return _is_text(value) or (isinstance(value, list) and all(_is_text(each) for each in value))


def _is_draw(value: Any) -> bool:
    return (_is_mapping(value) and "n" in value) or (isinstance(value, int) and not isinstance(value, bool))


#: Each argument of Page(...) that a file can set, its check, and what it must be.
SETTINGS: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "ask": (_is_names, "an item's name, or a list of names"),
    "role": (_is_names, "a role, or a list of roles"),
    "show_if": (_is_text, "an expression or a method's name"),
    "only": (_is_mapping, "levels by factor, such as {colour: red}"),
    "seconds": (_is_number, "a number of seconds"),
    "on_timeout": (_is_mapping, "answers by item"),
    "min_seconds": (_is_number, "a number of seconds"),
    "button": (_is_text, "a text"),
    "title": (_is_text, "a text"),
    "script": (_is_text, "the name of a script in static/"),
    "keep_draft": (_is_flag, "true or false"),
    "then": (_is_text, "a method's name"),
    "draw": (_is_draw, "a number of items, or a draw such as {n: 1, by: competency}"),
}
#: Other names of settings.
_ALIASES: Final = {"condition": "only"}


def split_front_matter(text: str) -> tuple[dict[str, Any], str, int, int]:
    """Return a file's front matter, the text after it, and the lines at which the two begin.

    Raises AuthorProblem when the front matter isn't closed or isn't YAML.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if lines[0].rstrip() != _FENCE:
        return {}, text, 1, 1
    end = next((index for index, line in enumerate(lines) if index and line.rstrip() == _FENCE), None)
    if end is None:
        raise AuthorProblem(1, "The front matter isn't closed.", "Add a line --- after the settings.")
    return read_mapping("\n".join(lines[1:end]), 2), "\n".join(lines[end + 1 :]), 2, end + 2


def page_settings(values: Mapping[str, Any], line: int, problems: ProblemList) -> dict[str, Any]:
    """Return the valid settings of a page; what is wrong with others is added to the problems."""
    settings: dict[str, Any] = {}
    for written, value in values.items():
        name = _ALIASES.get(written, written)
        if name not in SETTINGS:
            near = closest_match(written, [*SETTINGS, *_ALIASES])
            fix = f"Did you mean `{near}`?" if near else f"A page can have {', '.join(SETTINGS)}."
            problems.add(line, f"A page has no setting `{written}`.", fix)
            continue
        is_valid, expected = SETTINGS[name]
        if not is_valid(value):
            problems.add(line, f"The setting `{written}` must be {expected}, not {value!r}.")
            continue
        settings[name] = value
    return settings


_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


def is_language(name: str) -> bool:
    """Whether a folder's name is a language tag, such as de or pt-BR."""
    return bool(_LANGUAGE.fullmatch(name))
