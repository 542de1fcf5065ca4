"""Reads the items of a book, and what participants read after their answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from chalicelib.study.items import AnswerError, AuthorError, Item, kinds
from chalicelib.study.pages.compiled import CompiledItem, Problem
from infra.item_bank.bank_item import BankItem
from infra.pages.author_problem import AuthorProblem
from infra.pages.directives import check_kind, items_of

from .imported_contents import AnswerFeedback
from .sphinx_project import SourceDocument, SourceFeedback, SourceItem

#: How a page of a study writes what a book writes as petri-item.
_DIRECTIVE: Final = re.compile(r":::\{(\w+)\}")
_GRADERS: Final = {"manual": "hand", "peer": "peer"}


@dataclass
class PageItem:
    """An item of a page, as the item bank of the study will define it."""

    item: BankItem
    label: str
    source: SourceItem

    @property
    def place(self) -> str:
        """The file and line of its directive."""
        return f"{self.source.file}, line {self.source.line}"


@dataclass
class PageItems:
    """The items of a page in order, and which of them each directive places."""

    items: list[PageItem] = field(default_factory=list)
    #: names by the number of the directive on the page
    placed: dict[str, list[str]] = field(default_factory=dict)


def read_items(document: SourceDocument, problems: list[Problem]) -> PageItems:
    """Return the items of a document; what is wrong with them is added to the problems."""
    found = PageItems()
    for number, source in enumerate(document.items):
        try:
            # Lines of the YAML are counted from the line above it.
            check_kind(source.kind, source.line, ())
            compiled = items_of(source.kind, source.written, source.body, source.body_line - 1)
        except AuthorProblem as problem:
            line = problem.line if problem.line >= source.body_line else source.line
            problems.append(Problem(source.file, line, _of_sphinx(problem.message), _of_sphinx(problem.fix)))
            continue
        found.placed[str(number)] = [item.name for item in compiled]
        found.items += [_page_item(item, source, len(compiled)) for item in compiled]
    by_name = {each.item.name: each for each in found.items}
    for feedback in document.feedback:
        try:
            _give(feedback, by_name)
        except AuthorProblem as problem:
            problems.append(Problem(feedback.file, problem.line, problem.message, problem.fix))
    return found


def _page_item(item: CompiledItem, source: SourceItem, siblings: int) -> PageItem:
    label = source.label if siblings == 1 else ""
    return PageItem(BankItem(item.name, item.kind, item.prompt, dict(item.body)), label or item.name, source)


def _of_sphinx(sentence: str) -> str:
    """Return a sentence about a block of a page as one about a directive of Sphinx."""
    named = _DIRECTIVE.sub(r"petri-item:: \1", sentence)
    return re.sub(r"There is no directive \{(.*?)\}", r"There is no kind of item \1", named)


def _give(feedback: SourceFeedback, items: Mapping[str, PageItem]) -> None:
    """Add a feedback to its item; AuthorProblem when it doesn't fit it."""
    target = items.get(feedback.item)
    if target is None:
        raise AuthorProblem(
            feedback.line,
            f"This feedback is for {feedback.item!r}, which isn't an item of this page.",
            "Write the name of an item of the same page after petri-feedback::.",
        )
    if not feedback.text:
        raise AuthorProblem(
            feedback.line, "This feedback has no text.", "Write it below the directive, after an empty line."
        )
    given = _with_feedback(target.item.body.get("feedback"), feedback)
    changed = replace(target.item, body={**target.item.body, "feedback": given})
    wrong = changed.problems()
    if wrong:
        raise AuthorProblem(feedback.line, f"This feedback doesn't fit its item: {'; '.join(wrong)}")
    target.item = changed


def _with_feedback(given: Any, feedback: SourceFeedback) -> Any:
    """Return the feedback of an item with one more."""
    if not feedback.answer and not given:
        return feedback.text
    texts = given if isinstance(given, Mapping) else {}
    if not feedback.answer or isinstance(given, str) or feedback.answer in texts:
        which = f"the answer {feedback.answer!r}" if feedback.answer in texts else "every answer"
        raise AuthorProblem(
            feedback.line, f"The item {feedback.item!r} has a feedback for {which} already.", "Remove one."
        )
    return {**texts, feedback.answer: feedback.text}


def grader_of(item: BankItem) -> tuple[str, str]:
    """Return the points that an item can earn, and its grader: rule, hand, peer, or "" if it isn't graded."""
    built = _built(item)
    if not built.is_graded:
        return "0", ""
    return str(built.points), _GRADERS.get(built.grading, "rule")


def feedback_of(item: BankItem) -> tuple[AnswerFeedback, ...]:
    """Return what participants read after each answer, with the points that it earns."""
    given = item.body.get("feedback")
    if not given:
        return ()
    if not isinstance(given, Mapping):
        return (AnswerFeedback("", str(given)),)
    built = _built(item)
    return tuple(
        AnswerFeedback(str(answer), str(text), _points(built, str(answer))) for answer, text in given.items()
    )


def _points(item: Item, answer: str) -> str:
    """Return the points for an answer; "" where they don't depend on it alone."""
    if not item.is_graded or item.grading in _GRADERS:
        return ""
    if answer in ("correct", "incorrect") and answer not in item.order_keys():
        return str(Decimal(item.points)) if answer == "correct" else "0"
    try:
        return str(item.grade(item.validate(answer)).points)
    except (AnswerError, AuthorError):
        return ""


def _built(item: BankItem) -> Item:
    kind: Any = kinds()[item.kind]
    built: Item = kind.from_yaml(item.prompt, item.body, item.name)
    return built
