"""Checks that the answers which participants grade can be graded by them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chalicelib.experiment.config.problems import closest_match
from chalicelib.study.decisions import rounds_of_answers
from chalicelib.study.elements import GradePeers, PeerGrading

if TYPE_CHECKING:
    from chalicelib.study.study_view import DeclaredStudy


def peer_problems(study: type[DeclaredStudy]) -> Iterator[str]:
    """Yield what is wrong with each GradePeers: its item, and the place where that is asked."""
    items = study.items()
    for path, step in study.plan().steps():
        if not isinstance(step.element, GradePeers):
            continue
        name = step.element.item
        what = f"GradePeers({name!r})"
        item = items.get(name)
        if item is None:
            similar = closest_match(name, items)
            end = f"; did you mean {similar!r}?" if similar else "."
            yield f"{what} grades an item that the study doesn't have{end}"
            continue
        if item.grading != "peer":
            yield f"{what} grades an item with grading={item.grading!r}; give the item grading='peer'."
        if item.kind == "upload":
            yield f"{what} grades uploaded files, which aren't shown to participants; grade them by hand."
        if rounds_of_answers(study, name, path) is None:
            yield (
                f"{what} comes before the page that asks the item, or is outside of its Rounds; put it "
                "behind the page, inside the same Rounds."
            )
        taken = [one for one in items if _is_grade(study, path, one)]
        if taken:
            yield f"The item {taken[0]!r} has the name of a grade of {what}; rename it."


def _is_grade(study: type[DeclaredStudy], path: str, name: str) -> bool:
    pages = [step.element for one, step in study.plan().steps() if one.startswith(f"{path}/")]
    return any(isinstance(page, PeerGrading) and page.grade_item_named(name) for page in pages)
