"""Takes Jinja's tags out of a text, with Jinja's own lexer, and leaves placeholders made of letters.

Markdown sees a placeholder as a word, so it can be wherever text can: in emphasis, links, titles, cells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Final, Literal

from jinja2 import TemplateSyntaxError, nodes

from chalicelib.study.pages.library import page_environment

from .author_problem import AuthorProblem

_ENDS: Final = {"if": "endif", "for": "endfor", "set": "endset", "with": "endwith"}
_MIDDLES: Final = frozenset({"elif", "else"})
_FIXES: Final = {
    "include": "Write the text here, or return it from variables().",
    "import": "Write the text here, or return it from variables().",
    "from": "Write the text here, or return it from variables().",
    "extends": "A page is a part of Petri's own page; change that with theme.css.",
    "block": "A page is a part of Petri's own page; change that with theme.css.",
    "macro": "Use a loop, or return the text from variables().",
    "call": "Use a loop, or return the text from variables().",
    "filter": "Use the filter in an expression: {{ text|upper }}.",
    "autoescape": "What participants wrote is always escaped.",
}
_DIGITS: Final = "abcdefghij"
_END: Final = "z"
#: Filters that make markup out of text, and why they are refused.
_UNSAFE_FILTERS: Final = {
    "safe": "would show what participants wrote as markup",
    "urlize": "would make links of what participants wrote",
    "xmlattr": "would make attributes of what participants wrote",
}
_SAFE_ROOTS: Final = frozenset({"config", "_"})


@dataclass(frozen=True)
class Tag:
    """One `{{ }}` or `{% %}`."""

    number: int
    kind: Literal["expression", "statement"]
    source: str
    #: the line in the file
    line: int
    #: of a statement: if, endif, for ...
    word: str = ""
    #: whether it begins a statement that another tag ends
    opens: bool = False
    #: whether the expression places an item: {{ ask("colour") }}
    asks: bool = False

    @property
    def closes(self) -> bool:
        """Whether it ends a statement."""
        return self.word in _ENDS.values()

    @property
    def divides(self) -> bool:
        """Whether it is an else or elif."""
        return self.word in _MIDDLES

    def __str__(self) -> str:
        return f"`{' '.join(self.source.split())}`"


@dataclass(frozen=True)
class Statement:
    """The tags of one statement: if, elif, else, endif."""

    tags: tuple[int, ...]
    #: the index of the statement around it, if there is one
    parent: int | None


@dataclass
class TaggedText:
    """A text with placeholders, and the tags they stand for."""

    text: str
    #: the line in the file of each line of the text
    lines: list[int]
    #: how placeholders begin: letters that the text doesn't contain
    prefix: str
    tags: dict[int, Tag] = field(default_factory=dict)

    @cached_property
    def placeholder(self) -> re.Pattern[str]:
        """Matches a placeholder of a tag; the group `number` is its number in letters."""
        return re.compile(rf"{self.prefix}(?P<number>[{_DIGITS}]+){_END}")

    @cached_property
    def marker(self) -> re.Pattern[str]:
        """Matches a marker of a line; the group `number` is the line in letters."""
        return re.compile(rf"{self.prefix}k(?P<number>[{_DIGITS}]+){_END}")

    def placeholder_of(self, number: int) -> str:
        return f"{self.prefix}{_letters(number)}{_END}"

    def marker_of(self, number: int) -> str:
        return f"{self.prefix}k{_letters(number)}{_END}"

    def tag_in(self, match: re.Match[str]) -> Tag | None:
        """Return the tag of a placeholder that was found."""
        return self.tags.get(number_in(match))

    def tags_in(self, text: str) -> list[Tag]:
        """Return the tags whose placeholders a text contains, in order."""
        tags = (self.tag_in(each) for each in self.placeholder.finditer(text))
        return [tag for tag in tags if tag is not None]

    def readable(self, text: str) -> str:
        """Return a text with its tags as the author wrote them, for messages."""
        return self.placeholder.sub(
            lambda match: tag.source if (tag := self.tag_in(match)) else match[0], self.marker.sub("", text)
        )

    def add(self, source: str, line: int, *, asks: bool = True) -> Tag:
        """Add an expression; `asks`: whether it places an item."""
        tag = Tag(len(self.tags), "expression", source, line, asks=asks)
        self.tags[tag.number] = tag
        return tag

    def statements(self) -> list[Statement]:
        """Return the statements that have an end, each after the one around it."""
        tag_numbers: list[tuple[list[int], int | None]] = []
        stack: list[int] = []
        for tag in self.tags.values():
            if tag.opens:
                tag_numbers.append(([tag.number], stack[-1] if stack else None))
                stack.append(len(tag_numbers) - 1)
            elif stack and (tag.divides or tag.closes):
                tag_numbers[stack[-1]][0].append(tag.number)
                if tag.closes:
                    stack.pop()
        return [Statement(tuple(tags), parent) for tags, parent in tag_numbers]


def number_in(match: re.Match[str]) -> int:
    """Return the number of a placeholder or marker that was found."""
    return int("".join(str(_DIGITS.index(letter)) for letter in match["number"]))


def _letters(number: int) -> str:
    return "".join(_DIGITS[int(digit)] for digit in str(number))


def take_out_tags(source: str, line: int = 1) -> TaggedText:
    """Return a text with placeholders for its tags, without comments; `line`: of its first line in the file.

    Raises AuthorProblem when Jinja can't read it, or when it does what pages can't.
    """
    check_source(source, line)
    taken = TaggedText("", [line], _prefix(source))
    written: list[str] = []
    for kind, text, where, tokens in _parts(source, line):
        if kind == "text":
            written.append(text)
            taken.lines += range(where + 1, where + 1 + text.count("\n"))
        elif kind == "tag":
            tag = _tag(len(taken.tags), text, where, tokens)
            taken.tags[tag.number] = tag
            written.append(taken.placeholder_of(tag.number))
        elif text.endswith("\n"):
            taken.lines[-1] = where + 1
    taken.text = "".join(written)
    return taken


def _prefix(source: str) -> str:
    prefix, plain = "qzj", source.lower()
    while prefix in plain:
        prefix += "qzj"[len(prefix) % 3]
    # The character after the prefix is never one of its own, so that it can't begin in the middle of itself.
    return prefix


_Part = tuple[Literal["text", "tag", "dropped"], str, int, list[tuple[str, str]]]


def _parts(source: str, line: int) -> Iterator[_Part]:
    """Yield text, tags and what is dropped, with their lines; a comment alone on lines takes them along."""
    parts = list(_lexed(source, line))
    for index, part in enumerate(parts):
        kind, text, where, tokens = part
        if kind == "text" and index and parts[index - 1][0] == "dropped":
            before = parts[index - 2][1] if index > 1 else "\n"
            stands_alone = before.rpartition("\n")[2].strip() == "" and text.partition("\n")[0].strip() == ""
            if stands_alone and "\n" in text:
                cut = text.index("\n") + 1
                yield "dropped", text[:cut], where, []
                text, where = text[cut:], where + 1
        yield kind, text, where, tokens


def _lexed(source: str, line: int) -> Iterator[_Part]:
    """Yield the parts of a text as Jinja's lexer sees them."""
    tokens: list[tuple[str, str]] = []
    position = start = 0
    where = line
    for _, token, value in page_environment().lexer.tokeniter(source, None):
        found = source.index(value, position)
        if found > position and not tokens:
            # The lexer leaves out blanks before a tag with a minus.
            yield "text", source[position:found], where, []
            where += source.count("\n", position, found)
            start = found
        end = found + len(value)
        if token == "data":  # noqa: S105 - a kind of token
            yield "text", value, where, []
            where += value.count("\n")
            start = end
        else:
            tokens.append((token, value))
            if token.endswith("_end") or token == "raw_begin":  # noqa: S105 - a kind of token
                text = source[start:end].rstrip()
                end = start + len(text)
                kind: Literal["tag", "dropped"] = "dropped" if token[:3] in ("com", "raw") else "tag"
                yield kind, text, where, tokens
                where += text.count("\n")
                start, tokens = end, []
        position = end


def _tag(number: int, text: str, line: int, tokens: list[tuple[str, str]]) -> Tag:
    words = [(kind, value) for kind, value in tokens if kind != "whitespace"]
    if text.startswith("{{"):
        values = [value for _, value in words]
        asks = any(pair == ("ask", "(") for pair in pairwise(values))
        return Tag(number, "expression", text, line, asks=asks)
    word = words[1][1] if len(words) > 1 else ""
    opens = word in _ENDS and (word != "set" or all(value != "=" for _, value in words))
    return Tag(number, "statement", text, line, word, opens)


def check_source(source: str, line: int) -> None:
    """Raise AuthorProblem when Jinja can't read a text, or when it does what pages can't."""
    environment = page_environment()
    try:
        tree = environment.parse(source)
        _check_statements(source, line)
        for filter_node in tree.find_all(nodes.Filter):
            _check_filter(filter_node, line)
        environment.compile(tree)
    except TemplateSyntaxError as error:
        message = (error.message or "the tag is wrong").rstrip(".")
        raise AuthorProblem(
            line + error.lineno - 1, f"{message[:1].upper()}{message[1:]}.", "Fix the {{ }} or {% %} there."
        ) from error
    except RecursionError:
        raise AuthorProblem(
            line, "An expression is nested too deeply.", "Divide it into shorter ones."
        ) from None


def _check_statements(source: str, line: int) -> None:
    previous = where = ""
    for number, token, value in page_environment().lexer.tokeniter(source, None):
        if token == "whitespace":  # noqa: S105 - a kind of token
            continue
        if previous == "block_begin" and value in _FIXES:
            where = f"Pages can't use {{% {value} %}}."
            raise AuthorProblem(line + number - 1, where, _FIXES[value])
        previous = token


def _check_filter(filter_node: nodes.Filter, line: int) -> None:
    name = filter_node.name
    if name == "map" and filter_node.args and isinstance(filter_node.args[0], nodes.Const):
        name = str(filter_node.args[0].value)
    elif name == "safe" and filter_node.node is not None and _is_authors_own(filter_node.node):
        return
    if name in _UNSAFE_FILTERS:
        raise AuthorProblem(
            line + filter_node.lineno - 1,
            f"The filter |{name} {_UNSAFE_FILTERS[name]}.",
            f"Remove |{name}; markup of your own can be returned by variables() as markupsafe.Markup.",
        )


def _is_authors_own(node: nodes.Node) -> bool:
    """Whether an expression's value comes from the page, a translation or the settings alone."""
    if isinstance(node, nodes.Const | nodes.TemplateData):
        return True
    if isinstance(node, nodes.Call):
        return _is_authors_own(node.node) and all(isinstance(each, nodes.Const) for each in node.args)
    if isinstance(node, nodes.Getattr | nodes.Getitem):
        return _is_authors_own(node.node)
    return isinstance(node, nodes.Name) and node.name in _SAFE_ROOTS


def asked_in(template: str) -> Iterable[str]:
    """Return the names in ask("...") of a template, in order, each once."""
    calls = page_environment().parse(template).find_all(nodes.Call)
    names = [
        call.args[0].value
        for call in calls
        if isinstance(call.node, nodes.Name)
        and call.node.name == "ask"
        and call.args
        and isinstance(call.args[0], nodes.Const)
    ]
    return dict.fromkeys(str(name) for name in names)
