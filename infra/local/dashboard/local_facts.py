"""Reads what a run on this machine is made of: the hashes of its code, and its addresses."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from chalicelib.experiment.loader.experiment_folder import LoadedExperiment
from chalicelib.ports import Provenance
from infra.packaging.provenance import code_hash, hash_of, petris_files

from .dashboard_links import dashboard_address


class LocalFacts:
    """The facts of a local run; hashes are computed once for each version of the experiment's code."""

    def __init__(self, loaded: Callable[[], LoadedExperiment], address: Callable[[], str]) -> None:
        """`loaded`: the experiment as it is served now; `address`: where participants find it."""
        self._loaded = loaded
        self._address = address
        self._hashed: tuple[LoadedExperiment | None, str] = (None, "")

    def __call__(self) -> Provenance:
        """Return the facts."""
        loaded, address = self._loaded(), self._address()
        if self._hashed[0] is not loaded:
            self._hashed = (loaded, code_hash(loaded))
        return Provenance(
            experiment=loaded.name,
            experiment_hash=self._hashed[1],
            petri_hash=_hash_of_petri(),
            site_url=address,
            dashboard_url=dashboard_address(address),
        )


@cache
def _hash_of_petri() -> str:
    return hash_of(petris_files())
