"""Writes docs/api-reference.md from the table of operations.

python -m tests.web.api.operations_page
"""

from __future__ import annotations

from itertools import groupby

from chalicelib.api.api_operation import AnyOperation
from chalicelib.api.operation_table import OPERATIONS
from chalicelib.api.value_types import NamedField, fields_of
from tests.docs.blocks import DOCS

PAGE = DOCS / "api-reference.md"
HEADER = """# Operations of the API

Every operation of [the API](api.md), by resource. A field in italics may be left out.

"""
TABLE = "| operation | request | right | fields | what it does |\n|---|---|---|---|---|\n"


def page() -> str:
    """Return the whole page."""
    by_resource = sorted(OPERATIONS, key=lambda each: each.resource)
    groups = groupby(by_resource, key=lambda each: each.resource)
    return HEADER + "\n".join(
        f"## {resource}\n\n{TABLE}{''.join(map(_row, operations))}" for resource, operations in groups
    )


def _row(operation: AnyOperation) -> str:
    declared = fields_of(operation.parameters)
    fields = ", ".join(_field(each) for each in declared if each.name not in operation.path_parameters)
    path = operation.path.replace("{", "<").replace("}", ">")
    return (
        f"| `{operation.name}` | `{operation.method} {path}` | {operation.right.value} | {fields} "
        f"| {operation.summary} |\n"
    )


def _field(declared: NamedField) -> str:
    name = f"`{declared.name}`" if declared.is_required else f"*{declared.name}*"
    note = declared.help.rstrip(".").replace("|", "\\|")
    return f"{name} ({note})" if note and declared.name not in ("after", "limit") else name


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
