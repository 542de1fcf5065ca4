"""Decides for a player what a timeline leaves open, and stores each decision."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .elements import Choose, For, Group, Rounds, Shuffle, Wait
from .elements.flow import OTHERWISE, THEN
from .expressions import holds
from .plan import Path, PlanStep, write_path
from .player import Player

if TYPE_CHECKING:
    from chalicelib.study.study_records import Place

    from .study_view import StudyView


class PlayerDecisions:
    """The decisions of one player. Draws are seeded by the run, the player (or their group) and the path."""

    def __init__(self, study: StudyView, place: Place, run_seed: str) -> None:
        """Decide for the player at a place."""
        self._study = study
        self._place = place
        self._run_seed = run_seed

    def applies(self, step: PlanStep, path: Path) -> bool:
        """Whether the player takes a step: by role, condition, `show_if`, and whether they are in a group."""
        element: Any = step.element
        player = self._at(path)
        roles = getattr(element, "roles", ()) if not isinstance(element, Group) else ()
        if roles and player.role not in roles:
            return False
        if isinstance(element, Wait) and not self._place.in_group:
            return False
        if not matches(getattr(element, "only", None), player.condition):
            return False
        return holds(self._study, getattr(element, "show_if", None), player)

    def goes_on(self, step: PlanStep, path: Path, done: int) -> bool:
        """Whether another round follows."""
        element = step.element
        if not isinstance(element, Rounds) or done >= element.limit:
            return False
        if element.fixed is not None:
            return True
        name = f"{write_path(path)}[{done}]"
        if element.chance is not None:
            return self._random(name).random() < element.chance
        draws = self._shared_draws()
        if name not in draws:
            player = Player(self._study, self._place, name)
            draws[name] = not holds(self._study, element.until, player)
        return bool(draws[name])

    def branch(self, step: PlanStep, path: Path) -> str:
        """Return the way that a Branch takes, decided once."""
        name = write_path(path)
        if name not in self._place.draws:
            when = getattr(step.element, "when", None)
            self._place.draws[name] = THEN if holds(self._study, when, self._at(path)) else OTHERWISE
        return str(self._place.draws[name])

    def order(self, step: PlanStep, path: Path) -> Sequence[int]:
        """Return the order of the steps inside."""
        element = step.element
        indices = list(range(len(step.inside.get(path[-1].mark, step.steps))))
        if isinstance(element, Shuffle):
            self._random(write_path(path)).shuffle(indices)
        elif isinstance(element, Choose):
            indices = self._random(write_path(path)).sample(indices, element.n)
        return indices

    def count(self, step: PlanStep, path: Path) -> int:
        """Return how many values a For goes through."""
        return len(self.values(step, path))

    def values(self, step: PlanStep, path: Path) -> list[Any]:
        """Return the values of a For in the player's order; those that a method returned are stored."""
        element = step.element
        if not isinstance(element, For):
            return []
        name = write_path(path)
        if isinstance(element.over, str) or callable(element.over):
            if name not in self._place.draws:
                self._place.draws[name] = self._study.session.values(element, self._at(path))
            values = list(self._place.draws[name])
        else:
            values = list(element.over)
        if element.shuffle:
            self._random(name).shuffle(values)
        return values

    def _at(self, path: Path) -> Player:
        return Player(self._study, self._place, write_path(path))

    def _shared_draws(self) -> dict[str, Any]:
        group = self._at(()).group
        return self._place.draws if group is None else group.stored.draws

    def _random(self, name: str) -> random.Random:
        place = self._place
        owner = f"group{place.network_id}" if place.in_group else f"participant{place.participant_id}"
        return random.Random(f"{self._run_seed}|{owner}|{name}")


def matches(only: Any, condition: Any) -> bool:
    """Whether a condition has the levels that an element is for."""
    for factor, levels in (only or {}).items():
        accepted_levels = levels if isinstance(levels, list | tuple | set) else (levels,)
        if condition.get(factor) not in accepted_levels:
            return False
    return True
