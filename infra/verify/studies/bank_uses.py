"""Checks the item banks that a study shares with others: does it ask any of their items."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from chalicelib.study.pages.shared_banks import BANKS_FILE
from chalicelib.study.study import Study
from infra.verify.findings import Finding, warning


def asked_items(study: type[Study]) -> set[str]:
    """Return the names of the items that the timeline of a study asks."""
    asked: set[str] = set()
    for _, step in study.plan().steps():
        element: Any = step.element
        asked.update(getattr(element, "asked", ()))
        if hasattr(element, "asked"):
            asked.update(study.items_of(element))
    return asked


def unused_banks(study: type[Study], asked: Collection[str]) -> Iterator[Finding]:
    """Find shared banks of which the study asks no item."""
    taken: dict[str, list[str]] = {}
    for name, item in study.bank_items().items():
        if item.bank:
            taken.setdefault(item.bank, []).append(name)
    for bank, names in taken.items():
        if not any(name in asked for name in names):
            yield warning(
                BANKS_FILE,
                f"the study asks no item of the bank {bank}.",
                f'Ask for some, such as ask="{names[0]}", or remove the bank from {BANKS_FILE}.',
            )
