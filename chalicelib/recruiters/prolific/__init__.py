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
    """Make the recruiter of a run; ConfigError names every setting that is wrong.

    `secret` is the run's own: completion codes follow from it, and its studies are told by it from those of
    other runs. `api` is Prolific's address, and comes from no setting.
    """
    settings = read_settings(config)
    return ProlificRecruiter(settings, ProlificClient(settings.token, api), base, clock, secret)
