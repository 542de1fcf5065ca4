"""Reads a page's HTML piece by piece, and writes its template: text, markers of lines, and tags of Jinja."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from infra.pages.author_problem import ProblemList
from infra.pages.jinja_tags import Tag, TaggedText, number_in

from .template_writer import TemplateWriter

_INSIDE: Final = (
    "Put the whole statement inside one paragraph, cell, list item or attribute, or around whole ones."
)


@dataclass(frozen=True)
class Where:
    """Where a tag stands: in the text of an element, inside a tag, in an attribute, in a comment."""

    kind: Literal["text", "tag", "attribute", "comment"]
    serial: int


@dataclass
class OpenStatement:
    """A statement whose end hasn't come."""

    tag: Tag
    where: Where


@dataclass
class HtmlReader:
    """A page's HTML while it is read."""

    page: TaggedText
    html: str
    #: returns the line in the file of a line that a marker names, or of a line of the HTML without markers
    line_of: Callable[[int], int]
    problems: ProblemList
    #: tags alone on their lines: the line break after them isn't written
    kept: set[int] = field(default_factory=set)
    writer: TemplateWriter = field(default_factory=TemplateWriter)
    position: int = 0
    open_statements: list[OpenStatement] = field(default_factory=list)
    _index: int = 0
    _serial: int = 0

    @property
    def line(self) -> int:
        """The line in the file of what is read now."""
        return self.line_of(self._index)

    def next_serial(self) -> int:
        """Return a number that no element or attribute of the page has."""
        self._serial += 1
        return self._serial

    def shown(self) -> str:
        """Return the beginning of what isn't read yet, for messages."""
        return self.page.readable(self.html[self.position : self.position + 20]).partition("\n")[0]

    def write(self, text: str, *, is_raw: bool = False) -> None:
        """Write the next piece of the HTML as it is, and go to its end."""
        first, self._index = self._index, self._index + text.count("\n")
        self.position += len(text)
        self.writer.text(
            text, [self.line_of(index) for index in range(first, self._index + 1)], is_raw=is_raw
        )

    def skip(self, text: str) -> None:
        """Go to the end of the next piece of the HTML without writing it."""
        for marker in self.page.marker.finditer(text):
            self._index = number_in(marker)
        self._index += text.count("\n")
        self.position += len(text)

    def until(self, end: int) -> str:
        """Return the text up to a position, or to the placeholder before it."""
        prefix = self.html.find(self.page.prefix, self.position + 1, end)
        return self.html[self.position : prefix if prefix >= 0 else end]

    def jinja(self, use: Callable[[Tag], None]) -> bool:
        """Read a placeholder or a marker at this position, if there is one; `use` is called with the tag."""
        marker = self.page.marker.match(self.html, self.position)
        if marker:
            self._index = number_in(marker)
            self.position = marker.end()
            return True
        match = self.page.placeholder.match(self.html, self.position)
        tag = self.page.tag_in(match) if match else None
        if match is None or tag is None:
            return False
        self.position = match.end()
        use(tag)
        return True

    def statement(self, tag: Tag, where: Where) -> None:
        """Write a statement's tag, which must be where the statement's first tag is."""
        if tag.opens:
            self.open_statements.append(OpenStatement(tag, where))
        elif (tag.divides or tag.closes) and self.open_statements:
            opened = self.open_statements[-1]
            if opened.where != where:
                self.problems.add(
                    opened.tag.line,
                    f"{opened.tag} and {tag} in line {tag.line} aren't in the same element.",
                    _INSIDE,
                )
            if tag.closes:
                self.open_statements.pop()
        if where.kind != "comment":
            self.writer.tag(tag)
