"""Defines the elements that order others: Rounds, For, Branch, Shuffle, Choose, Part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from .draws import Draw
from .element import Element, Only, When, as_elements, check_name

#: The most rounds of one element, in case a condition never ends them.
MAX_ROUNDS = 10_000
THEN, OTHERWISE = "then", "otherwise"


@dataclass(frozen=True)
class Container(Element):
    """An element that contains others."""

    is_stop: ClassVar[bool] = False


@dataclass(frozen=True)
class Part(Container):
    """Give a list of elements a name, and a condition.

    Args:
        name: The name in paths.
        do: The elements.
        show_if: Take this part if this holds.
        only: Take it in these conditions only.
        role: Take it with this role only.

    """

    name: str
    do: Sequence[Element]
    show_if: When = None
    only: Only = None
    role: str | Sequence[str] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "do", as_elements(self.do, f"Part({self.name!r})"))

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that take it; empty for all."""
        if self.role is None:
            return ()
        return (self.role,) if isinstance(self.role, str) else tuple(self.role)

    def sequences(self) -> Mapping[str, tuple[Element, ...]]:
        return {"": tuple(self.do)}

    def problems(self) -> list[str]:
        return check_name(self.name, "A Part")


@dataclass(frozen=True)
class Rounds(Container):
    """Repeat elements: `Rounds(3, [...])`, until a condition holds, or with a chance of another round.

    Args:
        n: The number of rounds; or the elements, when another argument ends the rounds.
        do: The elements of each round.
        until: A method of the study, called with the player after each round; True ends the rounds.
        chance: The probability of another round, between 0 and 1; drawn once for all members of a group.
        most: The largest number of rounds with `until` or `chance`.
        name: The name in paths.

    """

    n: int | Sequence[Element] | None = None
    do: Sequence[Element] = ()
    until: str | Callable[..., Any] | None = None
    chance: float | None = None
    most: int | None = None
    name: str = "rounds"

    def __post_init__(self) -> None:
        if self.n is not None and not isinstance(self.n, int):
            object.__setattr__(self, "do", self.n)
            object.__setattr__(self, "n", None)
        object.__setattr__(self, "do", as_elements(self.do, f"Rounds {self.name!r}"))

    @property
    def fixed(self) -> int | None:
        """The number of rounds, when it is fixed."""
        return self.n if isinstance(self.n, int) else None

    @property
    def limit(self) -> int:
        """The largest possible number of rounds."""
        return self.fixed or self.most or MAX_ROUNDS

    def sequences(self) -> Mapping[str, tuple[Element, ...]]:
        return {"": tuple(self.do)}

    def problems(self) -> list[str]:
        found = check_name(self.name, "Rounds")
        ways = [self.fixed is not None, self.until is not None, self.chance is not None]
        if sum(ways) != 1:
            found.append(f"Rounds {self.name!r} needs one of: a number, until=, chance=.")
        if self.fixed is not None and not 1 <= self.fixed <= MAX_ROUNDS:
            found.append(f"Rounds {self.name!r} has {self.fixed} rounds; give a number from 1 to 10,000.")
        if self.chance is not None and not 0 <= self.chance < 1:
            found.append(f"Rounds {self.name!r} has chance={self.chance!r}; give a number from 0 to below 1.")
        if self.fixed is None and (self.most is None or not 1 <= self.most <= MAX_ROUNDS):
            found.append(
                f"Rounds {self.name!r} could repeat for ever; give the largest number of rounds: most=30."
            )
        if not self.do:
            found.append(f"Rounds {self.name!r} has no elements; list them after the number.")
        return found


@dataclass(frozen=True)
class For(Container):
    """Repeat elements for each value of a list.

    Args:
        variable: The name that pages and hooks use for the value.
        over: The values; or the name of a method of the study that returns them for the player; or
            `"received"`, for what the participant's node received.
        do: The elements.
        shuffle: Whether each participant gets an order of their own.
        name: The name in paths; by default the variable.

    """

    variable: str
    over: Sequence[Any] | str | Callable[..., Any]
    do: Sequence[Element] = ()
    shuffle: bool = False
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "do", as_elements(self.do, f"For({self.variable!r})"))

    @property
    def label(self) -> str:
        return self.name or self.variable

    def sequences(self) -> Mapping[str, tuple[Element, ...]]:
        return {"": tuple(self.do)}

    def problems(self) -> list[str]:
        found = check_name(self.label, "For")
        if not self.variable.isidentifier():
            found.append(f"For({self.variable!r}) names no variable; use a Python name, such as 'picture'.")
        if not isinstance(self.over, str) and not callable(self.over) and not self.over:
            found.append(f"For({self.variable!r}) has no values; give a list.")
        if not self.do:
            found.append(f"For({self.variable!r}) has no elements; list them in do=[...].")
        return found


@dataclass(frozen=True)
class Branch(Container):
    """Take one of two ways, decided once when it is reached.

    Args:
        when: A Jinja expression, a method's name, or a function of the player.
        then: The elements if it holds.
        otherwise: The elements if it doesn't.
        name: The name in paths.

    """

    when: When
    then: Sequence[Element] = ()
    otherwise: Sequence[Element] = ()
    name: str = "branch"

    def __post_init__(self) -> None:
        object.__setattr__(self, "then", as_elements(self.then, f"Branch {self.name!r}, then"))
        object.__setattr__(self, "otherwise", as_elements(self.otherwise, f"Branch {self.name!r}, otherwise"))

    def sequences(self) -> Mapping[str, tuple[Element, ...]]:
        return {THEN: tuple(self.then), OTHERWISE: tuple(self.otherwise)}

    def problems(self) -> list[str]:
        found = check_name(self.name, "Branch")
        if self.when is None:
            found.append(f"Branch {self.name!r} has no condition; give one as its first argument.")
        return found


@dataclass(frozen=True)
class Shuffle(Container):
    """Put elements into an order that is drawn once per participant, or per group inside a group.

    Args:
        do: The elements.
        name: The name in paths.

    """

    do: Sequence[Element]
    name: str = "shuffle"

    def __post_init__(self) -> None:
        object.__setattr__(self, "do", as_elements(self.do, f"Shuffle {self.name!r}"))

    def sequences(self) -> Mapping[str, tuple[Element, ...]]:
        return {"": tuple(self.do)}

    def problems(self) -> list[str]:
        return check_name(self.name, "Shuffle")


@dataclass(frozen=True)
class Choose(Container):
    """Take some of the elements, drawn at random without replacement, in the order drawn.

    The draw is kept: a participant keeps their elements when the timeline is corrected.

    Args:
        n: How many, or a `Draw` by the tags of the items on their pages: `Draw(1, by="competency")`.
        do: The elements to draw from.
        name: The name in paths.

    """

    n: int | Draw
    do: Sequence[Element]
    name: str = "choose"

    @property
    def drawing(self) -> Draw:
        """How many are drawn, and by which tags."""
        return self.n if isinstance(self.n, Draw) else Draw(self.n)

    def __post_init__(self) -> None:
        object.__setattr__(self, "do", as_elements(self.do, f"Choose {self.name!r}"))

    def sequences(self) -> Mapping[str, tuple[Element, ...]]:
        return {"": tuple(self.do)}

    def problems(self) -> list[str]:
        found = check_name(self.name, "Choose")
        if isinstance(self.n, Draw):
            found += self.n.problems(f"Choose {self.name!r}")
        elif not 0 < self.n <= len(self.do):
            found.append(
                f"Choose {self.name!r} takes {self.n} of {len(self.do)} elements; give a smaller number."
            )
        return found
