"""Links: your own people, with ids of your own; see docs/recruiters/link.md."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.operations.settings import Gettable, Settings

from .entries import EntryLinks, Ids
from .recruiter import LinkRecruiter

__all__ = ["EntryLinks", "Ids", "LinkRecruiter", "build"]


def build(config: Gettable, base: Callable[[], str], *, secret: str) -> LinkRecruiter:
    """Make the recruiter of a run; `secret` is the run's own, and signs its links."""
    settings = Settings(config)
    return LinkRecruiter(
        EntryLinks(secret),
        base,
        str(settings.get("mode") or "debug"),
        str(settings.get("link_workers") or ""),
        str(settings.get("link_exit_address") or ""),
    )
