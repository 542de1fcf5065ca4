"""Checks whether the recruiter of a study with a book gives its readers the time that they need, and pay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from chalicelib.experiment.config.configuration import Configuration
from chalicelib.operations.recruitment.quotas import recruiter_names
from chalicelib.operations.shared.settings import Settings
from chalicelib.study.elements import Book
from chalicelib.study.study import Study
from infra.verify.findings import Finding, warning

#: Recruiters that take a place back after a time limit of their own, by the names that people know.
_LIMITED: Final = {"mturk": "Mechanical Turk", "prolific": "Prolific"}


def check_book_recruiters(cls: type[Study], config: Configuration, where: str) -> Iterator[Finding]:
    """Find books whose readers lose their place at the recruiter, or never become due any pay."""
    books = [(path, step.element) for path, step in cls.plan().steps() if isinstance(step.element, Book)]
    if not books or not config.ready:
        return
    names = {name.partition(":")[0] for name in recruiter_names(Settings(config))}
    path, _ = books[0]
    for name in sorted(names & set(_LIMITED)):
        yield warning(
            where,
            f"Book {path!r} can be read for days, and {_LIMITED[name]} takes a place back when its own time "
            "limit is over: readers who leave the book unfinished aren't paid.",
            "Use recruiter = link, or a book that is read in one sitting.",
        )
    endless = next((path for path, book in books if not book.can_finish), None)
    if endless is not None and float(config.get("base_payment", 0) or 0) > 0:
        yield warning(
            where,
            f"base_payment is above 0, and Book {endless!r} has can_finish=False: its readers never complete "
            "the study, so no base pay becomes due.",
            "Set base_payment = 0, or remove can_finish=False.",
        )
