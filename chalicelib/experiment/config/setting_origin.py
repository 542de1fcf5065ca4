"""Records where the value of a setting comes from; a deployed app keeps it from its deployment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from chalicelib.immutable import immutable
from chalicelib.version import MARK

from .setting import Setting

#: The name in the mark of a staged folder under which the origins of its settings are recorded.
ORIGINS: Final = "settings"


class SettingLayer(StrEnum):
    """The sources of settings."""

    RUN = "this run"
    ENVIRONMENT = "environment"
    CONFIG_FILE = "config.txt"
    PERSONAL_FILE = "personal file"
    CODE = "config_defaults()"
    DEFAULT = "default"


@immutable()
class SettingOrigin:
    """The source of a value: its layer, and for a file its name and the line."""

    layer: SettingLayer
    #: `config.txt` or `~/.petriconfig`; never the path of a machine.
    file: str = ""
    line: int | None = None
    #: Whether the value was found when the app was deployed, on the operator's machine.
    is_deployed: bool = False

    def to_fields(self) -> list[Any]:
        """Return the origin as the mark of a staged folder records it."""
        return [self.layer.value, self.file, self.line]


@immutable()
class SettingState:
    """A setting with the value that this process uses."""

    setting: Setting
    #: None for a setting without a value, and for every secret one
    value: Any
    origin: SettingOrigin
    #: whether it has a value of its own, other than the default
    is_set: bool


DEFAULT_ORIGIN: Final = SettingOrigin(SettingLayer.DEFAULT)


def read_staged_origins(folder: Path | None) -> dict[str, SettingOrigin]:
    """Return the origins of the settings of a staged folder by name; none for any other folder."""
    if folder is None:
        return {}
    try:
        mark = json.loads((folder / MARK).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    found = mark.get(ORIGINS, {})
    return {name: _read(fields) for name, fields in found.items()} if isinstance(found, Mapping) else {}


def _read(fields: Any) -> SettingOrigin:
    layer, file, line = fields
    return SettingOrigin(SettingLayer(layer), file, line, is_deployed=True)
