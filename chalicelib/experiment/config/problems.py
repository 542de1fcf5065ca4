"""Defines the problems of settings, which are collected so that an author can fix all of them at once."""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.errors import ConfigError
from chalicelib.immutable import immutable


@immutable()
class SettingsProblem:
    """A problem of one setting, and how to fix it."""

    #: the setting's name; empty for a line without one
    key: str
    #: the file, or "environment", "this run" or "config_defaults()"
    where: str
    #: the line's number, from 1; None when the source isn't a file
    line: int | None
    what: str
    fix: str
    #: whether the setting isn't registered; an experiment whose code can't be imported may register it
    unknown_key: bool = False

    def __str__(self) -> str:
        place = self.where if self.line is None else f"{self.where}, line {self.line}"
        return f"{place}: {self.what} {self.fix}".rstrip()


class SettingsError(ConfigError):
    """Some settings are invalid; `problems` lists all problems."""

    def __init__(self, problems: Iterable[SettingsProblem]) -> None:
        """`problems`: all problems that one load found."""
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class MissingSettingError(ConfigError, KeyError):
    """A setting was read that has neither a value nor a default."""

    def __str__(self) -> str:
        # KeyError would put the message in quotation marks.
        return str(self.args[0])


def closest_match(word: str, words: Iterable[str]) -> str | None:
    """Return the known word that is most similar to `word`, if one is similar enough."""
    # Lazy import: only an error message needs it, and it would make each cold start slower.
    import difflib

    found = difflib.get_close_matches(word, sorted(words), n=1, cutoff=0.6)
    return found[0] if found else None
