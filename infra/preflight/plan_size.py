"""How many people a plan is about, when fewer were tried."""

from __future__ import annotations

import math
from dataclasses import dataclass

from infra.simulate.trial import RunTrace
from infra.simulate.trial_outcome import Outcome


@dataclass(frozen=True)
class Size:
    """People planned and people tried."""

    planned: int
    tried: int
    #: In a sentence, how the one follows from the other; empty when all were tried.
    told: str = ""
    #: Whether more people would be recruited than the plan is about.
    wants_more: bool = False

    @property
    def factor(self) -> float:
        """By what counts and sums of the trial are multiplied."""
        return self.planned / self.tried if self.tried else 1.0


def size_of(participants: int | None, course: RunTrace, outcome: Outcome) -> Size:
    """Reckon how many would come; `participants`: how many were asked for."""
    tried = len(course.fared)
    if course.gave_up or not course.not_invited or not tried:
        fewer = participants is not None and tried < participants and not course.gave_up
        told = f"The experiment recruits {tried} people, not {participants:,}." if fewer else ""
        return Size(tried, tried, told)
    if participants is not None and participants <= tried:
        return Size(tried, tried, wants_more=True)
    needed = _needed(tried, outcome)
    if needed is None and participants is None:
        told = (
            f"The experiment still recruits after {tried} people and its networks take everybody: sums and "
            f"counts are those of {tried}. Say how many are to come with --participants."
        )
        return Size(tried, tried, told, wants_more=True)
    planned = min(number for number in (needed, participants) if number is not None)
    if planned <= tried:
        return Size(tried, tried, wants_more=True)
    told = (
        f"{tried} people were tried. Sums, counts and hours are multiplied by {planned / tried:.2f}, for "
        f"{planned:,}."
    )
    return Size(planned, tried, told, wants_more=needed is None or needed > planned)


def _needed(tried: int, outcome: Outcome) -> int | None:
    """How many people fill all networks, if each takes as many places as those who were tried."""
    if outcome.seats is None or not outcome.seated:
        return None
    return math.ceil(tried * outcome.seats / outcome.seated)
