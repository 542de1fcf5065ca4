"""Whether those who are to bring the participants are known; a run would wait for others in vain."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.bootstrap import VENDORS
from chalicelib.experiment.config.configuration import Configuration
from chalicelib.operations.recruitment.quotas import recruiter_names
from chalicelib.operations.shared.settings import Settings

from .findings import Finding, error

KNOWN = ("hotair", "cli", "bots", "link", *VENDORS)


def recruiting(config: Configuration) -> Iterator[Finding]:
    """Find recruiters that the settings name and nobody knows."""
    if not config.ready:
        return
    for name in recruiter_names(Settings(config)):
        if name.partition(":")[0] not in KNOWN:
            yield error("config.txt", f"there is no recruiter {name!r}.", f"Use {', '.join(KNOWN)} or multi.")
