"""Assigns qualifications to workers."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from chalicelib.errors import NotFound, VendorError

from .connection import MTurkConnection

Act = Callable[[str], None]


def qualification_id(desk: MTurkConnection, given: str, *, by_name: bool) -> str:
    """Return the id of a qualification by id or name; raises NotFound for an unknown name."""
    if not by_name:
        return given
    found = desk.qualifications.find(given)
    if found is None:
        raise NotFound(
            f"You have no qualification named {given!r} at {desk.market}; check its name, and your keys."
        )
    return found


def each(workers: Iterable[str], act: Act, report: Act) -> None:
    """Apply an action to each worker and report it; errors are raised after all workers."""
    refused = []
    for worker in dict.fromkeys(workers):
        try:
            act(worker)
        except VendorError as error:
            refused.append(f"{worker}: {error}")
        else:
            report(worker)
    if refused:
        raise VendorError("\n".join(refused))
