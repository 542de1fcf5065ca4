"""The findings of `petri verify`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chalicelib.errors import PetriError


@dataclass(frozen=True)
class Finding:
    """One problem: an error prevents the experiment from running, a warning doesn't."""

    level: Literal["error", "warning"]
    #: a file in the folder, with a line if known
    where: str
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.level}: {self.where}: {self.what} {self.fix}".rstrip()


def error(where: str, what: str, fix: str) -> Finding:
    """Create a finding that must be fixed before the experiment runs."""
    return Finding("error", where, what, fix)


def warning(where: str, what: str, fix: str) -> Finding:
    """Create a finding that doesn't prevent the experiment from running."""
    return Finding("warning", where, what, fix)


def told_by(refusal: PetriError, where: str, fix: str) -> list[Finding]:
    """Convert an error of Petri's to findings, one for each of its lines.

    Petri's errors read "what is wrong; what to do". `fix` is used for those that only pass on what the
    author's code raised.
    """
    findings = []
    for line in str(refusal).splitlines():
        what, separator, remedy = line.rpartition("; ")
        findings.append(
            error(where, f"{what}.", _sentence(remedy))
            if separator
            else error(where, line.rstrip(".") + ".", fix)
        )
    return findings


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
