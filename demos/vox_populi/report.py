"""What a run of guesses looks like: lines for the terminal, and a page with a strip of dots for each jar."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .crowd import Guesses, Jar

WIDTH, LEFT = 560, 90
HEADINGS = "group  jar  beans  stage     guesses  median  a member is off  the crowd is off  spread"


def report_lines(jars: Sequence[Jar]) -> list[str]:
    """Return a row for each jar and stage."""
    if not jars:
        return ["There are no guesses yet."]
    return [HEADINGS, *(line for jar in jars for line in _lines(jar))]


def _lines(jar: Jar) -> list[str]:
    stages = {"alone": jar.alone, "together": jar.together}
    return [
        f"{jar.group:5}  {jar.number:3}  {guesses.truth:5}  {stage:8}  {len(guesses.numbers):7}"
        f"  {guesses.middle:6.0f}  {guesses.error_of_a_member:15.0%}"
        f"  {guesses.error_of_the_crowd:16.0%}  {guesses.spread:6.2f}"
        for stage, guesses in stages.items()
        if guesses is not None
    ]


def report_html(jars: Sequence[Jar]) -> str:
    """Return the page's body."""
    strips = "\n".join(_section(jar) for jar in jars) or "<p>There are no guesses yet.</p>"
    return f"""<p>Each dot is a guess, on a logarithmic scale; the tall line is the truth, the short bar
the median. Crowds
are wise when the median is nearer to the truth than most of their members; when people see each other's
guesses, the dots move together (Lorenz et al., 2011).</p>
{strips}"""


def _section(jar: Jar) -> str:
    rows = [("alone", jar.alone), ("together", jar.together)]
    shown = [(name, guesses) for name, guesses in rows if guesses is not None]
    every = [number for _, guesses in shown for number in guesses.numbers] + [jar.alone.truth]
    low, high = math.log(min(every)) - 0.1, math.log(max(every)) + 0.1

    def across(number: float) -> float:
        return LEFT + (WIDTH - LEFT - 10) * (math.log(number) - low) / (high - low)

    strips = "".join(
        _strip(name, guesses, 40 + 40 * row, across) for row, (name, guesses) in enumerate(shown)
    )
    truth = across(jar.alone.truth)
    said = ", ".join(f"{name}: median {guesses.middle:.0f}" for name, guesses in shown)
    return f"""<h2>Group {jar.group}, jar {jar.number}: {jar.alone.truth} beans</h2>
<figure><svg viewBox="0 0 {WIDTH} 110" role="img" aria-label="{said}; truth {jar.alone.truth}">
<line x1="{truth:.1f}" x2="{truth:.1f}" y1="18" y2="100" stroke="var(--third)" stroke-width="2"/>
<text x="{truth:.1f}" y="13" text-anchor="middle">{jar.alone.truth}</text>{strips}</svg></figure>"""


def _strip(name: str, guesses: Guesses, height: int, across) -> str:
    dots = "".join(
        f'<circle cx="{across(number):.1f}" cy="{height}" r="6" fill="var(--accent)" fill-opacity=".55"/>'
        for number in guesses.numbers
    )
    middle = across(guesses.middle)
    bar = f'<path d="M{middle:.1f} {height - 12}v24" stroke="var(--second)" stroke-width="4"/>'
    return f'<text x="0" y="{height + 5}">{name}</text>{bar}{dots}'
