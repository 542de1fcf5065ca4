"""The run's settings as operations read them: what is not set is None, or the default asked for."""

from __future__ import annotations

from typing import Any, Protocol


class SettingsLike(Protocol):
    """A configuration, or a plain dictionary."""

    def get(self, key: str, default: Any = None, /) -> Any:
        """Return a setting, or the default."""


class Settings:
    """Reads settings without complaint; verifying them is the loader's work."""

    def __init__(self, config: SettingsLike) -> None:
        """Take where settings come from."""
        self._config = config

    def get(self, key: str, default: Any = None) -> Any:
        """Return a setting, or the default."""
        return self._config.get(key, default)
