"""Reading one source of settings: a file, the environment, or a mapping given by a program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chalicelib.experiment.author_files import NotUTF8Error
from chalicelib.experiment.config_files import contents_of, file_named_by, read_settings
from chalicelib.experiment.config_keys import Key
from chalicelib.experiment.config_problems import Problem
from chalicelib.experiment.config_registry import Registry
from chalicelib.experiment.config_values import COMMENT_BEHIND, coerce


@dataclass
class Layer:
    """The settings of one source, typed, and what was wrong with them."""

    where: str
    values: dict[str, Any] = field(default_factory=dict)
    #: the files that values were read from, by the name of the setting
    files: dict[str, Path] = field(default_factory=dict)
    #: what must be mended before the experiment can run
    problems: list[Problem] = field(default_factory=list)
    #: what is put up with, and should be known
    notes: list[Problem] = field(default_factory=list)
    #: settings that have no meaning here
    idle: list[str] = field(default_factory=list)

    def put(self, key: Key, value: Any, line: int | None = None) -> None:
        """Take a value for a known setting, if it has the type and obeys the rules."""
        if not key.effective:
            self.idle.append(key.name)
        if key.name in self.values:
            self.refuse(
                key.name, line, f"'{key.name}' is set twice here, once by a synonym.", "Keep one of them."
            )
            return
        try:
            self.values[key.name] = checked(key, value)
        except ValueError as refusal:
            self.refuse(key.name, line, f"{key.name} {refusal}.", "")

    def refuse(self, key: str, line: int | None, what: str, mend: str) -> None:
        """Note something that must be mended."""
        self.problems.append(Problem(key, self.where, line, what, mend))


def checked(key: Key, value: Any) -> Any:
    """Return the value in the setting's type; ValueError says what it must be."""
    typed = coerce(value, key.type)
    for validator in key.validators:
        validator(typed)
    return typed


def from_file(path: Path, registry: Registry, *, foreign: bool = False) -> Layer:
    """Read a settings file.

    `foreign`: the file belongs to another program, which may know settings that Petri needn't; they are
    noted instead of refused.
    """
    entries, problems = read_settings(path)
    layer = Layer(str(path), problems=problems)
    for entry in entries:
        key = registry.find(entry.key)
        if key is not None:
            _put_words(layer, key, entry.text, path.parent, entry.line)
            _note_comment(layer, key, entry.text, entry.line)
            continue
        bag = layer.notes if foreign else layer.problems
        bag.append(_unknown(entry.key, layer.where, entry.line, registry))
    return layer


def from_environment(environ: Mapping[str, str], registry: Registry, base: Path) -> Layer:
    """Read the environment; only variables that are named exactly like a setting count."""
    layer = Layer("environment")
    for key in registry:
        for name in (key.name, *key.synonyms):
            if key.effective and name in environ:
                _put_words(layer, key, environ[name], base)
    return layer


def from_mapping(values: Mapping[str, Any], registry: Registry, where: str) -> Layer:
    """Read settings that a program gives, as typed values or as words."""
    layer = Layer(where)
    for name, value in values.items():
        key = registry.find(name)
        if key is not None:
            layer.put(key, value)
        else:
            layer.problems.append(_unknown(name, where, None, registry))
    return layer


def _note_comment(layer: Layer, key: Key, text: str, line: int) -> None:
    """Note what looks like a comment behind a text: it is part of the value, and participants may read it."""
    found = COMMENT_BEHIND.search(text)
    if key.type is not str or not key.effective or text.startswith("file:") or found is None:
        return
    readers = ", and participants can read it" if key.public and not key.sensitive else ""
    what = f"what follows {found.group().strip()} is part of the value of {key.name}{readers}."
    fix = "If it is a comment, give it a line of its own."
    layer.notes.append(Problem(key.name, layer.where, line, what, fix))


def _unknown(name: str, where: str, line: int | None, registry: Registry) -> Problem:
    what = f"'{name}' is no setting that Petri or this experiment knows."
    return Problem(name, where, line, what, registry.mend_for(name), unknown_key=True)


def _put_words(layer: Layer, key: Key, text: str, base: Path, line: int | None = None) -> None:
    path = file_named_by(text, base)
    if path is not None:
        layer.files[key.name] = path
    try:
        layer.put(key, contents_of(text, base), line)
    except OSError as error:
        reason = error.strerror or "it can't be opened"
        layer.refuse(
            key.name, line, f"{key.name} names a file that can't be read: {reason}.", "Check the path."
        )
    except NotUTF8Error as error:
        layer.refuse(key.name, line, f"{key.name} names a file that can't be read: {error}.", "")
