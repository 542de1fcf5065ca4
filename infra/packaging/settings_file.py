"""Writes the config.txt of a deployed experiment, without secrets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from chalicelib.experiment.config.configuration import Configuration
from chalicelib.experiment.config.known_settings import KNOWN_SETTINGS
from chalicelib.experiment.config.settings_files import read_settings, resolve_file_reference
from infra.problems import OperatorProblem

SETTINGS = "config.txt"


#: The folder for values that don't fit on a line.
_LONG = ".settings"


#: The stage determines where a run takes place; the others concern the operator's machine.
_NOT_STAGED = {"mode", "logfile", *(key.name for key in KNOWN_SETTINGS if key.group == "This machine")}


def staged_settings(config: Configuration) -> dict[str, Any]:
    """Return the settings to deploy: all that were set, also on this machine, without secrets."""
    return {name: value for name, value in config.given().items() if name not in _NOT_STAGED}


def staged_origins(config: Configuration, names: Iterable[str]) -> dict[str, list[Any]]:
    """Return where the settings with these names come from, as a staged folder records it: no values."""
    origins = config.origins()
    return {name: origins[name].to_fields() for name in sorted(names) if name in origins}


def write_settings(values: Mapping[str, Any], folder: Path) -> None:
    """Write config.txt so that reading it gives the same values; multi-line values go into files."""
    lines = ["[Experiment]"]
    for name, value in sorted(values.items()):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if text != text.strip() or "\n" in text or "\r" in text or text.startswith("file:"):
            place = folder / _LONG / f"{name}.txt"
            place.parent.mkdir(exist_ok=True)
            place.write_text(text, encoding="utf-8", newline="")
            text = f"file:{_LONG}/{name}.txt"
        lines.append(f"{name} = {text}")
    path = folder / SETTINGS
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    _check(values, path)


def _check(values: Mapping[str, Any], path: Path) -> None:
    entries, problems = read_settings(path)
    read = {entry.key: resolve_file_reference(entry.text, path.parent) for entry in entries}
    for name, value in values.items():
        same = read.get(name, "").lower() == str(value).lower() if isinstance(value, bool) else (
            read.get(name) == str(value).rstrip("\r\n")
        )  # fmt: skip
        if not same or problems:
            raise OperatorProblem(
                f"The setting {name} can't be written into config.txt; use plain text for it."
            )
