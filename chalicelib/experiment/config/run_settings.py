"""Defines the settings of a run as typed attributes, for operations, workers and adapters.

Every default comes from the table of known settings and is written there only. An author's code reads
settings with `get_config()` and `config.get(...)`. Secrets are not here: they are read when they are needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final, Protocol, Self

from chalicelib.immutable import immutable

from .known_settings import KNOWN_SETTINGS, UNSET

_DEFAULTS: Final = {
    setting.name: None if setting.default is UNSET else setting.default for setting in KNOWN_SETTINGS
}
#: Texts for which an empty value differs from no value.
_MAY_BE_EMPTY: Final = frozenset({"keywords"})


class ReadableSettings(Protocol):
    """A configuration, or a plain dictionary."""

    def get(self, key: str, default: Any = None, /) -> Any:
        """Return a setting, or the default."""


@immutable(kw_only=True)
class RunSettings:
    """The settings of a run, read once for an operation; a setting without value and default is None."""

    mode: str
    title: str
    description: str
    keywords: str
    duration: float
    base_payment: float
    question_max_length: int
    busy_timeout: float
    timer_limit: int
    message_poll_seconds: int
    whimsical: bool
    dashboard_user: str
    sessions_at_once: bool
    live_bot_check: bool
    assets_quota_mb: int
    library_quota_mb: int
    recruiter: str
    recruiters: str | None
    auto_recruit: bool
    lifetime: int
    allow_repeat_worker_ids: bool
    browser_exclude_rule: str
    max_bonus: float | None
    screen_out_payment: float
    hard_cap: float | None
    soft_cap: float | None
    disable_when_duration_exceeded: bool
    aws_region: str
    us_only: bool
    approve_requirement: int
    assign_qualifications: bool
    group_name: str | None
    mturk_qualification_blocklist: str
    mturk_qualification_requirements: str
    prolific_currency: str
    prolific_fee_percent: float
    prolific_vat_percent: float
    prolific_recruitment_config: str
    prolific_screen_out_slots: int
    mailer: str
    webdriver_type: str
    port: int

    @classmethod
    def read(cls, config: ReadableSettings | Mapping[str, Any]) -> Self:
        """Return the settings of the validated layers, with the defaults of the known settings.

        A configuration builds them once, and again after a setting has changed.
        """
        built: Self | None = getattr(config, "run_settings", None)
        return cls.build(config) if built is None else built

    @classmethod
    def build(cls, config: ReadableSettings | Mapping[str, Any]) -> Self:
        """Read each setting."""
        return cls(**{field.name: _value(config, field.name) for field in fields(cls)})


def _value(config: ReadableSettings | Mapping[str, Any], name: str) -> Any:
    value = config.get(name, None)
    is_unset = value is None or (value == "" and name not in _MAY_BE_EMPTY)
    return _DEFAULTS[name] if is_unset else value
