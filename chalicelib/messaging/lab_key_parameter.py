"""In a deployed lab: reads the keys with which it signs from their own parameter in SSM.

One function may read it. The table has none of them, so a person who may read the table, such as for a
backup, can't sign for the lab.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .parameter_store import read_secrets


class LabKeyParameter:
    """The keys of a lab, the newest first, which are kept in memory once they were read."""

    def __init__(self, name: str, client: Callable[[], Any]) -> None:
        """`name`: the parameter's; `client` returns a client for SSM."""
        self._name = name
        self._client = client
        self._known: Sequence[Mapping[str, Any]] = ()

    def __call__(self, key_id: str) -> Sequence[Mapping[str, Any]]:
        """Return the keys; they are read again for an unknown one, since it may have been made meanwhile.

        Args:
            key_id: The thumbprint of the key that is needed.

        Returns:
            Each key with its thumbprint and its private JSON Web Key. ConfigError for a parameter that can't
            be read.

        """
        if all(pair["id"] != key_id for pair in self._known):
            self._known = list(read_secrets(self._client(), self._name)["pairs"])
        return self._known
