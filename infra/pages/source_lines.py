"""Finds tags that are alone on a line, or that can be put on lines of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from .jinja_tags import Statement, Tag, TaggedText

#: How a list item, a table's row, a heading, a quote or a fence begins.
_BLOCK: Final = re.compile(r"\s*(?:\||[-*+]\s|\d{1,9}[.)]\s|#{1,6}\s|>|:{3,}|`{3,}|~{3,})")
_QUOTE: Final = re.compile(r"(?:\s*>)*\s*")


@dataclass
class SourceLine:
    """A line of a page. With `tags`, it consists of statements' tags alone, and Markdown doesn't get it."""

    text: str
    number: int
    tags: tuple[Tag, ...] = ()
    #: what a line of tags is to Markdown: removed, a blank line, or kept as text inside code
    state: str = "removed"

    @property
    def is_blank(self) -> bool:
        return not self.text.strip()


@dataclass
class _Split:
    """A line with the tags at its two ends, and the text between them."""

    indent: str
    leading: list[Tag]
    text: str
    trailing: list[Tag]
    number: int
    #: the whole line without its indent, and where each leading tag ends and each trailing tag begins
    whole: str
    ends: list[int]
    starts: list[int]

    @property
    def is_tags(self) -> bool:
        return bool(self.leading) and not self.text and not self.trailing

    @property
    def begins_block(self) -> bool:
        return bool(_BLOCK.match(self.text))


def source_lines(page: TaggedText) -> list[SourceLine]:
    """Return a page's lines, with the tags of statements around whole blocks on lines of their own."""
    numbers = page.lines
    split = [_split(text, number, page) for text, number in zip(page.text.split("\n"), numbers, strict=True)]
    blocks = _tags_of_blocks(split, page)
    lines: list[SourceLine] = []
    for line in split:
        lines += _lines_of(line, blocks)
    return lines


def _split(text: str, number: int, page: TaggedText) -> _Split:
    """Find the tags of statements at both ends of a line."""
    indent = text[: _end_of_indent(text)]
    whole = text[len(indent) :]
    leading: list[Tag] = []
    trailing: list[Tag] = []
    ends, starts = [0], [len(whole.rstrip())]
    while (match := page.placeholder.match(whole, _after_blanks(whole, ends[-1]))) is not None:
        tag = page.tag_in(match)
        if tag is None or tag.kind != "statement":
            break
        leading.append(tag)
        ends.append(match.end())
    before = list(page.placeholder.finditer(whole, ends[-1]))
    while before and not whole[before[-1].end() : starts[0]].strip():
        last = before.pop()
        tag = page.tag_in(last)
        if tag is None or tag.kind != "statement":
            break
        trailing.insert(0, tag)
        starts.insert(0, last.start())
    return _Split(indent, leading, whole[ends[-1] : starts[0]].strip(), trailing, number, whole, ends, starts)


def _after_blanks(text: str, position: int) -> int:
    return position + len(text[position:]) - len(text[position:].lstrip())


def _end_of_indent(text: str) -> int:
    match = _QUOTE.match(text)
    return match.end() if match else 0


def _tags_of_blocks(lines: list[_Split], page: TaggedText) -> set[int]:
    """Return the numbers of the tags that belong on lines of their own."""
    edges = {
        tag.number: (index, at_start)
        for index, line in enumerate(lines)
        for tags, at_start in ((line.leading, True), (line.trailing, False))
        for tag in tags
    }
    statements = page.statements()
    blocks = {tag.number for line in lines if line.is_tags for tag in line.leading}
    for statement in statements:
        if all(number in edges for number in statement.tags) and _is_around_blocks(
            statement, edges, lines, page
        ):
            blocks.update(statement.tags)
    return blocks


def _is_around_blocks(
    statement: Statement, edges: dict[int, tuple[int, bool]], lines: list[_Split], page: TaggedText
) -> bool:
    places = [edges[number] for number in statement.tags]
    first, last = places[0][0], places[-1][0]
    if any(lines[index].is_tags for index, _ in places):
        return True
    if any(lines[index].begins_block for index, at_start in places if at_start):
        return True
    if first == last:
        alone = all(
            not 0 <= near < len(lines) or lines[near].is_tags or not (lines[near].text or lines[near].leading)
            for near in (first - 1, last + 1)
        )
        return alone or _is_item(lines[first].text, page)
    return any(not line.text and not line.leading for line in lines[first : last + 1])


def _is_item(text: str, page: TaggedText) -> bool:
    match = page.placeholder.fullmatch(text)
    tag = page.tag_in(match) if match else None
    return tag is not None and tag.asks


def _lines_of(line: _Split, blocks: set[int]) -> list[SourceLine]:
    """Divide a line: tags of blocks get lines of their own, others stay in the text."""
    first = next(
        (index for index, tag in enumerate(line.leading) if tag.number not in blocks), len(line.leading)
    )
    inline = [index for index, tag in enumerate(line.trailing) if tag.number not in blocks]
    last = inline[-1] + 1 if inline else 0
    before, after = line.leading[:first], line.trailing[last:]
    if not before and not after:
        return [SourceLine(line.indent + line.whole, line.number)]
    text = line.whole[line.ends[first] : line.starts[last]].strip()
    lines = [SourceLine(line.indent, line.number, tuple(before))] if before else []
    if text:
        lines.append(SourceLine(line.indent + text, line.number))
    if after:
        lines.append(SourceLine(line.indent, line.number, tuple(after)))
    return lines
