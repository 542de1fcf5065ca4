"""Fields that are objects and that many units of work share, until one asks for them."""

from __future__ import annotations

from typing import Any


class Own:
    """A field that a record takes over, as a copy of its own, when it is first asked for.

    Storage puts what is shared into the record's `_shared`, by the field's name.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, record: Any, owner: type) -> Any:
        # Only asked where the record has none: what stands in an instance comes before this.
        if record is None:
            return self
        shared = record.__dict__.get("_shared", {})
        if self._name not in shared:
            raise AttributeError(f"{owner.__name__} has no {self._name} yet.", name=self._name, obj=record)
        value = record.__dict__[self._name] = copied(shared[self._name])
        return value


def own() -> Any:
    """Declare a field that is taken over when it is first asked for."""
    return Own()


def glance(record: Any, name: str) -> Any:
    """Return a field that is an object, to be read only: it may be shared."""
    state = record.__dict__
    if name not in state and name in state.get("_shared", ()):
        return state["_shared"][name]
    return getattr(record, name)


def copied(value: Any) -> Any:
    """Copy what JSON can hold."""
    if isinstance(value, dict):
        return {name: copied(each) for name, each in value.items()}
    if isinstance(value, list):
        return [copied(each) for each in value]
    return value
