"""Writes the tables of rights, roles and rules into docs/rights.md, from the code.

`python -m tests.tools.documents.rights_table` writes them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from chalicelib.access.rights import ROLES, Right
from chalicelib.access.rules import Mode
from chalicelib.access.tables import RULES

DOCUMENT: Final = Path(__file__).parents[3] / "docs" / "rights.md"
_BEGIN: Final = (
    "<!-- These tables: `python -m tests.tools.documents.rights_table` writes them from the code. -->\n"
)
_END: Final = "<!-- The end of the tables. -->\n"


def tables() -> str:
    """Return the tables as Markdown."""
    return "\n".join([*_roles(), "", "## Rules for records", "", *_rules(), ""])


def section_in(document: str) -> str:
    """Return the tables that the document has."""
    return document.partition(_BEGIN)[2].partition(_END)[0]


def _roles() -> list[str]:
    lines = [f"| right | {' | '.join(ROLES)} |", f"|---|{'---|' * len(ROLES)}"]
    return lines + [
        f"| {right.value} | {' | '.join('yes' if right in held else '' for held in ROLES.values())} |"
        for right in Right
    ]


def _rules() -> list[str]:
    lines = [
        f"| record | {' | '.join(mode.value for mode in Mode)} | with a right only | never |",
        f"|---|{'---|' * (len(Mode) + 2)}",
    ]
    for kind, rules in RULES.items():
        modes = " | ".join(rules.rule(mode).text() for mode in Mode)
        personal = ", ".join(f"`{name}`" for name in sorted(rules.personal.fields))
        if personal:
            personal = f"{personal}: {rules.personal.right.value}"
        never = [_never("read", rules.unreadable), _never("changed", rules.fixed)]
        lines.append(
            f"| {kind.replace('_', ' ')} | {modes} | {personal} | {'; '.join(filter(None, never))} |"
        )
    return lines


def _never(what: str, fields: frozenset[str]) -> str:
    return f"{what}: {', '.join(f'`{name}`' for name in sorted(fields))}" if fields else ""


def write() -> None:
    """Write the tables into the document."""
    document = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = document.partition(_BEGIN)
    after = rest.partition(_END)[2]
    DOCUMENT.write_text(f"{before}{_BEGIN}\n{tables()}\n{_END}{after}", encoding="utf-8")


if __name__ == "__main__":
    write()
