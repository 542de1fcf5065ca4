"""The design of a study: its conditions, their cells, and how people are assigned to them.

    conditions = {"colour": ["red", "blue"], "delay": [0, 5]}

is a factorial design of four cells, which complete equally often. `Conditions(...)` says more: how cells are
assigned, to whom, with which weights, quotas and orders. `condition_problems` checks a design.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import gcd, lcm
from typing import Any

from chalicelib.errors import ExperimentError

from .cell import Cell, level_of, level_text, named_levels
from .orders import ORDERINGS
from .slot_sequence import SlotSequence

ASSIGNMENTS = ("random", "block", "balanced", "stratified")
OWNERS = ("person", "group", "network")
#: The most cells of a design, and slots of a block: more come from a mistake in the factors or weights.
MOST_CELLS = 1000
MOST_IN_BLOCK = 1000
#: A field of the entry information is named `entry.<field>`; any other stratum is an item.
ENTRY_PREFIX = "entry."


@dataclass(frozen=True)
class Conditions:
    """A design: conditions with their levels, and how cells are assigned.

    Args:
        factors: The levels of each condition: `{"colour": ["red", "blue"]}`. Several are crossed.
        assign: `balanced` (cells complete equally often: another participant gets
            the slot of one who leaves),
            `block` (cells are assigned equally often; participants who leave are not replaced), `stratified`
            (balanced within each stratum), or `random` (each is drawn independently).
        per: Who shares a cell: a `person`, a `group`, or a `network`.
        weights: How often levels come: `{"colour": {"red": 2}}` gives red twice as often. Others have 1.
        exclude: Combinations that aren't run: `[{"colour": "red", "delay": 5}]`.
        stratify_by: The items, or fields `entry.<name>` of the entry information, whose values are strata.
        within: Levels that each participant goes through: `{"task": ["easy", "hard"]}`. The participant's
            level is an order of them, a tuple.
        order: Which orders: `all`, or `latin_square` (a Williams design).
        most: At most how many participants a cell has: a number for every cell, or numbers by cell. A cell is
            named by its level when there is one condition, by a tuple of levels in the order of the
            conditions, or by its key. With strata, it applies within each of them.
        name: Tells several designs of one study apart.

    """

    factors: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    assign: str = field(default="balanced", kw_only=True)
    per: str = field(default="person", kw_only=True)
    weights: Mapping[str, Mapping[Any, Any]] = field(default_factory=dict, kw_only=True)
    exclude: Sequence[Mapping[str, Any]] = field(default=(), kw_only=True)
    stratify_by: str | Sequence[str] = field(default=(), kw_only=True)
    within: Mapping[str, Sequence[Any]] = field(default_factory=dict, kw_only=True)
    order: str = field(default="latin_square", kw_only=True)
    most: int | Mapping[Any, int] | None = field(default=None, kw_only=True)
    name: str = field(default="conditions", kw_only=True)

    @classmethod
    def of(cls, declared: Conditions | Mapping[str, Any]) -> Conditions:
        """Return the design that an author declared: an object, levels by name, or options with `factors`.

        ExperimentError for an unknown option.
        """
        if isinstance(declared, Conditions):
            return declared
        # Levels are lists, so a mapping under one of these names isn't a condition.
        if not any(isinstance(declared.get(name), Mapping) for name in ("factors", "within")):
            return cls(declared)
        known = {one.name for one in fields(cls)}
        unknown = [name for name in declared if name not in known]
        if unknown:
            raise ExperimentError(
                f"conditions has the option {unknown[0]!r}; the options are {', '.join(sorted(known))}."
            )
        return cls(**declared)

    # -- cells ----------------------------------------------------------------------------------

    @cached_property
    def levels(self) -> dict[str, list[Any]]:
        """The levels of each condition; orders for those within participants."""
        found = {name: [level_of(level) for level in levels] for name, levels in self.factors.items()}
        orders = {name: ORDERINGS[self.order](levels) for name, levels in self.within.items()}
        return {**found, **orders}

    @cached_property
    def cells(self) -> list[Cell]:
        """The cells that are run, in the order of their levels."""
        every = (named_levels(list(self.levels), levels) for levels in product(*self.levels.values()))
        return [cell for cell in every if not any(cell.matches(one) for one in self.exclude)]

    @cached_property
    def _cells_by_key(self) -> dict[str, Cell]:
        return {cell.key: cell for cell in self.cells}

    def find(self, levels: Mapping[str, Any]) -> Cell | None:
        """Return the cell with these levels, as stored or as declared, or None."""
        return self._cells_by_key.get(Cell(levels).key)

    @cached_property
    def cell_weights(self) -> list[int]:
        """The weight of each cell, as the smallest whole numbers; how often it comes in a block."""
        exact = [self._weight(cell) for cell in self.cells]
        scale = lcm(*(weight.denominator for weight in exact))
        whole = [int(weight * scale) for weight in exact]
        return [weight // gcd(*whole) for weight in whole]

    def _weight(self, cell: Cell) -> Fraction:
        weight = Fraction(1)
        for name, level in cell.items():
            weight *= self._weights_by_text.get(name, {}).get(level_text(level), Fraction(1))
        return weight

    @cached_property
    def _weights_by_text(self) -> dict[str, dict[str, Fraction]]:
        return {
            name: {level_text(level_of(level)): _exact(weight) for level, weight in weights.items()}
            for name, weights in self.weights.items()
        }

    @cached_property
    def limits(self) -> list[int | None]:
        """The quota of each cell; None for a cell without one."""
        if not isinstance(self.most, Mapping):
            return [self.most] * len(self.cells)
        quotas = {self.quota_key(named): most for named, most in self.most.items()}
        return [quotas.get(cell.key) for cell in self.cells]

    def quota_key(self, named: Any) -> str | None:
        """Return the key of the cell that a quota names: by its key, its levels, or its only level."""
        if isinstance(named, str) and named in self._cells_by_key:
            return named
        levels = named if isinstance(named, tuple) and len(self.levels) > 1 else (named,)
        if len(levels) != len(self.levels):
            return None
        key = named_levels(list(self.levels), levels).key
        return key if key in self._cells_by_key else None

    # -- assignment -----------------------------------------------------------------------------

    @property
    def strata(self) -> tuple[str, ...]:
        """The names of the items and fields whose values are strata."""
        return (self.stratify_by,) if isinstance(self.stratify_by, str) else tuple(self.stratify_by)

    def stratum(self, values: Mapping[str, Any]) -> str:
        """Return the stratum of a participant with these values of items and fields."""
        return "/".join(level_text(level_of(values.get(name))) for name in self.strata)

    @property
    def gives_again(self) -> bool:
        """Whether another participant gets the place of one who leaves."""
        return self.assign in {"balanced", "stratified"} or self.most is not None

    def cell_at(self, number: int, seed: str, stratum: str = "") -> Cell | None:
        """Return the cell of a slot, 1 being the first; None when the quotas leave fewer slots."""
        sequence = SlotSequence(
            seed=f"{seed}|{self.name}|{stratum}",
            weights=self.cell_weights,
            limits=self.limits,
            in_blocks=self.assign != "random",
        )
        place = sequence.cell_at(number)
        return None if place is None else self.cells[place]

    # -- for authors ----------------------------------------------------------------------------

    def design_table(self) -> list[dict[str, str]]:
        """Return a row for each cell: its name, its levels, its share, its quota."""
        total = sum(self.cell_weights)
        return [
            {
                "cell": cell.key,
                **{name: level_text(level) for name, level in cell.items()},
                "share": str(Fraction(weight, total)),
                "most": "" if limit is None else str(limit),
            }
            for cell, weight, limit in zip(self.cells, self.cell_weights, self.limits, strict=True)
        ]

    def duplicate_keys(self) -> list[str]:
        """Return names that several cells would have in exports."""
        return [key for key, count in Counter(cell.key for cell in self.cells).items() if count > 1]


def _exact(weight: Any) -> Fraction:
    """Return a weight as a fraction: 0.1 is a tenth, and not the binary number nearest to it."""
    return Fraction(str(weight))
