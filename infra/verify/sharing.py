"""Checks for settings of Dallinger's shared experiment registry, which Petri doesn't have."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.experiment.config.configuration import Configuration

from .findings import Finding, error

REGISTRY = "enable_global_experiment_registry"
_WHAT = f"{REGISTRY} is on, but Petri has no global experiment registry."
_FIX = "Remove the setting; collect() reuses the data of earlier runs in your data/ folder."


def sharing(config: Configuration) -> Iterator[Finding]:
    """Find settings for features that Petri doesn't have."""
    if config.ready and config.get(REGISTRY):
        yield error("config.txt", _WHAT, _FIX)
