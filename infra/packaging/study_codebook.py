"""The code book of a study: its items, and the cells of its design."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.study.design.conditions import Conditions
from chalicelib.study.study import Study


def study_codebook(study: type[Study]) -> dict[str, Any]:
    """Return what a reader of the data needs to know about a study's items and conditions."""
    book: dict[str, Any] = {"items": {name: item.codebook() for name, item in study.items().items()}}
    for name, banked in study.bank_items().items():
        book["items"][name]["version"] = banked.version
        if banked.bank:
            book["items"][name]["bank"] = banked.bank
    declared = study.conditions
    if isinstance(declared, Conditions | Mapping) and declared:
        design = Conditions.of(declared)
        book["conditions"] = {name: list(levels) for name, levels in design.levels.items()}
        book["cells"] = design.design_table()
    return book
