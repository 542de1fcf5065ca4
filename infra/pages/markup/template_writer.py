"""Writes a page's template: text whose braces don't begin tags, tags, and the source line of each line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from infra.pages.jinja_tags import Tag

_DELIMITER: Final = re.compile(r"(\{[{%][-+]?)(.*?)([-+]?[}%]\})", re.DOTALL)
_BRACE: Final = re.compile(r"\{(?=[{%#])|\{\Z")


class TemplateWriter:
    """The template so far."""

    def __init__(self) -> None:
        self._written: list[str] = []
        #: the source line of each template line, as far as it is known; 0 where it isn't
        self._lines: list[int] = [0]
        #: the same for text without tags
        self._text_lines: list[int] = [0]
        self.tags: set[int] = set()

    def text(self, text: str, lines: Sequence[int], *, is_raw: bool = False) -> None:
        """Write text in which no tag begins.

        `lines`: the source line of each of its lines; `is_raw`: inside an element that knows no entities.
        """
        # A brace at the end could become one with a tag after it.
        brace = '{{ "{" }}' if is_raw else "&#123;"
        self._written.append(_BRACE.sub(lambda _: brace, text))
        for number, part in enumerate(text.split("\n")):
            if number:
                self._lines.append(0)
                self._text_lines.append(0)
            if part.strip():
                self._text_lines[-1] = lines[number]

    def tag(self, tag: Tag, filter_name: str = "") -> None:
        """Write a tag; the filter is applied to its value."""
        match = _DELIMITER.fullmatch(tag.source)
        if match is None:
            raise AssertionError(tag.source)
        opening, inner, closing = match.groups()
        if filter_name:
            inner = f" ({inner})|{filter_name} "
        self.tags.add(tag.number)
        if self._lines[-1] not in (0, tag.line):
            # Each tag has a line of its own source: an error in it names that line.
            opening += "\n"
            self._lines.append(0)
            self._text_lines.append(0)
        self._lines[-1] = tag.line
        self._written.append(f"{opening}{inner}{closing}")
        self._lines += (tag.line + number for number in range(1, inner.count("\n") + 1))
        self._text_lines += [0] * inner.count("\n")

    def template(self) -> str:
        """Return the template."""
        return "".join(self._written)

    def lines(self) -> tuple[int, ...]:
        """Return the source line of each line of the template: that of its tag, if it has one."""
        known, lines = 1, []
        for of_tag, of_text in zip(self._lines, self._text_lines, strict=True):
            known = of_tag or of_text or known
            lines.append(known)
        return tuple(lines)
