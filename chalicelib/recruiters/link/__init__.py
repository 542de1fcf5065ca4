"""Links: your own people, with ids of your own; see docs/recruiters/link.md."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.operations.settings import Gettable

from .entries import EntryLinks, Ids
from .recruiter import LinkRecruiter

__all__ = ["EntryLinks", "Ids", "LinkRecruiter", "build"]


def build(config: Gettable, base: Callable[[], str], *, secret: str) -> LinkRecruiter:
    """Make the recruiter of a run; `secret` is the run's own, and signs its links."""
    return LinkRecruiter(
        EntryLinks(secret),
        base,
        str(config.get("mode") or "debug"),
        str(config.get("link_workers") or ""),
        str(config.get("link_exit_address") or ""),
    )
