"""Declares classes of immutable values whose methods are shared, and so cost nothing to define.

Every cold start of Lambda defines about a hundred of them: messages, effects, what ports take and return.
`dataclass` compiles six methods for each, in 0.3 ms; these classes share them, and have the same fields.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from typing import Any, Final, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def immutable(*, kw_only: bool = False) -> Callable[[type[T]], type[T]]:
    """Return a decorator that makes a class a frozen dataclass, to which `fields` and `replace` apply.

    `kw_only`: values are passed by name.
    """

    def declare(cls: type[T]) -> type[T]:
        made = dataclass(init=False, repr=False, eq=False, kw_only=kw_only)(cls)
        for method in (_init, _repr, _eq, _hash, _setattr, _delattr):
            name = f"_{method.__name__}__"
            # What the class or one of its bases defines itself stays.
            if getattr(made, name) is getattr(object, name):
                setattr(made, name, method)
        return made

    return declare


def _init(self: Any, /, *given: Any, **named: Any) -> None:
    values = self.__dict__
    declared, by_position = _declared(type(self))
    if len(given) > len(by_position):
        raise TypeError(f"{_title(self)} takes {len(by_position)} values by position, not {len(given)}.")
    values.update(zip(by_position, given, strict=False))
    for each in declared:
        if each.name in values:
            if each.name in named:
                raise TypeError(f"{_title(self)} got two values for {each.name}.")
        elif each.name in named:
            values[each.name] = named.pop(each.name)
        else:
            values[each.name] = _default(self, each)
    if named:
        raise TypeError(f"{_title(self)} has no field {', '.join(sorted(named))}.")
    if hasattr(self, "__post_init__"):
        self.__post_init__()


_FIELDS: Final[dict[type[Any], tuple[tuple[Field[Any], ...], tuple[str, ...]]]] = {}


def _declared(cls: type[Any]) -> tuple[tuple[Field[Any], ...], tuple[str, ...]]:
    """Return the fields of a class, and the names of those that are passed by position, cached."""
    if cls not in _FIELDS:
        found = fields(cls)
        _FIELDS[cls] = found, tuple(each.name for each in found if not each.kw_only)
    return _FIELDS[cls]


def _default(self: Any, declared: Field[Any]) -> Any:
    if declared.default is not MISSING:
        return declared.default
    if declared.default_factory is MISSING:
        raise TypeError(f"{_title(self)} needs a value for {declared.name}.")
    return declared.default_factory()


def _repr(self: Any) -> str:
    shown = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{type(self).__qualname__}({shown})"


def _eq(self: Any, other: object) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return _compared(self) == _compared(other)


def _hash(self: Any) -> int:
    return hash(_compared(self))


def _compared(value: Any) -> tuple[Any, ...]:
    return tuple(getattr(value, each.name) for each in fields(value) if each.compare)


def _setattr(self: Any, name: str, _value: Any) -> None:
    raise FrozenInstanceError(f"{_title(self)} is immutable: {name!r} can't be set.")


def _delattr(self: Any, name: str) -> None:
    raise FrozenInstanceError(f"{_title(self)} is immutable: {name!r} can't be deleted.")


def _title(value: Any) -> str:
    return type(value).__qualname__
