"""Defines the items of a bank, and what an import couldn't take over."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from chalicelib.study.items import AuthorError, kinds

_WORDS: Final = re.compile(r"[A-Za-z0-9]+")
#: Names that an import keeps as they are.
_IDENTIFIER: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
#: Where a template would begin in a file of a bank, which has none.
_TEMPLATE: Final = re.compile(r"\{(?=[{%#])")
#: Characters that a file of a bank can't have.
_UNREADABLE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
#: How many words of a prompt make the name of an item without a title.
_WORDS_IN_NAME: Final = 4


@dataclass(frozen=True, slots=True)
class BankItem:
    """An item as a file of the bank defines it."""

    name: str
    kind: str
    prompt: str
    body: Mapping[str, Any] = field(default_factory=dict)

    def problems(self) -> list[str]:
        """Return what is wrong with the item, as its kind says."""
        try:
            return list(kinds()[self.kind].from_yaml(self.prompt, self.body, self.name).problems())
        except AuthorError as error:
            return [str(error)]


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that an import or an export couldn't take over."""

    #: Where it stands: a row or a line of the file, from 1; or the name of an item.
    where: str
    what: str
    #: Whether it is all of an item, and not a part.
    whole: bool = False

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(slots=True)
class ImportedItems:
    """What an import has read."""

    items: list[BankItem] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)

    def add(self, where: str, title: str, kind: str, prompt: str, body: Mapping[str, Any]) -> None:
        """Add an item under a name of its own; one that its kind refuses becomes a loss."""
        name = new_name(title or prompt, {one.name for one in self.items})
        item = BankItem(name, kind, _with_plain_lines(prompt), _with_plain_lines(body))
        is_unreadable = any(map(_UNREADABLE.search, _texts_in([item.prompt, item.body])))
        problems = ["a text contains a control character"] if is_unreadable else item.problems()
        if problems:
            self.lose(where, f"not imported: {'; '.join(problems)}")
        else:
            self.items.append(item)

    def lose(self, where: str, what: str) -> None:
        """Note what couldn't be taken over."""
        self.losses.append(Loss(where, what))


def _with_plain_lines(value: Any) -> Any:
    """Return a value whose texts end their lines as files of a bank do."""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n")
    if isinstance(value, Mapping):
        return {_with_plain_lines(name): _with_plain_lines(each) for name, each in value.items()}
    return type(value)(map(_with_plain_lines, value)) if isinstance(value, list | tuple) else value


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts_in([*value.keys(), *value.values()])
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts_in(each)


def new_name(text: str, taken: Collection[str]) -> str:
    """Return the name of an item, made of the first words of a text, that no other item has."""
    if _IDENTIFIER.fullmatch(text) and not keyword.iskeyword(text) and text not in taken:
        return text
    words = "_".join(_WORDS.findall(text.lower())[:_WORDS_IN_NAME]) or "item"
    name = words if words[0].isalpha() and not keyword.iskeyword(words) else f"item_{words}"
    number, unique = 1, name
    while unique in taken:
        number += 1
        unique = f"{name}_{number}"
    return unique


def left_out(item: BankItem, written: Collection[str]) -> list[Loss]:
    """Return as a loss which settings of an item a format doesn't have; `written` are those that it has."""
    names = [
        key for key, value in item.body.items() if key not in written and value not in (None, "", [], {})
    ]
    return [Loss(item.name, f"{', '.join(names)} can't be written in this format.")] if names else []


def to_markdown(items: Sequence[BankItem]) -> str:
    """Return the text of a file of `items/`: a block for each item, which the study's pages can ask for."""
    return "\n".join(_block(item) for item in items)


def _block(item: BankItem) -> str:
    lines = [f":::{{{item.kind}}} {item.name}", f"prompt: {_yaml(item.prompt)}"]
    for key, value in item.body.items():
        if isinstance(value, Mapping) and value:
            lines.append(f"{key}:")
            lines += [f"  {_yaml(str(name))}: {_yaml(each)}" for name, each in value.items()]
        else:
            lines.append(f"{key}: {_yaml(value)}")
    return "\n".join([*lines, ":::", ""])


def _yaml(value: Any) -> str:
    """Return a value on one line: JSON is YAML, and no text in it can end the block, or be a template."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_yaml(str(name))}: {_yaml(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    return _TEMPLATE.sub(r"\\u007b", json.dumps(value, ensure_ascii=False))


def options_of(item: BankItem) -> dict[str, str]:
    """Return the options of an item, as labels by key."""
    options = item.body.get("options") or {}
    if isinstance(options, dict):
        return {str(key): _label(one) for key, one in options.items()}
    return {str(one): str(one) for one in options if isinstance(one, str | int | float)}


def _label(option: object) -> str:
    return str(option.get("label", "")) if isinstance(option, dict) else str(option)


def rights_of(item: BankItem) -> list[str]:
    """Return the right answers of an item as texts."""
    right = item.body.get("right")
    if right is None:
        return []
    return [str(one) for one in right] if isinstance(right, list | tuple) else [str(right)]
