"""Directives: `:::{choice} colour`, lines of YAML, `:::`."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from chalicelib.experiment.config.problems import closest_match
from chalicelib.study.items import AuthorError, kinds
from chalicelib.study.pages.compiled import CompiledItem, exact

from .author_problem import AuthorProblem
from .yaml_text import read_mapping

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock

PAGE, END = "page", "end"
_OPENING: Final = re.compile(r"(?P<fence>:{3,})\s*(?:\{\s*(?P<kind>[^}]*?)\s*\})?\s*(?P<rest>.*)")


def directive_plugin(markdown: MarkdownIt) -> None:
    """Read directives as blocks of their own, which can interrupt a paragraph."""
    markdown.block.ruler.before(
        "fence",
        "directive",
        _directive,
        {"alt": ["paragraph", "reference", "blockquote", "list", "footnote_def"]},
    )


def _directive(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    if state.is_code_block(first):
        return False
    opening = _OPENING.fullmatch(_line(state, first))
    if opening is None:
        return False
    if silent:
        return True
    fence, end = opening["fence"], first + 1
    while end < last and not _is_closing(_line(state, end), fence) and not _leaves(state, end):
        end += 1
    is_closed = end < last and _is_closing(_line(state, end), fence)
    token = state.push("directive", "", 0)
    token.content = state.getLines(first + 1, end, state.sCount[first], keepLastLF=True)
    token.info = opening["kind"] or ""
    token.meta = {"rest": opening["rest"].strip(), "is_closed": is_closed}
    token.map = [first, end + 1 if is_closed else end]
    token.block = True
    state.line = token.map[1]
    return True


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]].rstrip()


def _is_closing(line: str, fence: str) -> bool:
    return line == ":" * len(line) and len(line) >= len(fence)


def _leaves(state: StateBlock, number: int) -> bool:
    """Whether a line is outside of the list item or quote that the directive is in."""
    return bool(_line(state, number)) and state.sCount[number] < state.blkIndent


def check_kind(kind: str, line: int, others: Collection[str]) -> None:
    """Raise AuthorProblem for a directive that doesn't exist; `others`: those that aren't kinds of items."""
    if not kind:
        raise AuthorProblem(
            line,
            "A line that begins with ::: must name a directive.",
            "Write :::{choice} and the item's name.",
        )
    known = {*kinds(), *others}
    if kind in known:
        return
    if kind == END:
        raise AuthorProblem(
            line, "Only study.md can have a :::{end}.", "In Python, put End(...) into the timeline."
        )
    if kind == PAGE:
        raise AuthorProblem(
            line, "Only study.md has :::{page}.", "Write the settings between --- at the file's top."
        )
    near = closest_match(kind, known)
    fix = f"Did you mean :::{{{near}}}?" if near else f"Use one of {', '.join(sorted(known))}."
    raise AuthorProblem(line, f"There is no directive {{{kind}}}.", fix)


def items_of(kind: str, written: str, body: str, line: int) -> list[CompiledItem]:
    """Return the items that a directive defines: one, or those under `items`, which share the rest.

    `written`: what follows the kind on the directive's line, a name or `name: prompt`.
    """
    values = read_mapping(body, line + 1)
    name, separator, prompt = (part.strip() for part in written.partition(":"))
    if separator:
        if "prompt" in values:
            raise AuthorProblem(line, f"The item {name!r} has two prompts.", "Remove the key `prompt`.")
        values["prompt"] = prompt
    if name or "items" not in values:
        return [_item(kind, name, values, line)]
    prompts = values.pop("items")
    if not isinstance(prompts, Mapping) or not prompts:
        raise AuthorProblem(
            line, "`items` must be prompts by name.", "Write `items:` and below it `  trust: ...`."
        )
    if "prompt" in values:
        raise AuthorProblem(line, "`prompt` and `items` can't be together.", "Put each prompt under `items`.")
    return [
        _item(kind, each, {**values, **(prompt if isinstance(prompt, Mapping) else {"prompt": prompt})}, line)
        for each, prompt in prompts.items()
    ]


def _item(kind: str, name: str, values: Mapping[str, Any], line: int) -> CompiledItem:
    check_item_name(name, line, kind)
    body = {key: value for key, value in values.items() if key != "prompt"}
    prompt = values.get("prompt", "")
    if isinstance(prompt, Mapping | list | bool) or prompt is None:
        raise AuthorProblem(
            line, f"The prompt of {name!r} isn't a text.", "Write `prompt: What do you think?`."
        )
    if "name" in body:
        raise AuthorProblem(
            line, f"The item {name!r} has a key `name`.", f"Its name is {name!r}; remove the key."
        )
    item = CompiledItem(name, kind, str(prompt), exact(body), line)
    for problem in _problems_of(item):
        raise AuthorProblem(line, problem)
    return item


def _problems_of(item: CompiledItem) -> list[str]:
    """Return what the item's kind says is wrong with it."""
    try:
        return list(kinds()[item.kind].from_yaml(item.prompt, item.body, item.name).problems())
    except AuthorError as error:
        return [str(error)]


def check_item_name(name: str, line: int, kind: str) -> None:
    """Raise AuthorProblem unless a name can be an item's."""
    if not name:
        raise AuthorProblem(
            line,
            f"This {kind} has no name.",
            f"Write :::{{{kind}}} and a name, such as :::{{{kind}}} answer.",
        )
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        raise AuthorProblem(
            line,
            f"{name!r} can't be the name of an item.",
            "Use letters, digits and _, beginning with a letter, and no word of Python's.",
        )


def keys_of(body: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the keys of answers that an item's body lists, which a translation must keep."""
    return {
        name: sorted(_keys(value))
        for name, value in body.items()
        if name in {"options", "rows", "pieces"} and isinstance(value, Mapping | list)
    }


def _keys(value: Mapping[str, Any] | list[Any]) -> Iterator[str]:
    """Yield the keys of options: those of a mapping, and of a list of labels, of pairs or of `key: ...`."""
    for each in value:
        if not isinstance(each, Mapping):
            yield str(each)
        elif "key" in each:
            yield str(each["key"])
        else:
            yield from map(str, each)
