"""Parses settings files: INI as configparser reads it, with the line number of each setting."""

from __future__ import annotations

import configparser
import io
from collections.abc import Iterator
from pathlib import Path

from chalicelib.experiment.text_files import NotUTF8Error, read_text
from chalicelib.immutable import immutable

from .problems import SettingsProblem

_FILE = "file:"
#: the section for settings above the first one, so that the rest of the file is still checked
_ABOVE = "\0above the first section"


@immutable()
class SettingLine:
    """A setting in a file."""

    key: str
    text: str
    line: int


class _Reader:
    """Passes a file to configparser line by line, and records the line on which each setting begins."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.line = 0
        self.entries: list[SettingLine] = []
        self.problems: list[SettingsProblem] = []

    def read(self, text: str) -> None:
        parser = configparser.RawConfigParser(strict=False, default_section=_ABOVE + " (defaults)")
        lines: dict[str, list[int]] = {}

        def note(key: str) -> str:
            lines.setdefault(key, []).append(self.line)
            return key

        parser.optionxform = note  # type: ignore[method-assign, assignment]
        try:
            parser.read_file(self._numbered(text), source=self.where)
        except configparser.ParsingError as error:
            self._note_unreadable(error)
        parser.optionxform = str  # type: ignore[method-assign, assignment]
        for section in parser.sections():
            for key in parser.options(section):
                self._collect(key, parser.get(section, key, raw=True), lines[key], section)

    def _numbered(self, text: str) -> Iterator[str]:
        yield f"[{_ABOVE}]\n"
        for number, line in enumerate(io.StringIO(text), start=1):
            self.line = number
            yield line

    def _collect(self, key: str, text: str, lines: list[int], section: str) -> None:
        line = lines[0]
        if section == _ABOVE:
            self._problem(
                key, line, f"'{key}' is above the first section.", "Add a line [Experiment] above it."
            )
        elif any(entry.key == key for entry in self.entries) or len(lines) > 1:
            self._note_doubled(key, lines)
        if not any(entry.key == key for entry in self.entries):
            self.entries.append(SettingLine(key, text, line))

    def _note_doubled(self, key: str, lines: list[int]) -> None:
        if not any(problem.key == key for problem in self.problems):
            listed = " and ".join(str(line) for line in lines)
            self._problem(
                key, lines[-1], f"'{key}' is set more than once (lines {listed}).", "Keep one of them."
            )

    def _note_unreadable(self, error: configparser.ParsingError) -> None:
        for number, _ in error.errors:
            # The header of the section for settings above the first one isn't a line of the author's.
            self._problem("", number - 1, "this line is not a setting.", "Write: name = value")

    def _problem(self, key: str, line: int, what: str, fix: str) -> None:
        self.problems.append(SettingsProblem(key, self.where, line, what, fix))


def read_settings(path: Path) -> tuple[list[SettingLine], list[SettingsProblem]]:
    """Read a settings file; a missing file has no settings.

    Returns the settings in order, and the problems of the file. `%` has no special meaning, and a comment
    has a line of its own.
    """
    reader = _Reader(str(path))
    try:
        text = read_text(path)
    except FileNotFoundError:
        return [], []
    except OSError as error:
        what = f"this file can't be read: {error.strerror}."
        return [], [SettingsProblem("", str(path), None, what, "Check the path and its permissions.")]
    except NotUTF8Error as error:
        return [], [SettingsProblem("", str(path), error.line, f"{error.what}.", f"{_sentence(error.fix)}.")]
    reader.read(text)
    return reader.entries, reader.problems


def resolve_file_reference(text: str, base: Path) -> str:
    """Return a setting's text: `text` itself, or the contents of the file for `file:PATH`.

    The path is relative to `base`; newlines at the end of the file aren't part of the value.
    Raises OSError or NotUTF8Error.
    """
    path = referenced_file(text, base)
    return text if path is None else read_text(path).rstrip("\r\n")


def referenced_file(text: str, base: Path) -> Path | None:
    """Return the file that a setting's text names with `file:PATH`; None for any other text."""
    if not text.startswith(_FILE):
        return None
    return base / Path(text.removeprefix(_FILE).strip()).expanduser()


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
