"""Defines Timed: one clock for several pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .element import DAY, Element, Only, When, as_elements, check_name
from .flow import Container
from .hosted import Hosted

MINUTE = 60


@dataclass(frozen=True)
class Timed(Container):
    """Give a part of the study one time limit, as in a test.

    The clock starts when the first page is sent, and goes on over a reload. When the time is up, what was
    typed is taken, the pages that are left are skipped, and the study goes on after this part. One row of the
    data says how many graded answers were correct, incorrect and skipped, and how long the part took.

    Args:
        minutes: The time for all pages inside. `Study.time_factor` gives a participant more.
        do: The elements.
        name: The name in paths and in the data.
        feedback: Whether feedback of items inside may be shown before the end of the part.
        show_if: Take this part if this holds.
        only: Take it in these conditions only.

    """

    minutes: float
    do: Sequence[Element]
    name: str = "timed"
    feedback: bool = False
    show_if: When = None
    only: Only = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "do", as_elements(self.do, f"Timed {self.name!r}"))

    @property
    def seconds(self) -> float:
        """The time in seconds."""
        return self.minutes * MINUTE

    def sequences(self) -> Mapping[str, tuple[Element, ...]]:
        return {"": tuple(self.do)}

    def problems(self) -> list[str]:
        problems = check_name(self.name, "Timed")
        if not 0 < self.seconds <= DAY:
            problems.append(f"Timed {self.name!r} has {self.minutes!r} minutes; give a number up to 1,440.")
        if not self.do:
            problems.append(f"Timed {self.name!r} has no elements; list them after the minutes.")
        problems += [
            f"Timed {self.name!r} contains Hosted {name!r}, whose host sets the time; move it out of Timed."
            for name in _hosted(self)
        ]
        return problems


def _hosted(around: Element) -> Iterator[str]:
    """Yield the names of the Hosted inside: their host, and not the clock of the part, ends their pages."""
    for element in (one for some in around.sequences().values() for one in some):
        if isinstance(element, Hosted):
            yield element.name
        else:
            yield from _hosted(element)
