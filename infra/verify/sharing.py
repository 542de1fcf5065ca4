"""What a deployment would have to share with others, and can't."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.experiment.config.configuration import Configuration

from .findings import Finding, error

REGISTRY = "enable_global_experiment_registry"
_WHAT = f"{REGISTRY} is on, but Petri has no registry that all laboratories share."
_MEND = (
    "Take it out; collect() looks in your own data/ folder, so that it runs nothing twice on this machine."
)


def sharing(config: Configuration) -> Iterator[Finding]:
    """Find settings that promise what Petri doesn't do."""
    if config.ready and config.get(REGISTRY):
        yield error("config.txt", _WHAT, _MEND)
