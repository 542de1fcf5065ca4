"""Checks a page's HTML, and writes its template.

Whatever participants wrote must stay text. So live values are allowed in text and in quoted attributes only,
never in scripts, styles or event attributes; addresses are checked when the page is shown; and each statement
encloses whole elements, so that the structure of a page depends on nothing but its statements.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from infra.pages.author_problem import AuthorProblem
from infra.pages.jinja_tags import Tag

from . import html_grammar as grammar
from .html_attributes import AttributeReader
from .html_reader import HtmlReader, Where


@dataclass(frozen=True)
class _Element:
    name: str
    line: int
    serial: int


class HtmlCheck(HtmlReader):
    """Reads a page's HTML to its end, with its elements."""

    @cached_property
    def _asked(self) -> Counter[str]:
        """How often each item is placed."""
        sources = (tag.source for tag in self.page.tags.values() if tag.asks)
        return Counter(name for source in sources for name in grammar.ASKED.findall(source))

    @cached_property
    def _elements(self) -> list[_Element]:
        return []

    def run(self) -> None:
        """Read the HTML to its end; problems are added to the list, and the template is in `writer`."""
        try:
            while self.position < len(self.html):
                self._next()
            for element in self._elements:
                self.problems.add(element.line, f"<{element.name}> isn't closed.", f"Add </{element.name}>.")
        except AuthorProblem as problem:
            self.problems.take(problem)

    def _next(self) -> None:
        """Read text up to the next tag of either kind, or that tag."""
        if self.html[self.position] == "<":
            self._markup()
        elif not self.jinja(self._text_tag):
            bracket = self.html.find("<", self.position)
            self.write(self.until(bracket if bracket >= 0 else len(self.html)))

    def _text_tag(self, tag: Tag) -> None:
        around = self._elements[-1] if self._elements else None
        if tag.kind == "statement":
            self.statement(tag, Where("text", around.serial if around else 0))
            if tag.number in self.kept and self.html.startswith("\n", self.position):
                self.skip("\n")
            return
        if around and around.name in grammar.NO_TEXT:
            raise AuthorProblem(
                tag.line, f"{tag} is directly inside <{around.name}>.", "Put it into a cell or list item."
            )
        if tag.asks:
            self._check_item(tag)
        self.writer.tag(tag)

    def _check_item(self, tag: Tag) -> None:
        around = next((each for each in self._elements if each.name in grammar.PHRASING), None)
        if around:
            raise AuthorProblem(
                tag.line,
                f"{tag} is inside <{around.name}>, which can't contain an item.",
                "Put it on its own line.",
            )
        names = grammar.ASKED.findall(tag.source)
        words = [each.tag.word for each in self.open_statements]
        condition = next((each.tag for each in self.open_statements if each.tag.word == "if"), None)
        if names and condition and all(self._asked[name] == 1 for name in names):
            when = grammar.CONDITION.sub("", condition.source)
            raise AuthorProblem(
                tag.line,
                f"The item {names[0]!r} is inside {condition}, but its answer is needed in any case.",
                f"Move it out, and give the item show_if={when!r}.",
            )
        if names and "for" in words:
            raise AuthorProblem(
                tag.line,
                f"{tag} is in a loop, which would ask the same item several times.",
                "Put it outside of the loop, or use an item of the kind table.",
            )

    # Markup.

    def _markup(self) -> None:
        comment = grammar.COMMENT.match(self.html, self.position)
        if comment:
            self._comment(comment)
            return
        end = grammar.END.match(self.html, self.position)
        if end:
            self._end_tag(end["name"].lower())
            self.write(end[0])
            return
        start = grammar.START.match(self.html, self.position)
        if start:
            self._start_tag(start)
            return
        if self.html[self.position + 1 : self.position + 2] in ("/", "!", "?"):
            raise AuthorProblem(
                self.line, f"{self.shown()} isn't a tag of HTML.", "Write &lt; for the sign <."
            )
        self.writer.text("&lt;", [self.line])
        self.position += 1

    def _comment(self, comment: re.Match[str]) -> None:
        """Leave out a comment: authors' notes aren't for participants."""
        where = Where("comment", self.next_serial())
        for tag in self.page.tags_in(comment["text"]):
            if tag.kind == "statement":
                self.statement(tag, where)
            self.writer.tags.add(tag.number)
        self.skip(comment[0])

    def _end_tag(self, name: str) -> None:
        if name in grammar.VOID:
            raise AuthorProblem(self.line, f"</{name}> ends nothing.", f"Remove it: <{name}> has no end.")
        if not self._elements or self._elements[-1].name != name:
            opened = self._elements[-1] if self._elements else None
            where = f"; <{opened.name}> of line {opened.line} is still open" if opened else ""
            raise AuthorProblem(
                self.line,
                f"</{name}> doesn't belong to an open tag here{where}.",
                "Close tags in the order of HTML.",
            )
        self._elements.pop()

    def _start_tag(self, start: re.Match[str]) -> None:
        name, line = start["name"].lower(), self.line
        self._check_element(name, line)
        reader = AttributeReader(self, name, self.next_serial())
        self.write(start[0])
        closes_itself = reader.read()
        if name in grammar.VOID:
            return
        is_foreign = self._is_in_foreign() or name in grammar.FOREIGN
        if closes_itself:
            if not is_foreign:
                raise AuthorProblem(line, f"<{name}/> stays open in HTML.", f"Write <{name}></{name}>.")
            return
        self._elements.append(_Element(name, line, reader.serial))
        if not is_foreign and (name in grammar.RAW or name in grammar.TEXT_ONLY):
            self._contents(name, line, is_raw=name in grammar.RAW)

    def _check_element(self, name: str, line: int) -> None:
        if self.page.prefix in name:
            raise AuthorProblem(
                line,
                f"The tag <{self.page.readable(name)}> has a live name.",
                "Write the name of an element.",
            )
        if name in grammar.REFUSED:
            raise AuthorProblem(line, f"Pages can't contain <{name}>.", grammar.REFUSED[name])
        self._check_foreign(name, line)
        inside = next((each for each in self._elements if each.name == "p"), None)
        if inside and name in grammar.NOT_IN_PARAGRAPHS:
            raise AuthorProblem(
                line,
                f"<{name}> can't be inside a paragraph.",
                f"Put an empty line before and after it, or replace <p> in line {inside.line} by <div>.",
            )

    def _is_in_foreign(self) -> bool:
        return any(each.name in grammar.FOREIGN for each in self._elements)

    def _check_foreign(self, name: str, line: int) -> None:
        """Refuse elements of HTML inside SVG and MathML, where a browser reads them in another way."""
        outer = next((each.name for each in self._elements if each.name in grammar.FOREIGN), None)
        inner = self._elements[-1].name if self._elements else ""
        if outer and (name in grammar.NOT_IN_FOREIGN or inner in grammar.DESCRIPTIONS):
            raise AuthorProblem(line, f"<{name}> can't be inside <{outer}>.", f"Put it outside of <{outer}>.")
        if name in grammar.RAW and any(each.name == "select" for each in self._elements):
            raise AuthorProblem(line, f"<{name}> can't be inside <select>.", "Put it outside of <select>.")

    def _contents(self, name: str, line: int, *, is_raw: bool) -> None:
        """Read the contents of an element that contains text only."""
        end = self.html.lower().find(f"</{name}", self.position)
        if end < 0:
            raise AuthorProblem(line, f"<{name}> isn't closed.", f"Add </{name}>.")
        while self.position < end:
            if not self.jinja(self._text_tag if not is_raw else self._refuse_raw):
                self.write(self.until(end), is_raw=is_raw)

    def _refuse_raw(self, tag: Tag) -> None:
        name = self._elements[-1].name
        raise AuthorProblem(
            tag.line,
            f"{tag} is inside <{name}>, where it would be code.",
            "Put the value into an attribute such as data-value, and read it from there.",
        )
