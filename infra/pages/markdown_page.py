"""Turns a page's Markdown into HTML that still has placeholders for Jinja's tags."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.footnote import footnote_plugin

from chalicelib.study.assets.asset import NAME
from chalicelib.study.assets.asset_html import SCHEME
from chalicelib.study.pages.compiled import CompiledItem

from .author_problem import AuthorProblem, ProblemList
from .directives import END, PAGE, check_kind, directive_plugin, items_of
from .jinja_tags import TaggedText
from .maths import mathml, maths_plugin
from .page_settings import page_settings
from .source_lines import source_lines
from .tag_placement import TAG, Placement, block_tree
from .yaml_text import read_mapping

#: The most often that Markdown reads a page again because a line of tags fell inside a block.
_ATTEMPTS: Final = 50
#: The key of this page's state in Markdown's environment.
_STATE: Final = "page"


@dataclass(frozen=True)
class Ending:
    """What a `:::{end}` block says."""

    kind: str
    body: dict[str, Any]
    line: int


@dataclass
class MarkdownPage:
    """A page while its Markdown is read, and what was found in it."""

    page: TaggedText
    problems: ProblemList
    #: whether it is a part of study.md, which has :::{page} and :::{end}
    is_in_study: bool = False
    items: list[CompiledItem] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    endings: list[Ending] = field(default_factory=list)
    #: the line in the file of each line that Markdown gets
    numbers: list[int] = field(default_factory=list)
    #: tags alone on a line inside code or HTML: the line break after them belongs to them
    kept: set[int] = field(default_factory=set)
    placement: Placement | None = None
    must_read_again: bool = False

    def html(self) -> str:
        """Return the page's HTML with placeholders and markers of lines."""
        self.placement = Placement(self.page, source_lines(self.page), self.problems)
        for _ in range(_ATTEMPTS):
            self.numbers = self.placement.numbers()
            environment = {_STATE: self, "prefix": self.page.prefix, "line": self.line(0)}
            tokens = _markdown().parse(self.placement.text(), environment)
            if not self.must_read_again:
                break
        self.kept = self.placement.kept()
        written: str = _markdown().renderer.render(tokens, _markdown().options, environment)
        return written

    def line(self, index: int) -> int:
        """Return the line in the file of a line that Markdown got."""
        numbers = self.numbers or self.page.lines
        return numbers[min(max(index, 0), len(numbers) - 1)]

    # What Markdown calls.

    def place_tags(self, state: StateCore) -> None:
        """Put tags between blocks, and read directives; else note that the page must be read again."""
        assert self.placement is not None  # noqa: S101 - html() has set it
        root = block_tree(state.tokens, len(self.numbers))
        self.must_read_again = self.placement.revise(root)
        if not self.must_read_again:
            self.placement.check_indents(root)
            state.tokens = self.placement.insert(state.tokens, root)
            for token in state.tokens:
                if token.type == "directive":
                    self._read_directive(token)

    def _read_directive(self, token: Token) -> None:
        line = self.line(token.map[0] if token.map else 0)
        names: list[str] = []
        try:
            names = self._names_of(token, line)
        except AuthorProblem as problem:
            self.problems.take(problem)
        token.type, token.content = TAG, self._placed(names, line)

    def _names_of(self, token: Token, line: int) -> list[str]:
        """Note what a directive says, and return the names of the items that it places."""
        kind, rest = token.info, str(token.meta["rest"])
        check_kind(kind, line, (PAGE, END) if self.is_in_study else ())
        if not token.meta["is_closed"]:
            raise AuthorProblem(line, f"The block {{{kind}}} isn't closed.", "Add a line ::: after it.")
        tags = self.page.tags_in(token.content + rest)
        if tags:
            raise AuthorProblem(
                line,
                f"The block {{{kind}}} contains {tags[0]}.",
                "Blocks are plain YAML; use show_if or a method. End each block with a line `:::`.",
            )
        if kind == PAGE:
            values = read_mapping(token.content, line + 1)
            self.settings.update(page_settings(values, line, self.problems))
            return []
        if kind == END:
            self.endings.append(Ending(rest, read_mapping(token.content, line + 1), line))
            return []
        items = items_of(kind, rest, token.content, line)
        for item in items:
            self._add(item)
        return [item.name for item in items]

    def _add(self, item: CompiledItem) -> None:
        if any(each.name == item.name for each in self.items):
            raise AuthorProblem(
                item.line, f"The item {item.name!r} is on this page twice.", "Rename one of the two."
            )
        self.items.append(item)

    def _placed(self, names: list[str], line: int) -> str:
        tags = [self.page.add(f'{{{{ ask("{name}") }}}}', line) for name in names]
        return "".join(self.page.placeholder_of(tag.number) for tag in tags)

    def open_paragraphs(self, state: StateCore) -> None:
        """Put items outside of <p>, which can't contain them."""
        for index, token in enumerate(state.tokens):
            before = state.tokens[index - 1]
            if token.type != "inline" or before.type != "paragraph_open":
                continue
            tags = self.page.tags_in(token.content)
            if any(tag.asks for tag in tags):
                text = self.page.placeholder.sub("", token.content).strip()
                is_alone = not text and all(tag.asks for tag in tags)
                _replace_paragraph(before, state.tokens[index + 1], is_alone=is_alone)

    def place_assets(self, state: StateCore) -> None:
        """Let pictures with the address asset:NAME show that asset, which is found when the page is shown."""
        for block in state.tokens:
            line = self.line(block.map[0]) if block.map else 0
            for token in block.children or ():
                address = str(token.attrs.get("src", "")) if token.type == "image" else ""
                if address.startswith(SCHEME):
                    self._place_asset(token, address.removeprefix(SCHEME), line)

    def _place_asset(self, token: Token, name: str, line: int) -> None:
        if not NAME.fullmatch(name) or self.page.placeholder.search(token.content):
            self.problems.add(
                line,
                f"The picture {self.page.readable(name)!r} isn't the name of an asset with a plain text.",
                "Write ![text](asset:faces/happy.png), or {{ asset(name, alt=text) }} for live values.",
            )
            token.attrs["src"] = ""
            return
        alt = f", alt={json.dumps(token.content, ensure_ascii=False)}" if token.content else ""
        tag = self.page.add(f'{{{{ asset("{name}"{alt}) }}}}', line, asks=False)
        token.type, token.tag, token.attrs = "text", "", {}
        token.content, token.children = self.page.placeholder_of(tag.number), None

    def maths(self, token: Token, line: int, *, is_block: bool) -> str:
        """Return the MathML of a token."""
        if self.page.placeholder.search(token.content):
            self.problems.add(
                line,
                f"The maths ${' '.join(self.page.readable(token.content).split())}$ contains a live value.",
                r"Put the value outside of the dollars, or write \$ for a dollar sign.",
            )
            return ""
        try:
            return mathml(token.content, line, is_block=is_block)
        except AuthorProblem as problem:
            self.problems.take(problem)
            return ""


def _replace_paragraph(opening: Token, closing: Token, *, is_alone: bool) -> None:
    if is_alone:
        opening.hidden = closing.hidden = True
        return
    opening.tag = closing.tag = "div"
    opening.attrSet("class", "item-line")


def _align_by_class(token: Token) -> None:
    """Align a cell by a class: a strict content security policy allows no inline styles."""
    style = str(token.attrs.pop("style", ""))
    if style:
        token.attrSet("class", f"align-{style.removeprefix('text-align:')}")


class _Renderer(RendererHTML):
    """Writes markers of lines into the HTML, so that a problem in it has its line."""

    def render(self, tokens: Sequence[Token], options: OptionsDict, env: EnvType) -> str:
        state: MarkdownPage = env[_STATE]
        written: list[str] = []
        for index, token in enumerate(tokens):
            if token.map and (token.type == "inline" or token.nesting == 0):
                written.append(state.page.marker_of(token.map[0]))
                env["line"] = state.line(token.map[0])
            if token.type in {"th_open", "td_open"}:
                _align_by_class(token)
            if token.type == "inline":
                written.append(self.renderInline(token.children or [], options, env))
            elif token.type in self.rules:
                written.append(self.rules[token.type](tokens, index, options, env))
            else:
                written.append(self.renderToken(tokens, index, options, env))
        return "".join(written)


@cache
def _markdown() -> MarkdownIt:
    """Return the parser: CommonMark without underlined headings, which turn the text above --- into one."""
    parser = MarkdownIt(
        "commonmark", {"typographer": False, "xhtmlOut": False, "maxNesting": 100}, renderer_cls=_Renderer
    )
    parser.enable("table").disable("lheading")
    parser.use(footnote_plugin)
    maths_plugin(parser)
    directive_plugin(parser)
    parser.core.ruler.after("block", "jinja", _place_tags)
    parser.core.ruler.after("jinja", "open_paragraphs", _open_paragraphs)
    parser.core.ruler.push("assets", _place_assets)
    # A link to javascript: must be a problem, not text without a link.
    setattr(parser, "validateLink", _every_link)  # noqa: B010 - the parser calls it without itself
    parser.add_render_rule(TAG, _render_tag)
    parser.add_render_rule("math_inline", _render_maths)
    parser.add_render_rule("math_block", _render_maths_block)
    return parser


def _every_link(_address: str) -> bool:
    return True


def _place_tags(state: StateCore) -> None:
    page: MarkdownPage = state.env[_STATE]
    page.place_tags(state)


def _open_paragraphs(state: StateCore) -> None:
    page: MarkdownPage = state.env[_STATE]
    page.open_paragraphs(state)


def _place_assets(state: StateCore) -> None:
    page: MarkdownPage = state.env[_STATE]
    page.place_assets(state)


def _render_tag(_: Any, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType) -> str:
    content = tokens[index].content
    return f"{content}\n" if content else ""


def _render_maths(_: Any, tokens: Sequence[Token], index: int, _options: OptionsDict, env: EnvType) -> str:
    page: MarkdownPage = env[_STATE]
    return page.maths(tokens[index], env["line"], is_block=False)


def _render_maths_block(
    _: Any, tokens: Sequence[Token], index: int, _options: OptionsDict, env: EnvType
) -> str:
    page: MarkdownPage = env[_STATE]
    return f"{page.maths(tokens[index], env['line'], is_block=True)}\n"
