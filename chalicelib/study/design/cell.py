"""A cell of a design: one level of each condition, such as `colour=red, delay=5`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

#: A level: a JSON value, or an order of several.
Level = str | int | float | bool | Decimal | None | tuple[Any, ...]


def level_of(value: Any) -> Any:
    """Return a level as a design keeps it: a list, which YAML and JSON have for an order, as a tuple."""
    return tuple(level_of(one) for one in value) if isinstance(value, list | tuple) else value


def level_text(level: Any) -> str:
    """Return a level as tables show it: `red`, `5`, `true`, `first>second`."""
    if isinstance(level, bool):
        return "true" if level else "false"
    if level is None:
        return "none"
    return ">".join(map(level_text, level)) if isinstance(level, tuple) else str(level)


class Cell(Mapping[str, Any]):
    """A frozen mapping of conditions to levels: `cell["colour"]`, and `cell.colour` on pages."""

    def __init__(self, levels: Mapping[str, Any]) -> None:
        """Take the level of each condition."""
        self._levels = {name: level_of(level) for name, level in levels.items()}

    @property
    def key(self) -> str:
        """The cell as text, by which exports name it; it doesn't depend on the order of the conditions."""
        return ", ".join(f"{name}={level_text(self._levels[name])}" for name in sorted(self._levels))

    def no_attribute(self, name: str) -> str:
        """Return the message about a condition that doesn't exist."""
        return f"there is no condition `{name}`; the conditions are {', '.join(self) or 'none'}"

    def as_json(self) -> dict[str, Any]:
        """Return the levels as a record stores them."""
        return {name: _as_json(level) for name, level in self._levels.items()}

    def matches(self, levels: Mapping[str, Any]) -> bool:
        """Whether the cell has all of these levels."""
        return all(
            name in self._levels and is_same_level(self._levels[name], level_of(level))
            for name, level in levels.items()
        )

    def __getitem__(self, name: str) -> Any:
        return self._levels[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._levels)

    def __len__(self) -> int:
        return len(self._levels)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name in self._levels:
            return self._levels[name]
        conditions = ", ".join(self.__dict__.get("_levels", ())) or "none"
        raise AttributeError(f"There is no condition {name!r}; this study's conditions are: {conditions}.")

    def __eq__(self, other: object) -> bool:
        return self.key == other.key if isinstance(other, Cell) else dict(self) == other

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"Cell({self.key})"


def is_same_level(one: Any, other: Any) -> bool:
    """Whether two levels are the same: 1 and true are not, although Python calls them equal."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _as_json(level: Any) -> Any:
    if isinstance(level, tuple):
        return [_as_json(one) for one in level]
    return str(level) if isinstance(level, Decimal) else level


#: Names that conditions can't have, because cells have attributes of these names.
CELL_ATTRIBUTES = frozenset(name for name in dir(Cell) if not name.startswith("_"))


def named_levels(names: Sequence[str], levels: Sequence[Any]) -> Cell:
    """Return the cell of these levels, in the order of the conditions' names."""
    return Cell(dict(zip(names, levels, strict=True)))
