"""Checks that the host of a live session can pace what is inside Hosted."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chalicelib.study.elements import Page
from chalicelib.study.live_sessions.hosted_pages import MAX_HOSTED, WITH_OWN_PACE, hosted_pages
from chalicelib.study.plan import TimelinePlan

_MARK = re.compile(r"\[[^\]]*\]")


def hosted_problems(plan: TimelinePlan, path: str, where: str) -> Iterator[str]:
    """Yield what is wrong with the place of Hosted: around it, all participants must go the same way.

    `path`: its path without rounds.
    """
    paced = hosted_pages(plan)
    if len(paced) == MAX_HOSTED:
        yield f"{where} and the others have over {MAX_HOSTED - 1} pages with all rounds; give them fewer."
        return
    without_rounds = {_MARK.sub("", one) for one in paced}
    inside = [
        one
        for one, step in plan.steps()
        if one.startswith(f"{path}/") and isinstance(step.element, Page)
        if not isinstance(step.element, WITH_OWN_PACE)
    ]
    if any(one not in without_rounds for one in inside):
        yield (
            f"{where} lies inside an element in which participants go different ways, so a host can't pace "
            "its pages; move it out."
        )
