"""Prolific: studies, submissions and payments over its API."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.operations.shared.settings import SettingsLike
from chalicelib.ports import Clock

from .client import API, ProlificClient
from .prolific_settings import read_settings
from .recruiter import WEBHOOK_PATH, ProlificRecruiter
from .submissions import SubmissionReport

__all__ = ["WEBHOOK_PATH", "ProlificRecruiter", "SubmissionReport", "build"]


def build(
    config: SettingsLike, base: Callable[[], str], clock: Clock, *, secret: str, api: str = API
) -> ProlificRecruiter:
    """Build the recruiter of a run; ConfigError names every invalid setting.

    `secret`: the run's own key, from which completion codes and the names of its studies are derived. `api`:
    Prolific's address, which isn't a setting.
    """
    settings = read_settings(config)
    return ProlificRecruiter(settings, ProlificClient(settings.token, api), base, clock, secret)
