"""Finds the pages of a study that the host of a live session paces."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.study.elements import Chat, Embed, Gathering, Hosted, Live, Page, Part, Rounds, Trials
from chalicelib.study.elements.hosted import is_conditional
from chalicelib.study.plan import Path, PathPart, PlanStep, TimelinePlan, write_path

#: How many pages a session may have, rounds included.
MAX_HOSTED = 500
#: Pages on which each participant works at their own pace.
WITH_OWN_PACE = (Live, Chat, Trials, Embed)


def hosted_pages(plan: TimelinePlan) -> list[str]:
    """Return the paths of the pages that a host paces, in order, rounds included.

    They are the pages inside `Hosted`. In a study without it, they are the pages that all participants see,
    up to the first group: so any study can be hosted.
    """
    has_hosted = any(isinstance(step.element, Hosted) for _, step in plan.steps())
    found = list(_pages(plan.root, (), is_hosted=not has_hosted, stops_at_groups=not has_hosted))
    return [path for path in found if path is not None][:MAX_HOSTED]


def _pages(step: PlanStep, path: Path, *, is_hosted: bool, stops_at_groups: bool) -> Iterator[str | None]:
    """Yield the paths of hosted pages; None where a group begins, after which nothing is hosted."""
    for inner in step.steps:
        element = inner.element
        if stops_at_groups and isinstance(element, Gathering):
            yield None
            return
        if isinstance(element, Page):
            if is_hosted and not is_conditional(element) and not isinstance(element, WITH_OWN_PACE):
                yield write_path((*path, PathPart(inner.name)))
            continue
        inside = is_hosted or isinstance(element, Hosted)
        for mark in _marks(inner):
            here = (*path, PathPart(inner.name, mark))
            for each in _pages(inner, here, is_hosted=inside, stops_at_groups=stops_at_groups):
                yield each
                if each is None:
                    return


def _marks(step: PlanStep) -> list[str]:
    """Return the marks of a container whose pages all participants see; none for any other element."""
    element = step.element
    if isinstance(element, Rounds):
        return [str(number) for number in range(1, (element.fixed or 0) + 1)]
    return [""] if isinstance(element, Part | Hosted) and not is_conditional(element) else []
