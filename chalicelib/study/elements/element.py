"""Defines what all elements of a timeline have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from chalicelib.errors import ExperimentError

#: A condition: a Jinja expression, the name of a method of the study, or a function of the player.
When = str | Callable[..., Any] | None
#: Levels of factors that an element is for: {"colour": "red"} or {"colour": ["red", "blue"]}.
Only = Mapping[str, Any] | None


#: The longest time limit, in seconds.
DAY = 86_400


class TimelineError(ExperimentError):
    """A timeline is wrong; the message names the element and the fix."""

    code = "timeline_error"


class EndlessTimelineError(TimelineError):
    """A participant would pass elements for ever, without a page."""


@dataclass(frozen=True)
class Element:
    """One element of a timeline. Paths use its name, so a timeline can be changed while people are in it."""

    #: Whether a participant stops at it; otherwise it contains other elements.
    is_stop: ClassVar[bool] = True

    @property
    def label(self) -> str:
        """The name in paths; the plan adds a number where two elements of one list share it."""
        name: str = getattr(self, "name", "") or type(self).__name__.lower()
        return name

    def sequences(self) -> Mapping[str, tuple[Element, ...]]:
        """Return the lists of elements inside this one, by the mark of their list; "" for the only one."""
        return {}

    def problems(self) -> list[str]:
        """Return what is wrong with the element, one sentence with the fix for each problem."""
        return []


def as_elements(elements: Any, where: str) -> tuple[Element, ...]:
    """Return a list of elements; TimelineError for a thing that isn't one."""
    if isinstance(elements, Element):
        return (elements,)
    if not isinstance(elements, Sequence) or isinstance(elements, str):
        raise TimelineError(f"{where} must be a list of elements, not {elements!r}.")
    for element in elements:
        if not isinstance(element, Element):
            hint = " Write Page(...) with its name." if isinstance(element, str) else ""
            raise TimelineError(f"{where} contains {element!r}, which isn't an element of a timeline.{hint}")
    return tuple(elements)


def check_name(name: str, what: str) -> list[str]:
    """Return the problem of a name that paths can't contain, if it has one."""
    if name and all(part.replace("_", "").replace("-", "").isalnum() for part in name.split(" ")):
        return []
    return [f"{what} has the name {name!r}; use letters, digits, blanks, '-' and '_'."]


def check_seconds(seconds: float | None, what: str) -> list[str]:
    """Return the problem of a time limit, if it has one."""
    if seconds is None or (isinstance(seconds, int | float) and 0 < seconds <= DAY):
        return []
    return [f"{what} has seconds={seconds!r}; give a number between 0 and 86,400 (a day)."]
