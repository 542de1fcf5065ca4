"""Compiles a timeline into a plan, and moves along it: a path names where a participant is.

A path is a text such as `rounds[2]/branch[then]/propose`: the names of the elements from the outside in,
each with its round or its way. Names, not numbers, identify elements, so a path still means the same after an
author has added a page before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import NamedTuple, Protocol

from .elements import (
    Book,
    Branch,
    Chat,
    Cohort,
    Element,
    EndlessTimelineError,
    For,
    Gathering,
    Group,
    Hosted,
    Live,
    Part,
    Rounds,
    Session,
    TimelineError,
    Wait,
)
from .elements.flow import MAX_ROUNDS
from .elements.interaction import STRANGERS

_FRAME = re.compile(r"(?P<name>[^/\[\]]+)(?:\[(?P<mark>[^/\[\]]*)\])?")
#: How many elements may be passed without stopping at one, before the timeline counts as endless.
MAX_PASSED = 5 * MAX_ROUNDS
#: How many paths a plan keeps the levels of.
MAX_KNOWN = 4096
#: How many names of following elements a place keeps for each level.
MAX_AHEAD = 8


class PathPart(NamedTuple):
    """One part of a path: the name of an element, and its round, value or way."""

    name: str
    mark: str = ""

    def __str__(self) -> str:
        return f"{self.name}[{self.mark}]" if self.mark else self.name


Path = tuple[PathPart, ...]


@lru_cache(maxsize=4096)
def parse_path(text: str) -> Path:
    """Parse the text of a path; an empty path for "" and for a text that isn't a path."""
    matches = [_FRAME.fullmatch(part) for part in text.split("/")]
    if not text or not all(matches):
        return ()
    return tuple(PathPart(match["name"], match["mark"] or "") for match in matches if match)


def write_path(path: Sequence[PathPart]) -> str:
    """Write a path as text."""
    return "/".join(str(frame) for frame in path)


@dataclass(frozen=True)
class PlanStep:
    """An element with its name among its siblings, and the steps inside it."""

    name: str
    element: Element
    inside: dict[str, tuple[PlanStep, ...]] = field(default_factory=dict)

    @cached_property
    def steps(self) -> tuple[PlanStep, ...]:
        """All steps directly inside."""
        return tuple(step for steps in self.inside.values() for step in steps)


class Decisions(Protocol):
    """Decides, for one participant, what the timeline leaves open; each decision is made once and kept."""

    def applies(self, step: PlanStep, path: Path) -> bool:
        """Whether the participant takes this step."""

    def goes_on(self, step: PlanStep, path: Path, done: int) -> bool:
        """Whether rounds go on after `done` of them."""

    def branch(self, step: PlanStep, path: Path) -> str:
        """Return the mark of the way that is taken."""

    def order(self, step: PlanStep, path: Path) -> Sequence[int]:
        """Return the indices of a step's inner steps, in the order in which they are taken."""

    def count(self, step: PlanStep, path: Path) -> int:
        """Return how many values a For goes through."""


@dataclass(frozen=True, slots=True)
class _Level:
    """A step that contains others, on the way to the participant's place."""

    step: PlanStep
    frame: PathPart


class TimelinePlan:
    """A compiled timeline."""

    def __init__(self, timeline: Sequence[Element]) -> None:
        """Compile a timeline; TimelineError names everything that is wrong with it."""
        self._known_levels: dict[Path, list[_Level] | None] = {}
        self._root = PlanStep("", Part("timeline", timeline), {"": _named(timeline)})
        problems = [problem for _, step in self.steps() for problem in step.element.problems()]
        if not self._root.steps:
            problems.append("The timeline is empty; list pages in it.")
        if problems:
            raise TimelineError("The timeline is wrong:\n" + "\n".join(f"- {each}" for each in problems))

    @property
    def root(self) -> PlanStep:
        """The step around the whole timeline."""
        return self._root

    def steps(self) -> Iterator[tuple[str, PlanStep]]:
        """Yield each step below the root with its path (without rounds), from the outside in."""
        yield from _walk(self._root, "")

    def find(self, path: Path) -> PlanStep | None:
        """Return the step at a path, or None when the timeline doesn't have it (any more)."""
        levels = self._levels(path)
        return levels[-1].step if levels else None

    def first(self, decisions: Decisions) -> Path | None:
        """Return the path of the first stop; None when nothing applies."""
        return self._advance([], 0, decisions)

    def after(self, path: Path, decisions: Decisions, ahead: Sequence[Sequence[str]] = ()) -> Path | None:
        """Return the path of the stop that follows one; None at the end.

        From an element that the timeline has lost, it goes on at the first element that still exists of those
        that followed: `ahead`, as `names_after` gave them when the participant arrived.
        """
        levels = self._existing(path)
        if levels and len(levels) == len(path):
            last = levels.pop()
            index = self._position(levels, last.step, decisions)
            return self._advance(levels, index + last.step.element.is_stop, decisions)
        if not levels and not ahead:
            return self.first(decisions)
        names = [step.name for step in self._sequence(levels, decisions)]
        following = ahead[len(levels)] if len(levels) < len(ahead) else ()
        left = next((names.index(name) for name in following if name in names), len(names))
        return self._advance(levels, left, decisions)

    def behind(self, path: Path, decisions: Decisions) -> Path | None:
        """Return the path of the first stop behind an element and all that is inside it; None at the end."""
        levels = self._existing(path)
        last = levels.pop()
        return self._advance(levels, self._position(levels, last.step, decisions) + 1, decisions)

    def at(self, path: Path, decisions: Decisions) -> Path | None:
        """Return the first stop at an element or inside it; None when the player doesn't take it."""
        levels = self._levels(path)
        if not levels:
            return None
        last = levels.pop()
        found = self._advance(levels, self._position(levels, last.step, decisions), decisions)
        return found if found is not None and found[: len(path)] == path else None

    def names_after(self, path: Path) -> list[list[str]]:
        """Return, for each level of a path, the names of the next elements of its list."""
        levels = self._existing(path)
        return [
            [step.name for step in self._siblings(levels[:number])][self._index(levels[: number + 1]) + 1 :][
                :MAX_AHEAD
            ]
            for number in range(len(levels))
        ]

    def _existing(self, path: Path) -> list[_Level]:
        """Return the levels of the longest beginning of a path that the timeline has."""
        while path:
            levels = self._levels(path)
            if levels is not None:
                return levels
            path = path[:-1]
        return []

    def _siblings(self, levels: Sequence[_Level]) -> tuple[PlanStep, ...]:
        """Return the steps of the list inside these levels, in the timeline's order."""
        if not levels:
            return self._root.inside[""]
        return self._inside(levels[-1].step, levels[-1].frame) or ()

    def _index(self, levels: Sequence[_Level]) -> int:
        """Return the index of the last level's step in its list."""
        return [step.name for step in self._siblings(levels[:-1])].index(levels[-1].step.name)

    def rounds_of(self, path: Path) -> list[tuple[str, str, Rounds | For]]:
        """Return the scopes of a path: for each Rounds or For around it, its path, mark and element."""
        levels = self._levels(path) or []
        repeating: list[tuple[str, str, Rounds | For]] = []
        for number, level in enumerate(levels, 1):
            if isinstance(level.step.element, Rounds | For) and level.frame.mark.isdecimal():
                repeating.append((write_path(path[:number]), level.frame.mark, level.step.element))
        return repeating

    def repeating_around(self, path: str) -> list[str]:
        """Return the paths, without rounds, of each Rounds or For around an element, from the outside in."""
        names = path.split("/")
        around = {"/".join(names[:length]) for length in range(1, len(names))}
        return [one for one, step in self.steps() if one in around and isinstance(step.element, Rounds | For)]

    def progress(self, path: Path) -> float:
        """Return the share of the timeline that lies before a path, by the elements of its outermost list."""
        steps = self._root.inside[""]
        if not path:
            return 1.0
        names = [step.name for step in steps]
        if path[0].name not in names:
            return 0.0
        index = names.index(path[0].name)
        step = steps[index]
        inner = 0.0
        if isinstance(step.element, Rounds) and step.element.fixed and path[0].mark.isdigit():
            inner = (int(path[0].mark) - 1) / step.element.fixed
        return (index + inner) / len(steps)

    def may_follow(self, path: Path) -> Iterator[PlanStep]:
        """Yield the steps that may still come after a path, whatever is decided."""
        levels = self._levels(path) or []
        for number in range(len(levels)):
            siblings = self._siblings(levels[:number])
            repeats = number > 0 and not isinstance(levels[number - 1].step.element, Part | Hosted | Branch)
            rest = siblings if repeats else siblings[self._index(levels[: number + 1]) + 1 :]
            for step in rest:
                yield step
                yield from (inner for _, inner in _walk(step, ""))

    def last_shared(self, path: Path, decisions: Decisions) -> Path | None:
        """Return the last element from a path on that the members of a group share.

        It lies before the next group or session, where they leave this group.

        Of Rounds in which members share anything, it is the whole of them: the rounds that follow would be
        played together too. What is decided later, such as a `show_if`, doesn't count: it may need answers
        that a group which has ended never gives.

        Returns:
            The path of the element behind which a member goes on alone; None when nothing is shared any more.

        """
        levels = self._levels(path) or []
        if not levels or _leaves_group(levels[-1].step.element):
            return None
        found = path if _is_shared(levels[-1].step.element) else None
        for number in reversed(range(len(levels))):
            step, around = levels[number].step, levels[:number]
            if number + 1 < len(levels) and isinstance(step.element, Rounds | For):
                if _contains(step, _leaves_group):
                    return found
                if _contains(step, _is_shared):
                    found = path[: number + 1]
            sequence = self._sequence(around, decisions)
            for following in sequence[self._position(around, step, decisions) + 1 :]:
                if _contains(following, _leaves_group):
                    return found
                if _contains(following, _is_shared):
                    found = (*path[:number], PathPart(following.name))
        return found

    def occurrences(self, wanted: Callable[[Element], bool]) -> Iterator[tuple[str, PlanStep]]:
        """Yield the wanted stops, each with every path, rounds included, on which a participant may reach it.

        The mark of a For whose values a method returns is "?": how many there are isn't known.
        """
        yield from _occurrences(self._root, (), wanted)

    @cached_property
    def can_pause(self) -> bool:
        """Whether the clocks of a group can stand still for a member who is away."""
        groups = (step.element for _, step in self.steps())
        return any(isinstance(one, Group) and one.patience_seconds is not None for one in groups)

    @cached_property
    def has_groups(self) -> bool:
        """Whether participants form groups."""
        return any(isinstance(step.element, Group) for _, step in self.steps())

    @cached_property
    def sessions(self) -> tuple[tuple[str, Session], ...]:
        """The later sessions, each with every path on which a participant may reach it.

        One in a For whose values a method returns is listed once: how many there are isn't known.
        """
        found = self.occurrences(lambda element: isinstance(element, Session))
        return tuple((path, step.element) for path, step in found if isinstance(step.element, Session))

    def sessions_after(self, path: str) -> list[Session]:
        """Return the sessions that may follow the one at a path; all, if that path isn't listed."""
        paths = [one for one, _ in self.sessions]
        following = paths.index(path) + 1 if path in paths else 0
        return [session for _, session in self.sessions[following:]]

    def is_hosted(self, path: Path) -> bool:
        """Whether an element lies inside Hosted, where a page can stay without an answer."""
        return any(isinstance(level.step.element, Hosted) for level in self._levels(path) or ())

    def book_around(self, path: Path) -> tuple[Path, Book] | None:
        """Return the book in which an element lies, and the book's own path; None outside of books."""
        for length in range(1, len(path)):
            step = self.find(path[:length])
            if step is not None and isinstance(step.element, Book):
                return path[:length], step.element
        return None

    def meetings(self, cohort: Cohort) -> list[tuple[str, Group]]:
        """Return the groups of strangers behind a cohort, each with every path, rounds included."""
        found: list[tuple[str, Group]] = []
        is_behind = False
        for path, step in self.occurrences(lambda element: element is cohort or _meets_strangers(element)):
            is_behind = is_behind or step.element is cohort
            if is_behind and isinstance(step.element, Group):
                found.append((path, step.element))
        return found

    def repeats_inside(self, path: Path) -> list[Path]:
        """Return the paths, without their own round, of the Rounds and Fors inside a path, outermost only."""
        levels = self._levels(path) or []
        step = levels[-1].step if levels else self._root
        return list(_repeats(step, path if levels else ()))

    # -- moving ---------------------------------------------------------------------------------

    def _levels(self, path: Path) -> list[_Level] | None:
        """Return the levels of a path, cached; None for one that the timeline doesn't have."""
        if path not in self._known_levels:
            if len(self._known_levels) >= MAX_KNOWN:
                self._known_levels.clear()
            self._known_levels[path] = self._find_levels(path)
        known = self._known_levels[path]
        return None if known is None else list(known)

    def _find_levels(self, path: Path) -> list[_Level] | None:
        steps = self._root.inside[""]
        levels: list[_Level] = []
        for number, frame in enumerate(path):
            step = next((step for step in steps if step.name == frame.name), None)
            if step is None:
                return None
            levels.append(_Level(step, frame))
            if number + 1 < len(path):
                inner = self._inside(step, frame)
                if inner is None:
                    return None
                steps = inner
        return levels

    def _inside(self, step: PlanStep, frame: PathPart) -> tuple[PlanStep, ...] | None:
        return step.inside.get(frame.mark if isinstance(step.element, Branch) else "")

    def _sequence(self, levels: Sequence[_Level], decisions: Decisions) -> list[PlanStep]:
        if not levels:
            return list(self._root.inside[""])
        level = levels[-1]
        inside = self._inside(level.step, level.frame) or ()
        path = tuple(one.frame for one in levels)
        return [inside[index] for index in decisions.order(level.step, path) if index < len(inside)]

    def _position(self, levels: Sequence[_Level], step: PlanStep, decisions: Decisions) -> int:
        sequence = self._sequence(levels, decisions)
        return next((index for index, one in enumerate(sequence) if one.name == step.name), len(sequence))

    def _advance(self, levels: list[_Level], index: int, decisions: Decisions) -> Path | None:
        """Go on from a position in the innermost level until a stop applies."""
        for _ in range(MAX_PASSED):
            sequence = self._sequence(levels, decisions)
            here = tuple(level.frame for level in levels)
            if index < len(sequence):
                step = sequence[index]
                if step.element.is_stop:
                    path = (*here, PathPart(step.name))
                    if decisions.applies(step, path):
                        return path
                    index += 1
                    continue
                frame = self._enter(step, here, decisions)
                if frame is None:
                    index += 1
                else:
                    levels.append(_Level(step, frame))
                    index = 0
                continue
            if not levels:
                return None
            last = levels[-1]
            again = self._again(last, here, decisions)
            if again is not None:
                levels[-1] = _Level(last.step, again)
                index = 0
                continue
            levels.pop()
            index = self._position(levels, last.step, decisions) + 1
        raise EndlessTimelineError(
            "The timeline passes elements for ever without showing a page; check the conditions of its pages "
            "inside Rounds."
        )

    def _enter(self, step: PlanStep, here: Path, decisions: Decisions) -> PathPart | None:
        """Return the frame with which a container begins, or None when it is passed over."""
        path = (*here, PathPart(step.name))
        if not decisions.applies(step, path):
            return None
        if isinstance(step.element, Rounds):
            return PathPart(step.name, "1")
        if isinstance(step.element, For):
            return PathPart(step.name, "1") if decisions.count(step, path) else None
        if isinstance(step.element, Branch):
            return PathPart(step.name, decisions.branch(step, path))
        return PathPart(step.name)

    def _again(self, level: _Level, here: Path, decisions: Decisions) -> PathPart | None:
        """Return the next frame of a container that repeats, or None when it is over."""
        element, frame = level.step.element, level.frame
        path = (*here[:-1], PathPart(frame.name))
        # The mark is a word where the author has replaced a Branch by Rounds of its name.
        done = int(frame.mark) if frame.mark.isdecimal() else 0
        if isinstance(element, Rounds):
            return PathPart(frame.name, str(done + 1)) if decisions.goes_on(level.step, path, done) else None
        if isinstance(element, For):
            return PathPart(frame.name, str(done + 1)) if done < decisions.count(level.step, path) else None
        # Behind the last page of a book are its contents: only "Finish" leaves a book.
        return frame if isinstance(element, Book) else None


def _leaves_group(element: Element) -> bool:
    """Whether participants leave their group at an element: for another one, or until another day."""
    return isinstance(element, Gathering | Session)


def _is_shared(element: Element) -> bool:
    """Whether members of a group meet at an element: they wait for each other, or exchange messages."""
    return isinstance(element, Wait | Live | Chat)


def _contains(step: PlanStep, wanted: Callable[[Element], bool]) -> bool:
    """Whether a step is wanted, or any step inside it."""
    return wanted(step.element) or any(wanted(inner.element) for _, inner in _walk(step, ""))


def _meets_strangers(element: Element) -> bool:
    return isinstance(element, Group) and element.match == STRANGERS


def _named(elements: Sequence[Element]) -> tuple[PlanStep, ...]:
    """Give each element of a list a name that its siblings don't have."""
    used: set[str] = set()
    labels = {element.label for element in elements}
    steps = []
    for element in elements:
        name, number = element.label, 1
        while name in used or (number > 1 and name in labels):
            number += 1
            name = f"{element.label}-{number}"
        used.add(name)
        steps.append(
            PlanStep(name, element, {mark: _named(some) for mark, some in element.sequences().items()})
        )
    return tuple(steps)


def _walk(step: PlanStep, path: str) -> Iterator[tuple[str, PlanStep]]:
    for inner in step.steps:
        inner_path = f"{path}/{inner.name}" if path else inner.name
        yield inner_path, inner
        yield from _walk(inner, inner_path)


def _occurrences(
    step: PlanStep, path: Path, wanted: Callable[[Element], bool]
) -> Iterator[tuple[str, PlanStep]]:
    for mark, steps in step.inside.items():
        for inner in steps:
            if inner.element.is_stop:
                if wanted(inner.element):
                    yield write_path((*_marked(path, mark), PathPart(inner.name))), inner
            elif any(wanted(each.element) for _, each in _walk(inner, "")):
                for number in _marks(inner.element):
                    here = (*_marked(path, mark), PathPart(inner.name, number))
                    yield from _occurrences(inner, here, wanted)


def _repeats(step: PlanStep, path: Path) -> Iterator[Path]:
    for mark, steps in step.inside.items():
        for inner in steps:
            here = (*_marked(path, mark), PathPart(inner.name))
            if isinstance(inner.element, Rounds | For):
                yield here
            else:
                yield from _repeats(inner, here)


def _marked(path: Path, way: str) -> Path:
    """Return the path of a container with the way of a Branch that is taken inside it."""
    return (*path[:-1], PathPart(path[-1].name, way)) if way else path


def _marks(element: Element) -> Iterator[str]:
    if isinstance(element, Rounds):
        yield from map(str, range(1, element.limit + 1))
    elif isinstance(element, For) and isinstance(element.over, list | tuple):
        yield from map(str, range(1, len(element.over) + 1))
    else:
        yield "?" if isinstance(element, For) else ""
