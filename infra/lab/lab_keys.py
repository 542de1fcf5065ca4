"""Makes the keys of a lab, and keeps them in the file of its run, or in SSM if it is deployed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final

from chalicelib.identity.lab_assertions import LabKeyPair, new_key_pair
from chalicelib.operations.labs.stored_keys import read_lab_keys, write_lab_keys
from chalicelib.operations.shared.context import OPERATOR_CALLER
from infra.local.lifecycle.run_session import RunSession
from infra.problems import OperatorProblem

#: How many keys a lab has: the current one, and those that apps may still know.
MOST_KEYS: Final = 3


@dataclass(frozen=True, slots=True)
class LabKeyRing:
    """The keys of a lab, the newest first."""

    session: RunSession

    def pairs(self) -> list[LabKeyPair]:
        """Return the keys; empty before the first."""
        return [LabKeyPair(item["id"], item["private"]) for item in self._read()]

    def current(self) -> LabKeyPair:
        """Return the newest key, which is made if there is none."""
        pairs = self.pairs()
        return pairs[0] if pairs else self.add()

    def add(self) -> LabKeyPair:
        """Make a new key, and return it; the oldest one is deleted when there are too many."""
        require_joserfc()
        pair = new_key_pair()
        self._write([pair, *self.pairs()][:MOST_KEYS])
        return pair

    def keep_only(self, key_ids: frozenset[str]) -> None:
        """Delete the keys that no app needs."""
        pairs = self.pairs()
        kept = [pair for pair in pairs if pair.id in key_ids]
        if len(kept) < len(pairs):
            self._write(kept)

    def _read(self) -> Sequence[Mapping[str, Any]]:
        deployed = self.session.lab_keys
        return self.session.app.run(read_lab_keys) if deployed is None else deployed.read()

    def _write(self, pairs: Sequence[LabKeyPair]) -> None:
        items = [{"id": pair.id, "private": dict(pair.private)} for pair in pairs]
        if self.session.lab_keys is not None:
            self.session.lab_keys.write(items)
        else:
            self.session.app.run(write_lab_keys, items, caller=OPERATOR_CALLER)


def require_joserfc() -> None:
    """Raise OperatorProblem when the package that signs is missing on this machine."""
    if find_spec("joserfc") is None:
        raise OperatorProblem(
            "This machine lacks the package joserfc, which labs need. Run: pip install 'petri[sign-in]'"
        )
