"""Puts the tags of statements back between whole blocks.

Markdown never sees a line that consists of tags alone. Afterwards, the tags of one statement return to
places between the blocks of one common parent: a `for` around all items of a list goes inside the list, an
`if` goes as far out as it can.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from markdown_it.token import Token

from .author_problem import ProblemList
from .jinja_tags import Statement, Tag, TaggedText
from .source_lines import SourceLine

_CONTAINERS: Final = frozenset(
    {"blockquote", "bullet_list", "ordered_list", "list_item", "table", "tbody", "footnote_reference"}
)
#: What a loop goes into, instead of around it.
_LOOPED: Final = frozenset({"bullet_list", "ordered_list", "table", "tbody"})
#: Blocks whose text is kept as it is, so that a line of tags inside of them is a part of it.
_VERBATIM: Final = frozenset({"fence", "code_block", "html_block", "math_block", "directive"})
_PARAGRAPHS: Final = frozenset({"paragraph", "heading"})
#: The type of the tokens that stand for tags.
TAG: Final = "jinja"
#: The line of a block of which Markdown doesn't know it.
_UNKNOWN: Final = -1


@dataclass
class Block:
    """A block of Markdown, with the lines that it covers, blank lines at its end not included."""

    kind: str
    #: the indexes of its first and last token
    first: int
    last: int
    start: int
    end: int
    children: list[Block] = field(default_factory=list)
    #: how many quotes its children are in
    quotes: int = 0

    @property
    def is_container(self) -> bool:
        return self.kind in _CONTAINERS or self.kind == "root"


def block_tree(tokens: Sequence[Token], number_of_lines: int) -> Block:
    """Return the blocks of a page."""
    root = Block("root", -1, len(tokens), 0, number_of_lines)
    stack = [root]
    for index, token in enumerate(tokens):
        kind = token.type.removesuffix("_open").removesuffix("_close")
        start, end = token.map or (_UNKNOWN, _UNKNOWN)
        if token.nesting == 1:
            block = Block(kind, index, index, start, end)
            block.quotes = stack[-1].quotes + (kind == "blockquote")
            stack[-1].children.append(block)
            stack.append(block)
        elif token.nesting == -1:
            block = stack.pop()
            block.last = index
            if block.is_container and block.children:
                block.end = max(child.end for child in block.children)
                block.start = block.children[0].start if block.start == _UNKNOWN else block.start
            elif block.kind == "list_item":
                block.end = block.start + 1
        elif token.type != "inline":
            stack[-1].children.append(Block(kind, index, index, start, end))
    return root


@dataclass
class _Place:
    block: Block
    #: before which child each tag stands
    positions: tuple[int, ...]


class Placement:
    """Finds the places of the tags of a page in its blocks."""

    def __init__(self, page: TaggedText, lines: list[SourceLine], problems: ProblemList) -> None:
        """`lines`: the page's, some of which are lines of tags."""
        self._page, self._lines, self._problems = page, lines, problems
        #: how many quotes the line of each tag is in
        self._quotes: dict[int, int] = {}

    def text(self) -> str:
        """Return the text for Markdown."""
        return "\n".join(text for text, _ in self._sent())

    def numbers(self) -> list[int]:
        """Return the line in the file of each line for Markdown."""
        return [number for _, number in self._sent()]

    def _sent(self) -> Iterator[tuple[str, int]]:
        for line in self._lines:
            if not line.tags:
                yield line.text, line.number
            elif line.state == "blank":
                yield line.text.rstrip(), line.number
            elif line.state == "kept":
                yield (
                    line.text + "".join(self._page.placeholder_of(tag.number) for tag in line.tags),
                    line.number,
                )

    def kept(self) -> set[int]:
        """Return the numbers of tags that are alone on their lines inside code or HTML."""
        return {tag.number for line in self._lines if line.state == "kept" for tag in line.tags}

    def revise(self, root: Block) -> bool:
        """Change lines of tags that fall inside a block; returns whether the page must be read again."""
        changed = False
        for line, gap in self._gaps():
            inside = _leaf_at(root, gap)
            if inside is None:
                continue
            if inside.kind in _VERBATIM:
                line.state, changed = "kept", True
            elif inside.kind in _PARAGRAPHS and line.state == "removed":
                line.state, changed = "blank", True
        return changed

    def _gaps(self) -> Iterator[tuple[SourceLine, int]]:
        """Yield lines of tags with the number of lines that Markdown gets before them."""
        sent = 0
        for line in self._lines:
            if line.tags and line.state != "kept":
                yield line, sent
            sent += not line.tags or line.state != "removed"

    def check_indents(self, root: Block) -> None:
        """Report text that an author has indented below a tag, which makes it code."""
        indented = {block.start for block in _leaves(root) if block.kind == "code_block"}
        for line, gap in self._gaps():
            conflicting = indented & {gap, gap + (line.state == "blank")}
            if conflicting:
                self._problems.add(
                    self.numbers()[min(conflicting)],
                    f"This text is indented by four blanks below {line.tags[-1]}, which makes it code.",
                    "Remove the indent; write code between lines of ```.",
                )

    def insert(self, tokens: Sequence[Token], root: Block) -> list[Token]:
        """Return the tokens with the tags between them."""
        gaps = {tag.number: gap for line, gap in self._gaps() for tag in line.tags}
        self._quotes = {tag.number: line.text.count(">") for line in self._lines for tag in line.tags}
        inserted: dict[int, list[int]] = {}
        for number, index in self._indexes(gaps, root):
            inserted.setdefault(index, []).append(number)
        result: list[Token] = []
        for index in range(len(tokens) + 1):
            result += map(self._token, sorted(inserted.get(index, ())))
            result += tokens[index : index + 1]
        return result

    def _token(self, number: int) -> Token:
        return Token(TAG, "", 0, content=self._page.placeholder_of(number), block=True)

    def _indexes(self, gaps: dict[int, int], root: Block) -> Iterator[tuple[int, int]]:
        """Yield the numbers of tags and the tokens before which they go."""
        places: dict[int, _Place] = {}
        statements = self._page.statements()
        for index, statement in enumerate(statements):
            parent = places.get(statement.parent) if statement.parent is not None else None
            within = parent.block if parent else root
            numbers = [number for number in statement.tags if number in gaps]
            if not numbers:
                if parent:
                    places[index] = parent
                continue
            place = self._place(statement, numbers, gaps, within)
            if place is None:
                self._refuse(statement)
                continue
            places[index] = place
            for number, position in zip(numbers, place.positions, strict=True):
                yield number, _index_of(place.block, position)
        inside = {number: index for index, each in enumerate(statements) for number in each.tags}
        for number in gaps.keys() - inside.keys():
            around = self._around(number, statements, places)
            alone = self._outermost(around.block if around else root, (gaps[number],), number)
            if alone:
                yield number, _index_of(alone.block, alone.positions[0])
            else:
                self._problems.add(self._page.tags[number].line, _cannot(self._page.tags[number]), _WHOLE)

    @staticmethod
    def _around(number: int, statements: list[Statement], places: dict[int, _Place]) -> _Place | None:
        """Return the place of the innermost statement around a tag that has no end of its own."""
        around = [
            places[index]
            for index, each in enumerate(statements)
            if each.tags[0] < number < each.tags[-1] and index in places
        ]
        return around[-1] if around else None

    def _place(
        self, statement: Statement, numbers: list[int], gaps: dict[int, int], within: Block
    ) -> _Place | None:
        gaps_around = tuple(gaps[number] for number in numbers)
        place = self._outermost(within, gaps_around, numbers[0])
        if place is None:
            return None
        if self._page.tags[statement.tags[0]].word != "for" or len(numbers) < len(statement.tags):
            return place
        # A loop goes into a list or table that is the only thing between its tags.
        while place.positions[-1] - place.positions[0] == 1:
            only = place.block.children[place.positions[0]]
            positions = _positions(only, gaps_around) if only.kind in _LOOPED else None
            if positions is None:
                break
            place = _Place(only, positions)
        return place

    def _outermost(self, within: Block, gaps: tuple[int, ...], number: int) -> _Place | None:
        """Return the outermost place for gaps, if possible in as many quotes as the line of this tag."""
        candidates = _candidates(within, gaps)
        quoted = [place for place in candidates if place.block.quotes == self._quotes[number]]
        return next(iter(quoted or candidates), None)

    def _refuse(self, statement: Statement) -> None:
        first, last = self._page.tags[statement.tags[0]], self._page.tags[statement.tags[-1]]
        self._problems.add(
            first.line,
            f"{first} and {last} in line {last.line} aren't around whole blocks of one list, table or quote.",
            _WHOLE,
        )


_WHOLE: Final = "Put both before and after whole paragraphs, list items or rows of the same list or table."


def _cannot(tag: Tag) -> str:
    return f"{tag} can't be here."


def _leaves(block: Block) -> Iterator[Block]:
    for child in block.children:
        yield from _leaves(child) if child.children else (child,)


def _leaf_at(block: Block, gap: int) -> Block | None:
    """Return the block without blocks in it that has lines on both sides of a gap."""
    for child in block.children:
        if child.start < gap < child.end:
            return _leaf_at(child, gap) if child.is_container or child.kind == "thead" else child
    return None


def _candidates(block: Block, gaps: tuple[int, ...]) -> list[_Place]:
    """Return the containers in which all gaps are between children, outermost first."""
    candidates: list[_Place] = []
    for each in _containers(block):
        positions = _positions(each, gaps)
        if positions is not None:
            candidates.append(_Place(each, positions))
    return candidates


def _containers(block: Block) -> Iterator[Block]:
    """Yield a container and those in it, outer ones first."""
    level: list[Block] = [block]
    while level:
        yield from level
        level = [child for each in level for child in each.children if child.is_container]


def _positions(block: Block, gaps: Iterable[int]) -> tuple[int, ...] | None:
    """Return before which children gaps lie; None if one is inside a child or outside of the block."""
    positions = []
    for gap in gaps:
        if not block.start <= gap <= block.end:
            return None
        position = next((index for index, child in enumerate(block.children) if child.end > gap), None)
        if position is None:
            position = len(block.children)
        elif block.children[position].start < gap:
            return None
        positions.append(position)
    return tuple(positions)


def _index_of(block: Block, position: int) -> int:
    return block.children[position].first if position < len(block.children) else block.last
