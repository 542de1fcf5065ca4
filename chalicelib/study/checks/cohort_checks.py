"""Checks cohorts: whether the groups that follow one can be formed among its members."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count

from chalicelib.study.design.stranger_schedule import most_rounds, stranger_schedule
from chalicelib.study.elements import Cohort, Element, Group, Part
from chalicelib.study.elements.interaction import MAX_SIZE, STRANGERS
from chalicelib.study.plan import PlanStep, TimelinePlan

Steps = Mapping[str, PlanStep]


def meets_strangers(element: Element) -> bool:
    """Whether an element is a Group in which no two members of a cohort may meet twice."""
    return isinstance(element, Group) and element.match == STRANGERS


def cohort_problems(plan: TimelinePlan) -> Iterator[str]:
    """Yield what is wrong with the cohorts of a timeline and with the groups behind them."""
    steps = dict(plan.steps())
    order = list(steps)
    cohorts = {path: step.element for path, step in steps.items() if isinstance(step.element, Cohort)}
    yield from _without_cohort(steps, order[: order.index(next(iter(cohorts)))] if cohorts else order)
    for path, cohort in cohorts.items():
        yield from _misplaced(path, steps)
        behind = {each: steps[each] for each in order[order.index(path) + 1 :]}
        yield from _group_problems(plan, cohort, behind)


def _without_cohort(steps: Steps, before: Sequence[str]) -> Iterator[str]:
    """Report groups of strangers that no cohort is before."""
    for path in before:
        if meets_strangers(steps[path].element):
            yield (
                f'Group {path!r} has match="strangers", but there is no Cohort before it. Put Cohort(size) '
                "before: its members are then grouped by a schedule."
            )


def _misplaced(path: str, steps: Steps) -> Iterator[str]:
    """Report a cohort that is formed more than once, or for some of its members only."""
    names = path.split("/")
    for length in range(1, len(names)):
        around = steps["/".join(names[:length])].element
        if not isinstance(around, Part):
            yield (
                f"Cohort {path!r} is inside {type(around).__name__}; put it before: "
                "people join a cohort once."
            )


def _group_problems(plan: TimelinePlan, cohort: Cohort, behind: Steps) -> Iterator[str]:
    """Report groups that don't divide a cohort, and more rounds with strangers than there can be."""
    groups = {path: step.element for path, step in behind.items() if isinstance(step.element, Group)}
    for path, group in groups.items():
        if not callable(group.match) and cohort.size % group.size:
            nearest = max(group.size, round(cohort.size / group.size) * group.size)
            yield (
                f"Cohort {cohort.name!r} has {cohort.size} members, who can't all be in groups of "
                f"{group.size} (Group {path!r}); give it {nearest} members."
            )
            return
    meetings = plan.meetings(cohort)
    sizes = sorted({group.size for _, group in meetings})
    if len(sizes) > 1:
        yield (
            f"The groups of strangers behind Cohort {cohort.name!r} have different sizes "
            f"({', '.join(map(str, sizes))}); a schedule needs one size."
        )
    elif sizes:
        yield from _schedule_problems(cohort, sizes[0], [path for path, _ in meetings])


def _schedule_problems(cohort: Cohort, size: int, paths: Sequence[str]) -> Iterator[str]:
    unknown = next((path for path in paths if "[?]" in path), None)
    if unknown is not None:
        yield (
            f"Group {unknown!r} meets strangers for each value of a list that a method returns, so it isn't "
            "known how often; give the list itself, or use Rounds."
        )
        return
    rounds, known = len(paths), len(stranger_schedule(cohort.size, size, len(paths)))
    if rounds <= known:
        return
    bound = most_rounds(cohort.size, size)
    yield (
        f"Cohort {cohort.name!r} forms groups of {size} strangers {rounds} times, but {cohort.size} people "
        f"can do so {_times(known, bound)} without meeting again. {_larger(cohort.size, size, rounds)}"
    )


def _times(known: int, bound: int) -> str:
    times = "once" if known == 1 else f"{known} times"
    return f"at most {times}" if known == bound else f"{times} by the schedules that Petri knows"


def _larger(size: int, group_size: int, rounds: int) -> str:
    """Return what to do: the smallest cohort that is large enough, or fewer rounds."""
    for members in count(size + group_size, group_size):
        if members > MAX_SIZE:
            break
        if len(stranger_schedule(members, group_size, rounds)) >= rounds:
            return f"Make it a cohort of {members}, or use fewer rounds."
    return "Use fewer rounds."
