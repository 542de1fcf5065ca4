"""The link recruiter: signed entry links for your own participants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.operations.shared.settings import Settings, SettingsLike

from .recruiter import LinkRecruiter
from .signed_links import LinkIds, SignedLinks
from .sona_credit import SonaCredit

__all__ = ["LinkIds", "LinkRecruiter", "SignedLinks", "build"]

#: The value of `link_credit` with which SONA grants credit.
SONA: Final = "sona"


def build(config: SettingsLike, base: Callable[[], str], *, secret: str) -> LinkRecruiter:
    """Build the recruiter of a run; `secret` is the run's own key, which signs its links."""
    settings = Settings(config)
    mode = RunSettings.read(settings).mode
    # In debug mode, people and bots try the study under made-up ids.
    grants_credit = settings.get("link_credit") == SONA and mode != "debug"
    return LinkRecruiter(
        SignedLinks(secret),
        base,
        mode,
        str(settings.get("link_workers") or ""),
        str(settings.get("link_exit_address") or ""),
        # A secret is read when it is needed: most functions of a deployed app may not read it.
        SonaCredit(lambda: str(settings.get("sona_credit_url") or "")) if grants_credit else None,
    )
