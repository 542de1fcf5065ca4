"""How wise a crowd is: errors of its members and of its median, before and after they saw all guesses."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median, pstdev
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Guesses:
    """One group's guesses at one jar at one stage."""

    truth: int
    numbers: tuple[float, ...]

    @property
    def middle(self) -> float:
        return median(self.numbers)

    @property
    def error_of_a_member(self) -> float:
        """How far the members are off on average, as a share of the truth."""
        return fmean(abs(number - self.truth) / self.truth for number in self.numbers)

    @property
    def error_of_the_crowd(self) -> float:
        """The same for the crowd's median."""
        return abs(self.middle - self.truth) / self.truth

    @property
    def spread(self) -> float:
        """The standard deviation of the logarithms: 0 when all say the same."""
        return pstdev(math.log(number) for number in self.numbers)


@dataclass(frozen=True)
class Jar:
    """One jar in one group."""

    group: int
    number: int
    alone: Guesses
    together: Guesses | None


def jars_of(infos: Sequence[Row]) -> list[Jar]:
    """Collect the guesses of a run that count, group by group and jar by jar."""
    counted = [info for info in infos if info["type"] == "estimate" and not info["failed"]]
    found = []
    for group, number in sorted({(info["network_id"], int(info["property1"])) for info in counted}):
        of_jar = [i for i in counted if (i["network_id"], int(i["property1"])) == (group, number)]
        alone, together = _guesses(of_jar, "alone"), _guesses(of_jar, "together")
        if alone is not None:
            found.append(Jar(group, number, alone, together))
    return found


def _guesses(of_jar: Sequence[Row], stage: str) -> Guesses | None:
    at_stage = [info for info in of_jar if info["property2"] == stage]
    if not at_stage:
        return None
    numbers = tuple(sorted(float(info["contents"]) for info in at_stage))
    return Guesses(int(at_stage[0]["property3"]), numbers)
