"""Checks the books of a study: what is around them, and what follows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chalicelib.experiment.config.problems import closest_match
from chalicelib.study.elements import Book, Chapter, End, Practice
from chalicelib.study.elements.book import NOT_AROUND_BOOKS
from chalicelib.study.plan import TimelinePlan

if TYPE_CHECKING:
    from chalicelib.study.study_view import DeclaredStudy


def book_problems(plan: TimelinePlan) -> Iterator[str]:
    """Yield what is wrong with the places of books and chapters in the timeline."""
    steps = dict(plan.steps())
    for path, step in steps.items():
        names = path.split("/")
        around = [steps["/".join(names[:length])].element for length in range(1, len(names))]
        if isinstance(step.element, Chapter) and not any(isinstance(one, Book) for one in around):
            yield f"Chapter {path!r} isn't in a Book; write Book([Chapter(...), ...])."
        if isinstance(step.element, Practice) and not (around and isinstance(around[-1], Chapter)):
            yield f"Practice {path!r} isn't in a Chapter of a Book; move it there."
        if not isinstance(step.element, Book):
            continue
        for element in around:
            if isinstance(element, NOT_AROUND_BOOKS):
                yield f"Book {path!r} is inside {type(element).__name__} {element.label!r}; move it out."
        yield from _unreachable(plan, path, step.element)


def practice_problems(study: type[DeclaredStudy]) -> Iterator[str]:
    """Yield what is wrong with the items that readers rate themselves."""
    items = study.items()
    for path, step in study.plan().steps():
        page = step.element
        if not isinstance(page, Practice) or isinstance(page.self_rated, str):
            continue
        for name in page.self_rated:
            what, item = f"Practice {path!r} has {name!r} in self_rated", items.get(name)
            if item is None:
                similar = closest_match(name, items)
                yield f"{what}, which isn't an item" + (f"; did you mean {similar!r}?" if similar else ".")
            elif item.has_right:
                yield f"{what}, which has a right answer: a rule grades it. Remove it from self_rated."
            elif item.kind == "upload":
                yield f"{what}, which asks for a file; readers can't practise it. Remove it from self_rated."
            if page.rating_name(name) in items:
                yield f"The item {page.rating_name(name)!r} has the name of a rating of {path!r}; rename it."


def _unreachable(plan: TimelinePlan, path: str, book: Book) -> Iterator[str]:
    """Report what follows a book that no participant can finish."""
    if book.can_finish:
        return
    order = [(one, step) for one, step in plan.steps() if not one.startswith(f"{path}/")]
    behind = order[[one for one, _ in order].index(path) + 1 :]
    following = [one for one, step in behind if step.element.is_stop and not isinstance(step.element, End)]
    if following and "/" not in path:
        yield (
            f"{following[0]!r} comes after Book {path!r}, which participants can't leave: it has "
            "can_finish=False. Remove can_finish=False, or put the book last."
        )
