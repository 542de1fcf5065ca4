"""Reads the YAML of front matter and directives, as YAML 1.2 does: `yes`, `no`, `5:30` and dates are texts.

Keys are always texts, because answers are stored by key. Nothing is constructed besides texts, numbers, true,
false, null, lists and mappings.
"""

from __future__ import annotations

import math
import re
from typing import Any, Final

import yaml

from .author_problem import AuthorProblem

_INTEGER: Final = re.compile(r"[-+]?\d{1,400}")
_DECIMAL: Final = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][-+]?\d{1,3})?")
_CONSTANTS: Final = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_QUOTES: Final = "Put a text in quotes when it contains ': ' or ' #', or begins with a special character."
_TABS: Final = "Indent with blanks instead of tabs."
_STANDARD: Final = "tag:yaml.org,2002:"
_COLLECTIONS: Final = ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value")


def read_mapping(text: str, line: int) -> dict[str, Any]:
    """Read a YAML mapping whose first line is this line of the file; an empty text is an empty mapping.

    Raises AuthorProblem with the line in the file.
    """
    try:
        return _mapping(yaml.compose(text, Loader=yaml.SafeLoader), line)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = line + (mark.line if mark else 0)
        what = f"The YAML can't be read: {error.problem or error.context}."
        raise AuthorProblem(where, what, _TABS if r"'\t'" in what else _QUOTES) from error
    except yaml.YAMLError as error:
        reason = str(error).partition("\n")[0]
        raise AuthorProblem(line, f"The YAML can't be read: {reason}.", "Remove that character.") from error
    except RecursionError:
        raise AuthorProblem(line, "The YAML is nested too deeply.", "Remove brackets.") from None


def _mapping(root: yaml.Node | None, line: int) -> dict[str, Any]:
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        raise AuthorProblem(line, "Expected lines such as `name: value`.", _QUOTES)
    return _Reader(line).mapping(root)


class _Reader:
    """Converts the nodes of one text."""

    def __init__(self, line: int) -> None:
        self._line = line
        self._seen: set[int] = set()

    def mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise AuthorProblem(self._of(key), "A key must be a text, not a list.", _QUOTES)
            name = _checked(key.value, self._of(key))
            if name in values:
                raise AuthorProblem(
                    self._of(key), f"The key {name!r} is there twice.", "Remove one of the two."
                )
            values[name] = self._value(value)
        return values

    def _value(self, node: yaml.Node) -> Any:
        if id(node) in self._seen:
            raise AuthorProblem(
                self._of(node), "Anchors (&) and aliases (*) aren't supported.", "Write it out."
            )
        self._seen.add(id(node))
        if not node.tag.startswith(_STANDARD) or node.tag.removeprefix(_STANDARD) not in _COLLECTIONS:
            raise AuthorProblem(self._of(node), f"The tag {node.tag} isn't supported.", _QUOTES)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(each) for each in node.value]
        text = _checked(str(node.value), self._of(node))
        return text if getattr(node, "style", None) is not None else self._plain(text, node)

    def _plain(self, text: str, node: yaml.Node) -> Any:
        """Return what a text without quotes stands for."""
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        if _DECIMAL.fullmatch(text):
            number = float(text)
            if not math.isfinite(number):
                raise AuthorProblem(
                    self._of(node), f"The number {text} is too large.", "Write a smaller one."
                )
            return number
        return text

    def _of(self, node: yaml.Node) -> int:
        return self._line + int(node.start_mark.line)


def _checked(text: str, line: int) -> str:
    if _CONTROL.search(text):
        raise AuthorProblem(line, "A text contains a control character.", "Remove it.")
    return text
