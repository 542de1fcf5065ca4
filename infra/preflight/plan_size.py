"""Extrapolates from the simulated to the planned number of participants."""

from __future__ import annotations

import math
from dataclasses import dataclass

from infra.simulate.trial import RunTrace
from infra.simulate.trial_outcome import Outcome


@dataclass(frozen=True)
class Size:
    """The planned and the simulated number of participants."""

    planned: int
    tried: int
    #: A sentence on the extrapolation; empty when all participants were simulated.
    note: str = ""
    #: Whether the experiment would recruit more participants than planned.
    wants_more: bool = False

    @property
    def factor(self) -> float:
        """The factor by which counts and sums of the simulation are multiplied."""
        return self.planned / self.tried if self.tried else 1.0


def size_of(participants: int | None, course: RunTrace, outcome: Outcome) -> Size:
    """Estimate how many participants would come; `participants`: the requested number."""
    tried = len(course.fared)
    if course.gave_up or not course.not_invited or not tried:
        fewer = participants is not None and tried < participants and not course.gave_up
        note = f"The experiment recruits {tried} participants, not {participants:,}." if fewer else ""
        return Size(tried, tried, note)
    if participants is not None and participants <= tried:
        return Size(tried, tried, wants_more=True)
    needed = _needed(tried, outcome)
    if needed is None and participants is None:
        note = (
            f"The experiment keeps recruiting after {tried} participants, and its networks are unlimited. "
            f"Counts and sums are for {tried}; set another number with --participants."
        )
        return Size(tried, tried, note, wants_more=True)
    planned = min(number for number in (needed, participants) if number is not None)
    if planned <= tried:
        return Size(tried, tried, wants_more=True)
    note = (
        f"{tried} participants were simulated. Counts, sums and hours are multiplied by "
        f"{planned / tried:.2f}, for {planned:,}."
    )
    return Size(planned, tried, note, wants_more=needed is None or needed > planned)


def _needed(tried: int, outcome: Outcome) -> int | None:
    """Estimate how many participants fill all networks, at the simulated places per participant."""
    if outcome.seats is None or not outcome.seated:
        return None
    return math.ceil(tried * outcome.seats / outcome.seated)
