"""The run's settings as operations read them: an unset one is None, or the given default."""

from __future__ import annotations

from typing import Any, Protocol

from chalicelib.experiment.config.run_settings import RunSettings


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

    def get(self, key: str, default: Any = None) -> Any:
        """Return a setting, or the default."""
        return self._config.get(key, default)
