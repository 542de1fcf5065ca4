"""Defines Hosted: pages that the host of a live session paces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .element import Element, as_elements, check_name
from .flow import Branch, Choose, Container, For, Part, Rounds, Shuffle
from .page_elements import Page


@dataclass(frozen=True)
class Hosted(Container):
    """Let the host of a live session pace the pages inside: all participants see the same page at a time.

    The host opens each page, ends its time, shows the answers and the solution, and goes on. Without a live
    session, participants go through the pages at their own pace.

    Args:
        do: The elements: pages and forms, and Rounds with a fixed number of them. Waits and chats inside go
            on by themselves.
        name: The name in paths.

    """

    do: Sequence[Element]
    name: str = "hosted"

    def __post_init__(self) -> None:
        object.__setattr__(self, "do", as_elements(self.do, f"Hosted {self.name!r}"))

    def sequences(self) -> Mapping[str, tuple[Element, ...]]:
        return {"": tuple(self.do)}

    def problems(self) -> list[str]:
        what = f"Hosted {self.name!r}"
        found = check_name(self.name, "Hosted")
        if not self.do:
            found.append(f"{what} has no elements; list pages in it.")
        return found + [f"{what} contains {each}" for each in _unpaced(self)]


def _unpaced(around: Element) -> Iterator[str]:
    """Yield what a host can't pace, each with the fix."""
    for element in (one for some in around.sequences().values() for one in some):
        if isinstance(element, Branch | Shuffle | Choose | For):
            kind = type(element).__name__
            yield f"{kind} {element.label!r}, in which participants go different ways; move it out of Hosted."
            continue
        if isinstance(element, Container) and hasattr(element, "minutes"):
            kind = type(element).__name__
            yield f"{kind} {element.label!r}, whose clock a host can't stop; move it out of Hosted."
            continue
        if isinstance(element, Rounds) and element.fixed is None:
            yield f"Rounds {element.label!r} without a fixed number of rounds; give the number."
        if is_conditional(element):
            yield f"{element.label!r} with a condition; remove the condition, or move it out of Hosted."
        yield from _unpaced(element)


def is_conditional(element: Element) -> bool:
    """Whether some participants don't see a page or a part, or see other items on it."""
    if isinstance(element, Page) and element.draw is not None:
        return True
    conditions = (getattr(element, name, None) for name in ("show_if", "only", "roles"))
    return isinstance(element, Page | Part) and any(conditions)
