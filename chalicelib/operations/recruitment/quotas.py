"""Splits places among the run's recruiters by their quotas."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.settings import Settings


def recruiters_in_use(ctx: Context) -> list[str]:
    """Return the nicknames of the recruiters that this run uses."""
    return recruiter_names(ctx.config)


def recruiter_names(config: Settings) -> list[str]:
    """Return the nicknames of the recruiters that settings name."""
    recruiter = RunSettings.read(config).recruiter
    if recruiter != "multi":
        return [recruiter]
    return list(dict.fromkeys(name for name, _ in parse_quotas(str(config.get("recruiters") or ""))))


def split_among_recruiters(ctx: Context, places: int, requested: Mapping[str, int]) -> dict[str, int]:
    """Return how many places each recruiter opens: the configured one, or those of `recruiters` by quota.

    `asked`: how many places each has been asked for so far.
    """
    recruiter = ctx.settings.recruiter
    if recruiter != "multi":
        return {recruiter: places} if places else {}
    share: dict[str, int] = {}
    for name, quota in _quotas(ctx):
        count = min(places, max(0, quota - requested.get(name, 0) - share.get(name, 0)))
        if count:
            share[name] = share.get(name, 0) + count
            places -= count
    return share


def _quotas(ctx: Context) -> list[tuple[str, int]]:
    return parse_quotas(ctx.settings.recruiters or "")


def parse_quotas(text: str) -> list[tuple[str, int]]:
    """Parse `bots: 2, cli: 1` into pairs of nickname and number."""
    pairs = (part.split(":") for part in text.split(",") if part.strip())
    return [(name.strip(), int(number)) for name, number in pairs]
