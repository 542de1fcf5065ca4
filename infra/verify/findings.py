"""What `petri verify` says about a folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chalicelib.errors import PetriError


@dataclass(frozen=True)
class Finding:
    """One thing to mend: an error keeps the experiment from running, a warning doesn't."""

    level: Literal["error", "warning"]
    #: a file of the folder, with a line where there is one
    where: str
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.level}: {self.where}: {self.what} {self.fix}".rstrip()


def error(where: str, what: str, fix: str) -> Finding:
    """Make a finding that must be mended before the experiment runs."""
    return Finding("error", where, what, fix)


def warning(where: str, what: str, fix: str) -> Finding:
    """Make a finding that should be known."""
    return Finding("warning", where, what, fix)


def told_by(refusal: PetriError, where: str, fix: str) -> list[Finding]:
    """Turn an error of Petri's into findings, one for each of its lines.

    Petri's sentences say "what is wrong; what to do". `fix` is for those that can't, because they only
    pass on what the author's own code raised.
    """
    findings = []
    for line in str(refusal).splitlines():
        what, separator, told = line.rpartition("; ")
        findings.append(
            error(where, f"{what}.", _sentence(told))
            if separator
            else error(where, line.rstrip(".") + ".", fix)
        )
    return findings


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
