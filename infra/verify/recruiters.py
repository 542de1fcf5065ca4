"""Checks that the configured recruiters exist."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.bootstrap import VENDORS
from chalicelib.experiment.config.configuration import Configuration
from chalicelib.operations.recruitment.quotas import recruiter_names
from chalicelib.operations.shared.settings import Settings

from .findings import Finding, error

KNOWN = ("hotair", "cli", "bots", "link", *VENDORS)


def recruiting(config: Configuration) -> Iterator[Finding]:
    """Find unknown recruiters in the settings."""
    if not config.ready:
        return
    for name in recruiter_names(Settings(config)):
        if name.partition(":")[0] not in KNOWN:
            yield error(
                "config.txt", f"{name!r} is not a known recruiter.", f"Use {', '.join(KNOWN)} or multi."
            )
