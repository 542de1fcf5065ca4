"""Keeps the seals of the audit log outside of the store, where they can't be changed."""

from __future__ import annotations

from typing import Protocol

from chalicelib.immutable import immutable


@immutable()
class Seal:
    """The state of the audit log at one moment: the Merkle root of the heads of all chains."""

    number: int
    at: str
    root: str
    #: How many chains the root covers.
    chains: int
    #: The hash of the seal before it.
    previous: str


class SealStore(Protocol):
    """Keeps seals; one that is kept is never changed or deleted."""

    def keep(self, seal: Seal) -> None:
        """Keep a seal; a number that is kept already stays as it is."""

    def read(self, number: int) -> Seal | None:
        """Return a kept seal; None for a number that isn't kept."""

    def last_number(self) -> int:
        """Return the highest number that is kept; 0 for none."""
