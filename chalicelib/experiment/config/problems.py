"""What can be wrong with settings, gathered so that an author mends everything in one go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.errors import ConfigError


@dataclass(frozen=True)
class SettingsProblem:
    """One thing that is wrong with one setting, and what mends it."""

    #: the setting's name, empty where a line holds none
    key: str
    #: the file, or the words "environment", "this run" or "config_defaults()"
    where: str
    #: counted from 1; None where there are no lines
    line: int | None
    what: str
    fix: str
    #: nobody registered this setting; an experiment whose code can't be imported may have meant to
    unknown_key: bool = False

    def __str__(self) -> str:
        place = self.where if self.line is None else f"{self.where}, line {self.line}"
        return f"{place}: {self.what} {self.fix}".rstrip()


class SettingsError(ConfigError):
    """Some settings are wrong; `problems` lists all of them."""

    def __init__(self, problems: Iterable[SettingsProblem]) -> None:
        """Take everything that one load found."""
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class MissingSettingError(ConfigError, KeyError):
    """A setting was asked for that has no value and no default."""

    def __str__(self) -> str:
        # KeyError would show the sentence in quotation marks.
        return str(self.args[0])


def closest_match(word: str, words: Iterable[str]) -> str | None:
    """Return the known word that `word` was most likely meant to be, if one is near."""
    # Needed only to explain a slip; importing it would lengthen each cold start.
    import difflib

    found = difflib.get_close_matches(word, sorted(words), n=1, cutoff=0.6)
    return found[0] if found else None
