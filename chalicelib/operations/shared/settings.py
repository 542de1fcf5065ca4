"""The run's settings as operations read them: an unset one is None, or the given default."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.experiment.config.setting_origin import SettingState


class SettingsLike(Protocol):
    """A configuration, or a plain dictionary."""

    def get(self, key: str, default: Any = None, /) -> Any:
        """Return a setting, or the default."""


class Settings:
    """Reads settings without validation, which is the loader's job."""

    def __init__(self, config: SettingsLike) -> None:
        """`config` is the source of the settings."""
        self._config = config

    @property
    def run_settings(self) -> RunSettings | None:
        """The typed settings that a configuration has built; None for other sources."""
        built: RunSettings | None = getattr(self._config, "run_settings", None)
        return built

    def states(self) -> list[SettingState]:
        """Return every setting with its value and its source; none for other sources than a configuration."""
        read: Callable[[], list[SettingState]] | None = getattr(self._config, "states", None)
        return [] if read is None else read()

    def get(self, key: str, default: Any = None) -> Any:
        """Return a setting, or the default."""
        return self._config.get(key, default)
