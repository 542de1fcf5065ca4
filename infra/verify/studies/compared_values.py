"""Finds comparisons that never hold: with a level that a factor doesn't have, or with a role of no Group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import nodes

from chalicelib.experiment.config.problems import closest_match
from chalicelib.study.design.conditions import Conditions
from chalicelib.study.elements import Group
from chalicelib.study.study import Study

#: The operators that compare with one value, and with one of several.
_ONE: Final = frozenset({"eq", "ne"})
_SEVERAL: Final = frozenset({"in", "notin"})
_ROLE: Final = "role"


@dataclass(frozen=True, slots=True)
class Compared:
    """A value that an author compares something of the study with."""

    #: The factor, or "role".
    name: str
    value: Any
    line: int


class KnownValues:
    """The levels of a study's factors, and the roles of its groups."""

    def __init__(self, cls: type[Study]) -> None:
        """Collect them."""
        self._levels: Mapping[str, Sequence[Any]] = (
            Conditions.of(cls.conditions).levels if cls.conditions else {}
        )
        groups = (step.element for _, step in cls.plan().steps() if isinstance(step.element, Group))
        self._roles = tuple(dict.fromkeys(role for group in groups for role in group.roles))

    def problems(self, tree: nodes.Template) -> Iterator[tuple[int, str, str]]:
        """Yield the line, what is wrong and what to do for each comparison that never holds."""
        for compared in self._compared(tree):
            known = self._roles if compared.name == _ROLE else self._levels[compared.name]
            if not known or compared.value in known:
                continue
            what = (
                f"{compared.value!r} isn't a role of any Group"
                if compared.name == _ROLE
                else f"{compared.value!r} isn't a level of {compared.name!r}"
            )
            near = closest_match(str(compared.value), map(str, known))
            fix = f"Did you mean {near!r}?" if near else f"Compare with one of {', '.join(map(repr, known))}."
            yield compared.line, f"{what}, so this comparison never changes.", fix

    def _compared(self, tree: nodes.Template) -> Iterator[Compared]:
        for comparison in tree.find_all(nodes.Compare):
            left = comparison.expr
            for operand in comparison.ops:
                for one, other in ((left, operand.expr), (operand.expr, left)):
                    name = self._name(one)
                    if name is not None:
                        values = _constants(other, operand.op)
                        yield from (Compared(name, value, comparison.lineno) for value in values)
                left = operand.expr

    def _name(self, node: nodes.Node) -> str | None:
        """Return the factor that an expression reads, or "role"; None for anything else."""
        name = None
        if isinstance(node, nodes.Name):
            name = node.name
        elif isinstance(node, nodes.Getattr):
            if node.attr == _ROLE and isinstance(node.node, nodes.Name) and node.node.name == "player":
                return _ROLE
            name = node.attr if _is_condition(node.node) else None
        elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
            name = str(node.arg.value) if _is_condition(node.node) else None
        return name if name in self._levels else None


def _is_condition(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Name):
        return node.name == "condition"
    return isinstance(node, nodes.Getattr) and node.attr == "condition"


def _constants(node: nodes.Node, operator: str) -> Iterator[Any]:
    """Yield the constants that something is compared with."""
    if operator in _ONE and isinstance(node, nodes.Const):
        yield node.value
    elif operator in _SEVERAL and isinstance(node, nodes.List | nodes.Tuple):
        yield from (each.value for each in node.items if isinstance(each, nodes.Const))
