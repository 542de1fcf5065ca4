"""The link recruiter: signed entry links for your own participants."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.operations.shared.settings import Settings, SettingsLike

from .recruiter import LinkRecruiter
from .signed_links import LinkIds, SignedLinks

__all__ = ["LinkIds", "LinkRecruiter", "SignedLinks", "build"]


def build(config: SettingsLike, base: Callable[[], str], *, secret: str) -> LinkRecruiter:
    """Build the recruiter of a run; `secret` is the run's own key, which signs its links."""
    settings = Settings(config)
    return LinkRecruiter(
        SignedLinks(secret),
        base,
        RunSettings.read(settings).mode,
        str(settings.get("link_workers") or ""),
        str(settings.get("link_exit_address") or ""),
    )
