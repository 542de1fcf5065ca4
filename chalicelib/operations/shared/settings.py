"""The run's settings as operations read them: an unset one is None, or the given default."""

from __future__ import annotations

from typing import Any, Protocol


class SettingsLike(Protocol):
    """A configuration, or a plain dictionary."""

    def get(self, key: str, default: Any = None, /) -> Any:
        """Return a setting, or the default."""


class Settings:
    """Reads settings without validation, which is the loader's job."""

    def __init__(self, config: SettingsLike) -> None:
        """`config` is the source of the settings."""
        self._config = config

    def get(self, key: str, default: Any = None) -> Any:
        """Return a setting, or the default."""
        return self._config.get(key, default)
