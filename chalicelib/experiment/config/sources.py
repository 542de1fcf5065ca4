"""Reads one source of settings: a file, the environment, or a mapping that a program passes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chalicelib.experiment.text_files import NotUTF8Error

from .known_settings import Setting
from .problems import SettingsProblem
from .setting_origin import SettingLayer, SettingOrigin
from .setting_registry import SettingRegistry
from .settings_files import read_settings, referenced_file, resolve_file_reference
from .validation import TRAILING_COMMENT, coerce


@dataclass
class SettingsSource:
    """The typed settings of one source, and their problems."""

    where: str
    layer: SettingLayer
    values: dict[str, Any] = field(default_factory=dict)
    #: the lines on which values stand in a file, by the name of the setting
    lines: dict[str, int] = field(default_factory=dict)
    #: the files that values were read from, by the name of the setting
    files: dict[str, Path] = field(default_factory=dict)
    #: problems that have to be fixed before the experiment can run
    problems: list[SettingsProblem] = field(default_factory=list)
    #: problems that are only reported
    notes: list[SettingsProblem] = field(default_factory=list)
    #: settings that Petri ignores
    idle: list[str] = field(default_factory=list)

    def put(self, key: Setting, value: Any, line: int | None = None) -> None:
        """Add the value of a known setting, if it is valid."""
        if not key.effective:
            self.idle.append(key.name)
        if key.name in self.values:
            self.refuse(
                key.name, line, f"'{key.name}' is set twice here, once by a synonym.", "Keep one of them."
            )
            return
        if line is not None:
            self.lines[key.name] = line
        try:
            self.values[key.name] = validate(key, value)
        except ValueError as refusal:
            self.refuse(key.name, line, f"{key.name} {refusal}.", "")

    def origin_of(self, name: str) -> SettingOrigin:
        """Return where the value of a setting in this source comes from."""
        if self.layer is SettingLayer.PERSONAL_FILE:
            return SettingOrigin(self.layer, f"~/{Path(self.where).name}", self.lines.get(name))
        file = Path(self.where).name if self.layer is SettingLayer.CONFIG_FILE else ""
        return SettingOrigin(self.layer, file, self.lines.get(name))

    def refuse(self, key: str, line: int | None, what: str, fix: str) -> None:
        """Add a problem that has to be fixed."""
        self.problems.append(SettingsProblem(key, self.where, line, what, fix))


def validate(key: Setting, value: Any) -> Any:
    """Return the value in the setting's type; ValueError says what it must be."""
    typed = coerce(value, key.type)
    for validator in key.validators:
        validator(typed)
    return typed


def from_file(
    path: Path,
    registry: SettingRegistry,
    layer: SettingLayer = SettingLayer.CONFIG_FILE,
    *,
    foreign: bool = False,
) -> SettingsSource:
    """Read a settings file.

    `foreign`: the file belongs to another program, so unknown settings are reported but not refused.
    """
    entries, problems = read_settings(path)
    source = SettingsSource(str(path), layer, problems=problems)
    for entry in entries:
        key = registry.find(entry.key)
        if key is not None:
            _put_text(source, key, entry.text, path.parent, entry.line)
            _note_comment(source, key, entry.text, entry.line)
            continue
        bag = source.notes if foreign else source.problems
        bag.append(_unknown(entry.key, source.where, entry.line, registry))
    return source


def from_environment(environ: Mapping[str, str], registry: SettingRegistry, base: Path) -> SettingsSource:
    """Read the environment variables that are named exactly like a setting."""
    source = SettingsSource("environment", SettingLayer.ENVIRONMENT)
    for key in registry:
        for name in (key.name, *key.synonyms):
            if key.effective and name in environ:
                _put_text(source, key, environ[name], base)
    return source


def from_mapping(values: Mapping[str, Any], registry: SettingRegistry, layer: SettingLayer) -> SettingsSource:
    """Read settings that a program passes, as typed values or as text."""
    where = layer.value
    source = SettingsSource(where, layer)
    for name, value in values.items():
        key = registry.find(name)
        if key is not None:
            source.put(key, value)
        else:
            source.problems.append(_unknown(name, where, None, registry))
    return source


def _note_comment(source: SettingsSource, key: Setting, text: str, line: int) -> None:
    """Report an apparent comment after a value: it is part of the value, and participants may see it."""
    found = TRAILING_COMMENT.search(text)
    if key.type is not str or not key.effective or text.startswith("file:") or found is None:
        return
    readers = ", and participants can read it" if key.public and not key.sensitive else ""
    what = f"the text from {found.group().strip()} on is part of the value of {key.name}{readers}."
    fix = "If it is a comment, move it to a line of its own."
    source.notes.append(SettingsProblem(key.name, source.where, line, what, fix))


def _unknown(name: str, where: str, line: int | None, registry: SettingRegistry) -> SettingsProblem:
    what = f"'{name}' is not a setting of Petri or of this experiment."
    return SettingsProblem(name, where, line, what, registry.fix_for(name), unknown_key=True)


def _put_text(source: SettingsSource, key: Setting, text: str, base: Path, line: int | None = None) -> None:
    path = referenced_file(text, base)
    if path is not None:
        source.files[key.name] = path
    try:
        source.put(key, resolve_file_reference(text, base), line)
    except OSError as error:
        reason = error.strerror or "it can't be opened"
        source.refuse(
            key.name, line, f"{key.name} names a file that can't be read: {reason}.", "Check the path."
        )
    except NotUTF8Error as error:
        source.refuse(key.name, line, f"{key.name} names a file that can't be read: {error}.", "")
