"""Checks of a design: what an author got wrong, each as a sentence with the fix."""

from __future__ import annotations

import keyword
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from .cell import CELL_ATTRIBUTES, level_of, level_text
from .conditions import ASSIGNMENTS, ENTRY_PREFIX, MOST_CELLS, MOST_IN_BLOCK, OWNERS, Conditions
from .orders import MOST_PERMUTED, ORDERINGS

LONGEST_LEVEL = 100


def condition_problems(
    design: Conditions, *, taken: Collection[str] = (), items: Collection[str] | None = None
) -> list[str]:
    """Return the problems of a design; those of its cells only when its parts are right.

    Args:
        design: The design.
        taken: Names that conditions can't have: attributes of players, items.
        items: The names of the study's items, which strata name; None: they aren't known.

    """
    problems = [
        *_choices(design),
        *_names(design, taken),
        *_levels(design),
        *_within(design),
    ]
    problems = problems or [*_size(design), *_exclusions(design), *_weights(design)]
    problems = problems or [*_cells(design), *_quotas(design)]
    return [*problems, *_strata(design, items)]


def _choices(design: Conditions) -> Iterator[str]:
    for option, value, known in (
        ("assign", design.assign, ASSIGNMENTS),
        ("per", design.per, OWNERS),
        ("order", design.order, tuple(ORDERINGS)),
    ):
        if value not in known:
            yield f"{option}={value!r} is unknown; write one of {_listed(known)}."


def _names(design: Conditions, taken: Collection[str]) -> Iterator[str]:
    if not _is_name(design.name):
        yield f"The name {design.name!r} of the design is not an identifier; write letters, digits and _."
    names = [*design.factors, *design.within]
    if not names:
        yield 'The design has no condition; write for example {"colour": ["red", "blue"]}.'
    for name in names:
        if not _is_name(name):
            yield (
                f"The condition {name!r} is not an identifier; write letters, digits and _, beginning with a "
                "letter."
            )
        elif name in taken or name in CELL_ATTRIBUTES:
            yield f"The condition {name!r} has a name that is taken; give it another name."
    for name in design.factors:
        if name in design.within:
            yield f"{name!r} is a condition between and within participants; name it in one of both."


def _levels(design: Conditions) -> Iterator[str]:
    for name, levels in (*design.factors.items(), *design.within.items()):
        if not isinstance(levels, list | tuple) or not levels:
            yield f"The condition {name!r} needs a list of levels, such as [0, 5]; it has {levels!r}."
            continue
        valid = [level_of(level) for level in levels if _is_level(level_of(level))]
        for level in levels:
            if not _is_level(level_of(level)):
                yield (
                    f"The level {level!r} of {name!r} can't be stored; write a text in one line of at most "
                    f"{LONGEST_LEVEL} characters, a number, true, false, or a list of these."
                )
        for text in _repeated(map(level_text, valid)):
            yield f"The condition {name!r} has the level {text} twice; name each level once."


def _within(design: Conditions) -> Iterator[str]:
    for name, levels in design.within.items():
        if design.order == "all" and isinstance(levels, list | tuple) and len(levels) > MOST_PERMUTED:
            yield (
                f"The {len(levels)} levels of {name!r} have too many orders; write order='latin_square', or "
                f"{MOST_PERMUTED} levels at most."
            )


def _size(design: Conditions) -> Iterator[str]:
    count = math.prod(len(levels) for levels in design.levels.values())
    if count > MOST_CELLS:
        yield f"The design has {count:,} cells; cross fewer levels, at most {MOST_CELLS:,} cells."


def _exclusions(design: Conditions) -> Iterator[str]:
    for one in design.exclude:
        if not isinstance(one, Mapping) or not one:
            yield f'exclude has {one!r}; write levels by condition, such as {{"colour": "red"}}.'
            continue
        for name, level in one.items():
            yield from _unknown_level(design, name, level, "exclude")


def _weights(design: Conditions) -> Iterator[str]:
    for name, weights in design.weights.items():
        if not isinstance(weights, dict):
            yield f'The weights of {name!r} are {weights!r}; write a number by level, such as {{"red": 2}}.'
            continue
        for level, weight in weights.items():
            yield from _unknown_level(design, name, level, "weights")
            if isinstance(weight, bool) or not isinstance(weight, int | float | Decimal):
                yield f"The weight of {name}={level_text(level)} is {weight!r}; write a number."
            elif not math.isfinite(weight) or weight <= 0:
                yield (
                    f"The weight of {name}={level_text(level)} is {weight}; write a number above 0, or leave "
                    "the level out."
                )


def _unknown_level(design: Conditions, name: str, level: Any, where: str) -> Iterator[str]:
    if name not in design.levels:
        yield f"{where} names {name!r}; the conditions are {_listed(design.levels)}."
        return
    known = [level_text(one) for one in design.levels[name]]
    if level_text(level_of(level)) not in known:
        yield f"{where} names the level {level_text(level)} of {name!r}; its levels are {_listed(known)}."


def _cells(design: Conditions) -> Iterator[str]:
    if not design.cells:
        yield "exclude leaves no cell; exclude fewer combinations."
        return
    for name, levels in design.levels.items():
        for level in levels:
            if not any(cell.matches({name: level}) for cell in design.cells):
                yield (
                    f"No cell covers {name}={level_text(level)}: exclude removes all of its cells; remove "
                    "the level, or exclude fewer combinations."
                )
    for key in design.duplicate_keys():
        yield f"Two cells have the name {key!r}; give their levels texts without commas and '='."
    if sum(design.cell_weights) > MOST_IN_BLOCK and design.assign != "random":
        yield (
            f"The weights make blocks of {sum(design.cell_weights):,} participants; write weights in simple "
            f"proportions, so that a block has {MOST_IN_BLOCK:,} at most."
        )


def _quotas(design: Conditions) -> Iterator[str]:
    most = design.most
    if most is None:
        return
    for named, number in most.items() if isinstance(most, Mapping) else [("every cell", most)]:
        if isinstance(most, Mapping) and design.quota_key(named) is None:
            cells = _listed(repr(cell.key) for cell in design.cells)
            yield f"most names the cell {named!r}; the cells are {cells}."
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            yield f"most of {named!r} is {number!r}; write a whole number of 1 or more, or use exclude."


def _strata(design: Conditions, items: Collection[str] | None) -> Iterator[str]:
    if design.assign == "stratified" and not design.strata:
        yield "assign='stratified' needs strata; write stratify_by='gender', the name of an item."
    if design.strata and design.assign != "stratified":
        yield f"stratify_by has no effect with assign={design.assign!r}; write assign='stratified'."
    if design.strata and design.per != "person":
        yield f"Only a person has strata; remove stratify_by, or per={design.per!r}."
    for name in design.strata:
        if not name.startswith(ENTRY_PREFIX) and items is not None and name not in items:
            yield (
                f"stratify_by names {name!r}, which is not an item of this study; write the name of an item "
                f"that is asked before, or {ENTRY_PREFIX}<name> for a field of the entry information."
            )


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and name.isidentifier() and not keyword.iskeyword(name) and name[0] != "_"


def _is_level(level: Any) -> bool:
    if isinstance(level, tuple):
        return bool(level) and all(_is_level(one) for one in level)
    if isinstance(level, str):
        return bool(level.strip()) and len(level) <= LONGEST_LEVEL and level.isprintable()
    if isinstance(level, float | Decimal):
        return math.isfinite(level)
    return level is None or isinstance(level, int)


def _repeated(texts: Iterable[str]) -> list[str]:
    seen: dict[str, int] = {}
    for text in texts:
        seen[text] = seen.get(text, 0) + 1
    return [text for text, count in seen.items() if count > 1]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
