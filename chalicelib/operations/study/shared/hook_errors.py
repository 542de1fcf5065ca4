"""Defines the error of an author's method, which stops the group that it was called for."""

from __future__ import annotations

from chalicelib.errors import PetriError


class HookFailedError(PetriError):
    """A method that was called for a group raised an error; a commit of its own has to stop the group."""

    def __init__(self, network_id: int, what: str) -> None:
        """`what`: the function and its error, for the operator."""
        super().__init__(what)
        self.network_id = network_id
