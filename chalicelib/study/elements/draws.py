"""Defines Draw: which of the items or elements of a pool each participant gets."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import Any

from chalicelib.study.items import Item

#: The tags of each thing that can be drawn, by its name: one entry for each item of it.
Pool = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class Draw:
    """How many of a pool are drawn for each participant, by the tags of their items.

    Args:
        n: How many; with `by`, how many for each level of the tag, or a number for each: {"fractions": 2}.
        by: A tag, such as "competency": some are drawn for each of its levels.
        tags: Draw from items with these tags only: {"difficulty": [1, 2]}, or words that they have.
        points: The points of each item that is drawn; by default those of the item.

    """

    n: int | Mapping[Any, int]
    by: str = ""
    tags: Any = field(default_factory=dict)
    points: int | Decimal | None = None

    @classmethod
    def of(cls, given: Any) -> Draw | None:
        """Return a draw that an author gives: itself, a number, or its arguments; None for anything else."""
        if isinstance(given, Draw):
            return given
        if isinstance(given, int) and not isinstance(given, bool):
            return cls(given)
        known = {each.name for each in fields(cls)}
        is_draw = isinstance(given, Mapping) and "n" in given and set(given) <= known
        return cls(**given) if is_draw else None

    def given_points(self, item: Item) -> Item:
        """Return a drawn item with the points that the draw gives it."""
        return item if self.points is None else replace(item, points=self.points)

    def problems(self, what: str) -> list[str]:
        """Return what is wrong with the arguments, whatever the pool."""
        numbers = list(self.n.values()) if isinstance(self.n, Mapping) else [self.n]
        if not numbers or not all(isinstance(each, int) and each > 0 for each in numbers):
            return [f"{what} draws {self.n!r}; give a number from 1, or such a number for each level."]
        if isinstance(self.n, Mapping) and not self.by:
            return [f"{what} draws numbers by level; name the tag that has these levels: by=..."]
        if self.points is not None and (
            isinstance(self.points, bool) or not isinstance(self.points, int | Decimal)
        ):
            return [f"{what} gives points={self.points!r}; give a whole number or a Decimal."]
        return []

    def shortages(self, pool: Pool) -> Iterator[str]:
        """Yield, for each level of which the pool has too few, how many are drawn of how many there are."""
        for level, names in self._levels(pool):
            wanted = self._wanted(level)
            if wanted > len(names):
                of_level = f" with {self.by}={level!r}" if self.by else ""
                yield f"{wanted} of {len(names)}{of_level}"

    def names(self, draws: random.Random, pool: Pool) -> list[str]:
        """Draw without replacement; level by level with `by`. A pool with too few gives all that it has."""
        return [
            name
            for level, names in self._levels(pool)
            for name in draws.sample(names, min(self._wanted(level), len(names)))
        ]

    def _wanted(self, level: Any) -> int:
        return int(self.n.get(level, 0)) if isinstance(self.n, Mapping) else self.n

    def _levels(self, pool: Pool) -> list[tuple[Any, list[str]]]:
        """Return the names that can be drawn by level, in the order of the pool; one level without `by`."""
        fitting = [name for name, tags in pool.items() if any(has_tags(one, self.tags) for one in tags)]
        if not self.by:
            return [(None, fitting)]
        levels: dict[Any, list[str]] = {level: [] for level in self.n} if isinstance(self.n, Mapping) else {}
        for name in fitting:
            level = self._level(pool[name])
            if level is not None and (level in levels or not isinstance(self.n, Mapping)):
                levels.setdefault(level, []).append(name)
        return list(levels.items()) or [(None, [])]

    def _level(self, tags: Sequence[Any]) -> Any:
        """Return the level of something by the first of its items that has one; None when none has."""
        found = (one[self.by] for one in tags if isinstance(one, Mapping) and self.by in one)
        return next(found, None)


def has_tags(tags: Any, wanted: Any) -> bool:
    """Whether an item's tags contain those that are wanted: values by name, or words."""
    if isinstance(wanted, Mapping):
        return all(
            isinstance(tags, Mapping) and name in tags and tags[name] in _listed(values)
            for name, values in wanted.items()
        )
    words = list(tags) if isinstance(tags, Mapping) else _listed(tags)
    return all(word in words for word in _listed(wanted))


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple | set | frozenset) else [value]
