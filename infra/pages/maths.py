"""Maths in pages: TeX between dollars becomes MathML when a page is compiled. `$5 and $6` is money."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mdit_py_plugins.dollarmath.index import math_block_dollar

from .author_problem import AuthorProblem

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline

_DOLLARS: Final = math_block_dollar(allow_labels=False, allow_blank_lines=False)
#: A word of two letters or more that isn't a command, as in "$5, or 6$": such a sentence is about money.
_PROSE: Final = re.compile(r"(?<![\\A-Za-z{])[A-Za-z]{2,}")
_BRACED: Final = re.compile(r"\{[^{}]*\}")
_UNKNOWN: Final = re.compile(r"<m[io]>(\\[A-Za-z]+)</m[io]>")
_ENTITY: Final = re.compile(r"&(?!(?:#x?[0-9A-Fa-f]+|[A-Za-z]+);)")


def maths_plugin(markdown: MarkdownIt) -> None:
    """Read `$x^2$` and, on lines of their own, `$$x^2$$`; the page renders the tokens."""
    markdown.inline.ruler.before("escape", "math_inline", _inline)
    markdown.block.ruler.before(
        "fence",
        "math_block",
        _block,
        {"alt": ["paragraph", "reference", "blockquote", "list", "footnote_def"]},
    )


def _block(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """Read `$$...$$`; asked silently, whether it could, the rule of the plugin would leave a token."""
    tokens, line = len(state.tokens), state.line
    is_maths = _DOLLARS(state, first, last, silent)
    if silent:
        del state.tokens[tokens:]
        state.line = line
    return is_maths


def _inline(state: StateInline, silent: bool) -> bool:
    """Read `$...$` without blanks inside the dollars; no digit or letter touches them outside."""
    source, start = state.src, state.pos
    if source[start] != "$" or (start and (source[start - 1].isalnum() or source[start - 1] == "$")):
        return False
    end = _closing(source, start + 1, state.posMax)
    if end is None:
        return False
    content = source[start + 1 : end]
    if not is_maths(content, str(state.env["prefix"])):
        return False
    if not silent:
        token = state.push("math_inline", "math", 0)
        token.content = content
    state.pos = end + 1
    return True


def _closing(source: str, position: int, most: int) -> int | None:
    while position < most:
        if source[position] == "\\":
            position += 1
        elif source[position] == "$":
            after = source[position + 1 : position + 2]
            return None if after.isalnum() or after == "$" else position
        position += 1
    return None


def is_maths(content: str, prefix: str) -> bool:
    """Whether the text between two dollars is maths, not two sums of money; `prefix`: of placeholders."""
    if not content or content != content.strip() or content.startswith(prefix):
        return False
    return not (content[0].isdigit() and _PROSE.search(_BRACED.sub("", content)))


def mathml(tex: str, line: int, *, is_block: bool) -> str:
    """Return TeX as MathML; AuthorProblem when it isn't valid."""
    # Lazy import: most pages have no maths, and its tables of symbols are long.
    from latex2mathml import converter

    fix = r"Fix the TeX, or write \$ for a dollar sign."
    # A line break means nothing in TeX, and the converter takes it for a command.
    tex = " ".join(tex.split())
    try:
        written = converter.convert(tex, display="block" if is_block else "inline")
    except RecursionError:
        raise AuthorProblem(
            line, "The maths is nested too deeply.", "Divide it into shorter parts."
        ) from None
    except Exception as error:
        # The converter raises errors of many classes for invalid TeX.
        reason = str(error) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__.removesuffix("Error"))
        raise AuthorProblem(line, f"The maths ${tex}$ can't be read: {reason}.", fix) from error
    unknown = _UNKNOWN.search(written)
    if unknown:
        raise AuthorProblem(line, f"The maths ${tex}$ has an unknown command: {unknown[1]}.", fix)
    return _ENTITY.sub("&amp;", written)
