"""Workers and their qualifications."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from chalicelib.errors import NotFound, VendorError

from .connection import MTurkConnection

Act = Callable[[str], None]


def qualification_id(desk: MTurkConnection, given: str, *, by_name: bool) -> str:
    """Return the id of a qualification that is given by id or name; NotFound for an unknown name."""
    if not by_name:
        return given
    found = desk.qualifications.find(given)
    if found is None:
        raise NotFound(
            f"You have no qualification named {given!r} at {desk.market}; check its name, and your keys."
        )
    return found


def each(workers: Iterable[str], act: Act, told: Act) -> None:
    """Do something for each worker and tell it; what was refused is raised when all had their turn."""
    refused = []
    for worker in dict.fromkeys(workers):
        try:
            act(worker)
        except VendorError as error:
            refused.append(f"{worker}: {error}")
        else:
            told(worker)
    if refused:
        raise VendorError("\n".join(refused))
