"""Writes the tables of statuses in docs/design.md from the transitions and groups that the code defines.

python -m tests.tools.status_tables
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from chalicelib.model import statuses
from tests.docs.blocks import DOCS

PAGE = DOCS / "design.md"
BEGIN = "<!-- statuses: written by `python -m tests.tools.status_tables` -->\n"
END = "<!-- end of the statuses -->\n"
TRANSITIONS: dict[str, tuple[type[StrEnum], Mapping[Any, frozenset[Any]]]] = {
    "participant": (statuses.ParticipantStatus, statuses.PARTICIPANT_TRANSITIONS),
    "payment": (statuses.PaymentStatus, statuses.PAYMENT_TRANSITIONS),
    "transmission": (statuses.TransmissionStatus, statuses.TRANSMISSION_TRANSITIONS),
}


def groups() -> Iterator[tuple[str, frozenset[StrEnum], str]]:
    """Yield the name, the members and the docstring of each group of statuses."""
    body = ast.parse(Path(statuses.__file__).read_text(encoding="utf-8")).body
    for node, after in zip(body, [*body[1:], ast.Pass()], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            value = getattr(statuses, node.target.id)
            if isinstance(value, frozenset):
                yield node.target.id, value, _docstring(after)


def _docstring(node: ast.stmt) -> str:
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return str(node.value.value) if is_text else ""


def tables() -> str:
    """Return a table of transitions for each kind of record, and a table of the groups."""
    parts = [
        f"| {name} | can become |\n|---|---|\n" + "".join(_transitions(kind, table))
        for name, (kind, table) in TRANSITIONS.items()
    ]
    rows = "".join(f"| `{name}` | {_words(members)} | {meaning} |\n" for name, members, meaning in groups())
    return "\n".join([*parts, f"| group | statuses | meaning |\n|---|---|---|\n{rows}"])


def _transitions(kind: type[StrEnum], table: Mapping[Any, frozenset[Any]]) -> Iterator[str]:
    for status in kind:
        yield f"| `{status}` | {_words(table.get(status, frozenset())) or 'final'} |\n"


def _words(members: frozenset[StrEnum]) -> str:
    return ", ".join(f"`{status}`" for status in sorted(members))


def page_with_tables(text: str) -> str:
    """Return the page's text with its tables of statuses regenerated."""
    before, _, remainder = text.partition(BEGIN)
    _, _, after = remainder.partition(END)
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page_with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
