"""Any timeline: walking along it visits what a plain recursive reading of it visits, and ends."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.study.elements import Branch, Choose, Element, For, Page, Part, Rounds, Shuffle, Wait
from chalicelib.study.elements.flow import OTHERWISE, THEN
from chalicelib.study.plan import Path, PathPart, PlanStep, TimelinePlan, parse_path, write_path

NAMES = st.sampled_from(["a", "b", "c", "a-2", "b-2"])
STOPS = st.one_of(st.builds(Page, NAMES), st.builds(Wait, name=st.just("wait")))


def containers(inner: st.SearchStrategy[Element]) -> st.SearchStrategy[Element]:
    some = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.builds(Rounds, st.integers(1, 3), some),
        st.builds(lambda do, most: Rounds(do, chance=0.5, most=most), some, st.integers(1, 3)),
        st.builds(For, st.just("value"), st.lists(st.integers(), min_size=1, max_size=3), some),
        st.builds(Branch, st.just("a"), some, st.lists(inner, max_size=2)),
        st.builds(Shuffle, some),
        st.builds(lambda do, n: Choose(min(n, len(do)), do), some, st.integers(1, 3)),
        st.builds(Part, NAMES, some),
    )


TIMELINES = st.lists(st.recursive(STOPS, containers, max_leaves=12), min_size=1, max_size=4)


class Drawn:
    """Decides everything by draws of a seed and the path, as a player's decisions do."""

    def __init__(self, seed: int, *, takes_all: bool = False) -> None:
        self.seed, self.takes_all = seed, takes_all

    def _draw(self, path: Path, what: str) -> random.Random:
        return random.Random(f"{self.seed}|{write_path(path)}|{what}")

    def applies(self, step: PlanStep, path: Path) -> bool:
        return self.takes_all or self._draw(path, "applies").random() < 0.7

    def goes_on(self, step: PlanStep, path: Path, done: int) -> bool:
        element: Any = step.element
        if done >= element.limit:
            return False
        return element.fixed is not None or self._draw(path, f"again{done}").random() < 0.5

    def branch(self, step: PlanStep, path: Path) -> str:
        return THEN if self._draw(path, "branch").random() < 0.5 else OTHERWISE

    def order(self, step: PlanStep, path: Path) -> Sequence[int]:
        element: Any = step.element
        found = list(range(len(step.inside.get(path[-1].mark, step.steps))))
        if isinstance(element, Shuffle):
            self._draw(path, "order").shuffle(found)
        return self._draw(path, "order").sample(found, element.n) if isinstance(element, Choose) else found

    def count(self, step: PlanStep, path: Path) -> int:
        element: Any = step.element
        return len(element.over)


def read(steps: Sequence[PlanStep], here: Path, decisions: Drawn) -> Iterator[str]:
    """Read a list of steps as an author does, from the top to the bottom."""
    for step in steps:
        path = (*here, PathPart(step.name))
        if decisions.applies(step, path):
            yield from [write_path(path)] if step.element.is_stop else inside(step, here, path, decisions)


def inside(step: PlanStep, here: Path, path: Path, decisions: Drawn) -> Iterator[str]:
    element = step.element
    if isinstance(element, Branch):
        mark = decisions.branch(step, path)
        yield from read(step.inside[mark], (*here, PathPart(step.name, mark)), decisions)
    elif isinstance(element, Rounds | For):
        number = 1
        while True:
            yield from read(step.inside[""], (*here, PathPart(step.name, str(number))), decisions)
            is_for = isinstance(element, For)
            if not (
                number < decisions.count(step, path) if is_for else decisions.goes_on(step, path, number)
            ):
                return
            number += 1
    else:
        steps = step.inside[""]
        yield from read([steps[index] for index in decisions.order(step, path)], path, decisions)


def walk(plan: TimelinePlan, decisions: Drawn) -> list[str]:
    """Go from stop to stop, as participants do; each path is stored as a text meanwhile."""
    found: list[str] = []
    path = plan.first(decisions)
    while path is not None:
        assert len(found) < 10_000, "the timeline doesn't end"
        found.append(write_path(path))
        path = plan.after(parse_path(found[-1]), decisions)
    return found


@settings(deadline=None, max_examples=150)
@given(TIMELINES, st.integers(0, 1000))
def test_walking_visits_what_reading_visits_in_the_same_order_and_ends(
    timeline: list[Element], seed: int
) -> None:
    plan, decisions = TimelinePlan(timeline), Drawn(seed)
    assert walk(plan, decisions) == list(read(plan._root.inside[""], (), decisions))


@settings(deadline=None, max_examples=100)
@given(TIMELINES, st.integers(0, 1000))
def test_every_stop_has_a_path_of_its_own(timeline: list[Element], seed: int) -> None:
    visited = walk(TimelinePlan(timeline), Drawn(seed))
    assert len(set(visited)) == len(visited)


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=8, unique=True),
    st.sampled_from(["none", "rounds", "part", "for"]),
    st.data(),
)
def test_a_path_whose_element_was_removed_goes_on_at_the_next_one_that_exists(
    names: list[str], around: str, data: st.DataObject
) -> None:
    decisions = Drawn(0, takes_all=True)
    at = data.draw(st.integers(0, len(names) - 1))
    removed = data.draw(st.sets(st.sampled_from(names))) | {names[at]}
    left = [name for name in names if name not in removed] or ["z"]

    def timeline(pages: Sequence[str]) -> list[Element]:
        inner = [Page(name) for name in pages]
        containers: dict[str, list[Element]] = {
            "none": list(inner),
            "rounds": [Rounds(2, inner)],
            "part": [Part("part", inner)],
            "for": [For("value", [1, 2], inner)],
        }
        return [*containers[around], Page("last")]

    before = TimelinePlan(timeline(names))
    path = next(parse_path(one) for one in walk(before, decisions) if one.endswith(names[at]))
    after = TimelinePlan(timeline(left)).after(path, decisions, before.names_after(path))
    following = next((name for name in names[at + 1 :] if name in left), None)
    again = left[0] if around in ("rounds", "for") else "last"
    assert after is not None
    assert after[-1].name == (following or again)


def test_an_element_that_became_a_container_of_its_name_is_entered() -> None:
    plan = TimelinePlan([Page("a"), Rounds(2, [Page("x")], name="b"), Page("c")])
    decisions = Drawn(0, takes_all=True)
    assert write_path(plan.after(parse_path("b"), decisions) or ()) == "b[1]/x"


def test_rounds_in_the_place_of_a_branch_of_their_name_are_gone_through() -> None:
    plan = TimelinePlan([Rounds(2, [Page("x")], name="branch"), Page("c")])
    decisions = Drawn(0, takes_all=True)
    assert write_path(plan.after(parse_path("branch[then]/x"), decisions) or ()) == "branch[1]/x"


def test_a_removed_last_element_ends_the_timeline_instead_of_beginning_it_again() -> None:
    before, after = TimelinePlan([Page("a"), Page("b")]), TimelinePlan([Page("a")])
    path = parse_path("b")
    assert after.after(path, Drawn(0, takes_all=True), before.names_after(path)) is None


def test_behind_a_container_none_of_its_rounds_follow() -> None:
    plan = TimelinePlan([Page("a"), Rounds(2, [Page("x")]), Page("c")])
    assert write_path(plan.behind(parse_path("rounds[1]"), Drawn(0, takes_all=True)) or ()) == "c"


@settings(deadline=None, max_examples=150)
@given(TIMELINES, st.integers(0, 1000), st.data())
def test_behind_what_a_group_shares_no_member_waits_for_another(
    timeline: list[Element], seed: int, data: st.DataObject
) -> None:
    plan, decisions = TimelinePlan(timeline), Drawn(seed)
    visited = walk(plan, decisions)
    if not visited:
        return
    here = data.draw(st.sampled_from(visited))
    path: Path | None = parse_path(here)
    while path is not None and (shared := plan.last_shared(path, decisions)) is not None:
        path = plan.behind(shared, decisions)
    behind = [] if path is None else visited[visited.index(write_path(path)) :]
    assert not [one for one in behind if parse_path(one)[-1].name.startswith("wait")]
    # A page is skipped only before a wait, or in a round of a Rounds in which members wait.
    skipped = visited[visited.index(here) : len(visited) - len(behind)]
    waits = [step for _, step in plan.steps() if isinstance(step.element, Wait)]
    assert not skipped or waits
