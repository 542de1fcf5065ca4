"""Decides for a player what a timeline leaves open, and stores each decision."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .elements import Choose, Discussion, Draw, For, Group, Page, PeerGrading, Rounds, Shuffle, Timed, Wait
from .elements.draws import Pool
from .elements.flow import OTHERWISE, THEN
from .expressions import holds
from .plan import Path, PlanStep, write_path
from .player import Player
from .study_records import DONE, DRAWN, GRADES

if TYPE_CHECKING:
    from chalicelib.study.study_records import Place

    from .study_view import DeclaredStudy, StudyView


class PlayerDecisions:
    """The decisions of one player. Draws are seeded by the run, the player (or their group) and the path."""

    def __init__(self, study: StudyView, place: Place, run_seed: str) -> None:
        """Decide for the player at a place."""
        self._study = study
        self._place = place
        self._run_seed = run_seed

    def applies(self, step: PlanStep, path: Path) -> bool:
        """Whether the player takes a step; a test in a book is taken once."""
        is_done = isinstance(step.element, Timed) and f"{write_path(path)}{DONE}" in self._place.draws
        return not is_done and self.is_for_player(step, path)

    def is_for_player(self, step: PlanStep, path: Path) -> bool:
        """Whether the player has a step: by role, condition, `show_if`, and whether they are in a group."""
        element: Any = step.element
        player = self._at(path)
        roles = getattr(element, "roles", ()) if not isinstance(element, Group) else ()
        if roles and player.role not in roles:
            return False
        if isinstance(element, Wait | Discussion) and not self._place.in_group:
            return False
        if isinstance(element, PeerGrading) and not self._place.draws.get(f"{write_path(path[:-1])}{GRADES}"):
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
            return self._random(name, self._place.cohort).random() < element.chance
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
            names = self.chosen(step, path)
            known = [one.name for one in step.steps]
            indices = [known.index(name) for name in names]
        return indices

    def chosen(self, step: PlanStep, path: Path) -> list[str]:
        """Return the names of the elements that a Choose takes, drawn once and kept."""
        element = step.element
        drawing = element.drawing if isinstance(element, Choose) else Draw(len(step.steps))
        name = write_path(path)
        return self._kept(name, drawing, pool_of_steps(self._study, step), self._random(name))

    def drawn_items(self, page: Page, path: str, names: Collection[str]) -> list[str]:
        """Return the items that a page asks this participant, drawn once and kept.

        `names`: the items of its pool that apply to the player.
        """
        if page.drawing is None:
            return []
        pool = {name: [item.tags] for name, item in self._study.pool_of(page).items() if name in names}
        # Members of a group have draws of their own: each answers for themselves.
        owner = random.Random(f"{self._run_seed}|participant{self._place.participant_id}|{path}")
        return self._kept(path, page.drawing, pool, owner)

    def _kept(self, path: str, drawing: Draw, pool: Pool, draws: random.Random) -> list[str]:
        key = f"{path}{DRAWN}"
        if key not in self._place.draws:
            self._place.draws[key] = drawing.names(draws, pool)
        # A corrected timeline may have lost what was drawn.
        return [name for name in self._place.draws[key] if name in pool]

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

    def _random(self, name: str, cohort: str | None = None) -> random.Random:
        """Return a generator for a draw of the cohort, if one is given, else of the group or the player."""
        place = self._place
        if cohort is not None:
            return random.Random(f"{self._run_seed}|cohort {cohort}|{name}")
        owner = f"group{place.network_id}" if place.in_group else f"participant{place.participant_id}"
        return random.Random(f"{self._run_seed}|{owner}|{name}")


def pool_of_steps(study: type[DeclaredStudy] | StudyView, step: PlanStep) -> Pool:
    """Return the tags of the items on the pages of each element inside a step, by its name."""
    return {one.name: list(_tags_in(study, one)) for one in step.steps}


def _tags_in(study: type[DeclaredStudy] | StudyView, step: PlanStep) -> Iterator[Any]:
    """Yield the tags of each item inside a step; an element without items has none."""
    if isinstance(step.element, Page):
        yield from [item.tags for item in study.items_of(step.element).values()] or [()]
    for inner in step.steps:
        yield from _tags_in(study, inner)
    if not isinstance(step.element, Page) and not step.steps:
        yield ()


def matches(only: Any, condition: Any) -> bool:
    """Whether a condition has the levels that an element is for."""
    for factor, levels in (only or {}).items():
        accepted_levels = levels if isinstance(levels, list | tuple | set) else (levels,)
        if condition.get(factor) not in accepted_levels:
            return False
    return True


def rounds_of_answers(study: type[DeclaredStudy] | StudyView, item: str, path: str) -> list[str] | None:
    """Return the Rounds and Fors around the page that asks an item, as seen from a later element.

    `path`: the path of the later element, without rounds. None when no page before it asks the item in the
    same rounds or in none.
    """
    plan = study.plan()
    found = None
    here = plan.repeating_around(path)
    for one, step in plan.steps():
        if one == path:
            break
        if isinstance(step.element, Page) and item in study.items_of(step.element):
            around = plan.repeating_around(one)
            found = around if here[: len(around)] == around else found
    return found
