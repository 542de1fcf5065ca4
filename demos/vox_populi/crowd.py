"""How wise a crowd is: errors of its members and of its median, before and after they saw all guesses."""

import math
from dataclasses import dataclass
from statistics import fmean, median, pstdev

from petri.charts import strip_chart
from petri.report import Report, figure

HEADINGS = "group  jar  beans  stage     guesses  median  a member is off  the crowd is off  spread"
ABOUT = """<p>Each dot is a guess, on a logarithmic scale; the tall line is the truth, the short bar the
median. When people see each other's guesses, the dots move together (Lorenz et al., 2011).</p>"""


@dataclass(frozen=True)
class Guesses:
    # One group's guesses at one jar at one stage.

    truth: int
    numbers: tuple

    @property
    def error_of_a_member(self):
        # How far the members are off on average, as a share of the truth.
        return fmean(abs(number - self.truth) / self.truth for number in self.numbers)

    @property
    def error_of_the_crowd(self):
        return abs(median(self.numbers) - self.truth) / self.truth

    @property
    def spread(self):
        # The standard deviation of the logarithms: 0 when all say the same.
        return pstdev(math.log(number) for number in self.numbers)


def jars_of(rows):
    found = {}
    for row in rows:
        if row["name"] == "guess":
            stages = found.setdefault((row["network_id"], int(row["value.jar"])), {})
            stages.setdefault(row["value.stage"], []).append(row)
    return {jar: {stage: _guesses(those) for stage, those in found[jar].items()} for jar in sorted(found)}


def _guesses(rows):
    return Guesses(int(rows[0]["value.truth"]), tuple(sorted(float(row["value.guess"]) for row in rows)))


def report_on(rows):
    lines, strips = [HEADINGS], []
    for (group, jar), stages in jars_of(rows).items():
        truth = next(iter(stages.values())).truth
        for stage, one in stages.items():
            lines.append(
                f"{group:5}  {jar:3}  {truth:5}  {stage:8}  {len(one.numbers):7}  {median(one.numbers):6.0f}"
                f"  {one.error_of_a_member:15.0%}  {one.error_of_the_crowd:16.0%}  {one.spread:6.2f}"
            )
        strips.append(f"<h2>Group {group}, jar {jar}: {truth} beans</h2>")
        dots = {stage: one.numbers for stage, one in stages.items()}
        strips.append(figure(strip_chart(f"jar-{group}-{jar}", "The guesses", dots, truth)))
    none = "There are no guesses yet."
    return Report("The wisdom of the crowd", lines if strips else [none], ABOUT + ("\n".join(strips) or none))
