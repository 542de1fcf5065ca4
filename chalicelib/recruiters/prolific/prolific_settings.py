"""Reads the settings of the Prolific recruiter, and validates them before the first call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from chalicelib.errors import ConfigError
from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.operations.shared.settings import Settings, SettingsLike

#: Prolific's minimum pay for an hour, in cents or pence.
#: Source: researcher-help.prolific.com, "Prolific's payment principles".
LEAST_AN_HOUR = {"USD": 800, "GBP": 600}
#: The minimum pay of a screened-out participant. Source: Prolific's note on in-study screening.
LEAST_SCREEN_OUT = {"USD": 14, "GBP": 10}
MINUTES = 60
HUNDRED = 100


@dataclass(frozen=True, slots=True)
class ProlificSettings:
    """The parameters of the study at Prolific. Amounts are whole cents (or pence)."""

    token: str = field(repr=False)
    title: str
    description: str
    mode: str
    #: The base payment of each participant.
    reward: int
    #: Minutes that the study takes, as shown to participants.
    minutes: int
    #: Minutes after which a submission times out; None: Prolific's default.
    most_minutes: int | None
    currency: str
    workspace: str
    project: str
    #: Prolific's fee as a share of each payment, including taxes on it.
    fee_rate: Decimal
    #: The fee for a screened-out participant; 0: screening out isn't used.
    screen_out: int
    screen_out_slots: int
    #: Names of groups whose members don't see the study.
    blocked_groups: tuple[str, ...]
    #: Fields of the study that the author adds (filters, devices).
    more: dict[str, Any]
    webhook_secret: str | None = field(repr=False)


def read_settings(config: SettingsLike) -> ProlificSettings:
    """Read and validate the settings; ConfigError names every invalid one."""
    lenient = Settings(config)
    settings = _read(lenient)
    problems = [*_problems(settings), *_group_problems(lenient, settings)]
    if problems:
        raise ConfigError("\n".join(problems))
    return settings


def _read(config: Settings) -> ProlificSettings:
    settings = RunSettings.read(config)
    allowed = round(settings.duration * MINUTES)
    minutes = int(config.get("prolific_estimated_completion_minutes") or allowed)
    return ProlificSettings(
        token=str(config.get("prolific_token") or ""),
        title=settings.title,
        description=str(config.get("description") or ""),
        mode=settings.mode,
        reward=_cents(config.get("base_payment")),
        minutes=minutes,
        most_minutes=allowed if allowed > minutes else None,
        currency=settings.prolific_currency,
        workspace=str(config.get("prolific_workspace") or ""),
        project=str(config.get("prolific_project") or ""),
        fee_rate=_fee_rate(config),
        screen_out=_cents(config.get("screen_out_payment")),
        screen_out_slots=settings.prolific_screen_out_slots,
        blocked_groups=_names(config.get("prolific_group_blocklist")),
        more=_more(settings.prolific_recruitment_config),
        webhook_secret=config.get("prolific_webhook_secret") or None,
    )


def _fee_rate(config: Settings) -> Decimal:
    """Return Prolific's fee plus the tax on the fee alone."""
    settings = RunSettings.read(config)
    fee = Decimal(str(settings.prolific_fee_percent)) / HUNDRED
    tax = Decimal(str(settings.prolific_vat_percent)) / HUNDRED
    return fee * (1 + tax)


def _cents(dollars: Any) -> int:
    return int((Decimal(str(dollars or 0)) * HUNDRED).to_integral_value())


def _names(text: Any) -> tuple[str, ...]:
    return tuple(name.strip() for name in str(text or "").split(",") if name.strip())


def _more(text: str) -> dict[str, Any]:
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise ConfigError('prolific_recruitment_config must be a JSON object such as {"filters": []}.')
    return parsed


def _problems(settings: ProlificSettings) -> Iterator[str]:
    if not settings.token:
        yield "prolific_token is missing: make one in Prolific under Settings, API tokens."
    if settings.reward <= 0:
        yield "base_payment must be above 0: it is the reward of the study at Prolific."
    if settings.currency not in LEAST_AN_HOUR:
        yield f"prolific_currency must be one of {', '.join(LEAST_AN_HOUR)}."
        return
    least = LEAST_AN_HOUR[settings.currency]
    if 0 < settings.reward * MINUTES < least * settings.minutes:
        yield (
            f"base_payment for {settings.minutes} minutes is "
            f"{settings.reward * MINUTES / settings.minutes / HUNDRED:.2f} {settings.currency} an hour, and "
            f"Prolific takes nothing under {least / HUNDRED:.2f}: raise it, or set "
            "prolific_estimated_completion_minutes to what the study really takes."
        )
    lowest = LEAST_SCREEN_OUT[settings.currency]
    if settings.screen_out and not lowest <= settings.screen_out < settings.reward:
        yield (
            f"screen_out_payment must lie between {lowest / HUNDRED:.2f} "
            f"{settings.currency} and less than base_payment, or be 0: Prolific takes nothing else."
        )


def _group_problems(config: Settings, settings: ProlificSettings) -> Iterator[str]:
    needs_groups = settings.blocked_groups or config.get("assign_qualifications")
    if needs_groups and not settings.workspace:
        yield (
            "prolific_workspace is missing: assign_qualifications and prolific_group_blocklist work with "
            "participant groups, and those belong to a workspace. Its id stands in the workspace's address."
        )
