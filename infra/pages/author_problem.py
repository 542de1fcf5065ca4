"""Problems of pages: raised where compiling can't go on, collected where it can."""

from __future__ import annotations

from dataclasses import dataclass, field

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
