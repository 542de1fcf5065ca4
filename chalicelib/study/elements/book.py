"""Defines Book: chapters of pages, which participants open in any order, for as long as they like."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from chalicelib.study.items import Item, choice
from chalicelib.study.items.markup import marked

from .element import Element, Only, When, as_elements, check_name
from .flow import Container, For, Rounds
from .hosted import Hosted
from .interaction import Gathering, Join, Wait
from .live import Chat, Live
from .page_elements import End, Form, Page
from .peer_grading import PeerAnswers, PeerGrading
from .peers import Discussion
from .sessions import Session
from .timed import Timed

#: The name of the page that lists the chapters of a book: the first page of each book.
CONTENTS = "contents"
#: How well a reader knew an item that has no right answer, as FSRS takes it, and as they read it.
RATINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "again": marked("Again: I didn't know it"),
        "hard": marked("Hard: I knew it with effort"),
        "good": marked("Good: I knew it"),
        "easy": marked("Easy: I knew it at once"),
    }
)
#: The end of the name under which an item is rated.
RATING: Final = "_rating"
_HOW_WELL: Final = marked("How well did you know it?")
#: What no participant can go through at their own pace, and so can't be in a book.
_NOT_ALONE = (
    Chat,
    Discussion,
    End,
    Gathering,
    Hosted,
    Join,
    Live,
    PeerAnswers,
    PeerGrading,
    Session,
    Wait,
)


@dataclass(frozen=True)
class Contents(Form):
    """Show the chapters and pages of a book, and what of them the participant has read. Books add it."""

    name: str = CONTENTS


@dataclass(frozen=True)
class Practice(Form):
    """Let readers of a book practise the questions of pages that they have finished, with spaced repetition.

    The page asks one question that is due after the other. FSRS schedules each again: soon after a wrong
    answer, and after a longer and longer time when it is remembered.

    Args:
        name: The name in paths and in the data.
        title: The heading; "Practice" in the study's language by default.
        retention: The probability with which a reader shall still know an item when it is due again.
        slow_seconds: A right answer that took longer counts as hard, so that the item comes again earlier.
        self_rated: Names of items without a right answer, which readers practise too: after their answer,
            they see it beside the item's feedback, and rate how well they knew it.
        show_if: Have this page only if this holds.

    """

    name: str = "practice"
    retention: float = 0.9
    slow_seconds: float = 60.0
    self_rated: Sequence[str] = ()

    def rating_name(self, item: str) -> str:
        """Return the name under which the page asks how well a reader knew an item."""
        return f"{item}{RATING}"

    def rating_item(self, item: str, text: Callable[[str], str] = str) -> Item:
        """Return the item that asks how well a reader knew an item; `text` translates its texts."""
        options = {name: text(words) for name, words in RATINGS.items()}
        return choice(text(_HOW_WELL), options, name=self.rating_name(item))

    def problems(self) -> list[str]:
        what, found = f"Practice {self.name!r}", super().problems()
        if self.ask:
            found.append(f"{what} has ask; remove it: it asks the items of the pages that were finished.")
        if not 0.7 <= self.retention <= 0.97:  # noqa: PLR2004 - beyond them, FSRS asks hardly ever or all the time
            found.append(f"{what} has retention={self.retention!r}; it is a number from 0.7 to 0.97.")
        if isinstance(self.self_rated, str):
            found.append(
                f"{what} has self_rated={self.self_rated!r}; write self_rated=[{self.self_rated!r}]."
            )
        if self.slow_seconds <= 0:
            found.append(f"{what} has slow_seconds={self.slow_seconds!r}; it is a number above 0.")
        return found


@dataclass(frozen=True)
class Chapter(Container):
    """Give pages of a book a heading in its contents.

    Args:
        name: The name in paths and in the data.
        do: The pages, in the order of the contents: Page, Form, Trials, Embed, or a Timed with pages.
        title: The heading in the contents; the name by default.
        show_if: Have this chapter only if this holds.
        only: Have it in these conditions only.

    """

    name: str
    do: Sequence[Element]
    title: str = ""
    show_if: When = None
    only: Only = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "do", as_elements(self.do, f"Chapter({self.name!r})"))

    @property
    def heading(self) -> str:
        """The heading in the contents."""
        return self.title or self.name

    def sequences(self) -> Mapping[str, tuple[Element, ...]]:
        return {"": tuple(self.do)}

    def problems(self) -> list[str]:
        what = f"Chapter {self.name!r}"
        found = check_name(self.name, "A Chapter")
        if not self.do:
            found.append(f"{what} has no pages; list them after its name.")
        return [*found, *_repeated(self.do, what), *(f"{what} contains {each}" for each in _unreadable(self))]


@dataclass(frozen=True)
class Book(Container):
    """Let participants read chapters of pages in any order, over days or weeks.

    A book begins with its contents. Participants open pages from there, go to the previous and the next one,
    and come back to the page where they were, on any device. A page can be answered again: each answer is
    kept, and the `count` of an item says which one counts.

    Args:
        do: The chapters.
        name: The name in paths and in the data.
        title: The heading of the contents; the name by default.
        can_finish: Whether the contents have a button "Finish", with which a participant leaves the book for
            what follows in the timeline. Without it, the book stays open until the run ends.
        annotations: Whether readers can mark text and write notes beside it.

    """

    do: Sequence[Element]
    name: str = "book"
    title: str = ""
    can_finish: bool = True
    annotations: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "do", as_elements(self.do, f"Book {self.name!r}"))

    @property
    def heading(self) -> str:
        """The heading of the contents."""
        return self.title or self.name

    def sequences(self) -> Mapping[str, tuple[Element, ...]]:
        return {"": (Contents(title=self.heading), *self.do)}

    def problems(self) -> list[str]:
        what = f"Book {self.name!r}"
        found = check_name(self.name, "A Book")
        if not self.do:
            found.append(f"{what} has no chapters; list them: Book([Chapter('intro', [...])]).")
        for element in self.do:
            kind = type(element).__name__
            if not isinstance(element, Chapter):
                found.append(f"{what} contains {kind} {element.label!r}; put it into a Chapter.")
            elif element.name == CONTENTS:
                found.append(f"{what} has a chapter {CONTENTS!r}, the name of its contents; rename it.")
        return [*found, *_repeated(self.do, what)]


def _repeated(elements: Sequence[Element], what: str) -> list[str]:
    """Report names that two elements share: links and reading progress need names that stay."""
    names = [element.label for element in elements]
    repeated = dict.fromkeys(name for name in names if names.count(name) > 1)
    return [f"{what} has two elements {name!r}; give each a name of its own." for name in repeated]


def _unreadable(chapter: Chapter) -> Iterator[str]:
    """Yield what participants can't open in any order, each with the fix."""
    for element in chapter.do:
        kind = type(element).__name__
        if isinstance(element, Timed):
            yield from _groups_inside(element)
        elif isinstance(element, _NOT_ALONE):
            yield f"{kind} {element.label!r}, which isn't for one reader alone; move it out of the Book."
        elif isinstance(element, Contents):
            yield f"{kind} {element.label!r}, which a book has by itself; remove it."
        elif not isinstance(element, Page):
            yield f"{kind} {element.label!r}; list pages in a Chapter, and Timed with pages."
        elif element.seconds is not None:
            yield (
                f"{kind} {element.label!r} with a time limit, which opening it again would reset; put it "
                "into Timed."
            )
        elif element.roles:
            yield f"{kind} {element.label!r} for a role; readers of a book have none."


def _groups_inside(around: Element) -> Iterator[str]:
    for element in (one for some in around.sequences().values() for one in some):
        kind = type(element).__name__
        if isinstance(element, (*_NOT_ALONE, Book, Chapter)):
            yield f"{kind} {element.label!r} inside Timed; move it out of the Book."
        else:
            yield from _groups_inside(element)


#: The elements that a book can't be in: they repeat it, or their clock or host would take participants out.
NOT_AROUND_BOOKS = (Book, Chapter, For, Hosted, Rounds, Timed)
