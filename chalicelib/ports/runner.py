"""Runs experiments from the researcher's machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Runner(Protocol):
    """Runs experiments from the researcher's machine: `Experiment.run()` and `.collect()`."""

    def run(self, experiment: type, app_id: str | None, settings: Mapping[str, Any], bot: bool) -> Any:
        """Run to the end and return the data."""

    def collect(self, experiment: type, app_id: str, settings: Mapping[str, Any], bot: bool) -> Any:
        """Return the data of a finished run with this id, or run it."""
