"""Problems of pages: raised where compiling can't go on, collected where it can."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from chalicelib.experiment.text_files import NotUTF8Error, read_text
from chalicelib.study.pages.compiled import Problem


class AuthorProblem(Exception):
    """A page has a problem after which nothing else of it can be read."""

    def __init__(self, line: int, message: str, fix: str = "") -> None:
        """`line`: in the file, from 1; `message`, `fix`: sentences."""
        super().__init__(message)
        self.line, self.message, self.fix = line, message, fix


@dataclass
class ProblemList:
    """The problems of one file."""

    file: str
    found: list[Problem] = field(default_factory=list)

    def add(self, line: int, message: str, fix: str = "") -> None:
        """Add a problem, once."""
        problem = Problem(self.file, max(line, 1), message, fix)
        if problem not in self.found:
            self.found.append(problem)

    def take(self, problem: AuthorProblem) -> None:
        """Add a problem that was raised."""
        self.add(problem.line, problem.message, problem.fix)


def read_source(path: Path, place: str, problems: list[Problem]) -> str | None:
    """Return the text of a file; None for one that can't be read, which is added to the problems.

    `place`: the path of the file that the problems name.
    """
    try:
        return read_text(path)
    except NotUTF8Error as error:
        problems.append(Problem(place, error.line, f"{error.what[:1].upper()}{error.what[1:]}.", error.fix))
    except OSError as error:
        problems.append(Problem(place, 1, f"The file can't be read: {error.strerror}.", "Check the file."))
    return None
