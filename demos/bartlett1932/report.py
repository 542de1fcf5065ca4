"""What a run of retellings looks like: lines for the terminal, and the report's body."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

from petri.report import figure, table

from .drift import Chain, Retelling
from .figures import chain_figure, drift_figure

BAR = 20
_CHAIN = "S is the source; the redder a circle, the further its text is from the original."
STYLE = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")


def report_lines(chains: Sequence[Chain]) -> list[str]:
    """Return one short table for each chain."""
    if not chains:
        return ["There are no retellings yet."]
    lines: list[str] = []
    for chain in chains:
        if lines:
            lines.append("")
        lines.append(f"{headline(chain)}.")
        lines.append("place  words  to original  to parent")
        lines += [_line(one) for one in chain.retellings]
    return lines


def headline(chain: Chain) -> str:
    last = chain.retellings[-1]
    before = len(chain.original.split())
    count = len(chain.retellings)
    retellings = "1 retelling" if count == 1 else f"{count} retellings"
    return f"{chain.story or 'Chain'}: {retellings}, {before} words became {last.words}"


def _line(one: Retelling) -> str:
    bar = "█" * round(BAR * one.to_original)
    return f"{one.place:5}  {one.words:5}  {one.to_original:11.2f}  {one.to_parent:9.2f}  {bar}".rstrip()


def report_html(chains: Sequence[Chain]) -> str:
    """Return the report's body; its style is STYLE."""
    sections = [_section(number, chain) for number, chain in enumerate(chains, start=1)]
    body = "\n".join(sections) or "<p>There are no retellings yet.</p>"
    return f"""<p>Each person read what the person before had written, and wrote it down from memory, after
Bartlett, <cite>Remembering</cite> (1932).</p>
<p class="note">Drift is the edit distance between two texts, in characters, as a share of the longer one:
0 is the same text, 1 has nothing in common. Line breaks and repeated blanks don't count.</p>
{body}"""


def _section(number: int, chain: Chain) -> str:
    retellings = "\n".join(_retelling(chain, one) for one in chain.retellings)
    return f"""<section>
<h2>{escape(headline(chain))}</h2>
{figure(chain_figure(chain, f"chain-{number}"), _CHAIN)}
{figure(drift_figure(chain, f"drift-{number}"), "Drift at each place of the chain.")}
{_table(chain)}
<h3>The texts</h3>
<details><summary>The original, {len(chain.original.split())} words</summary>
<p class="text">{escape(chain.original)}</p></details>
{retellings}
</section>"""


def _table(chain: Chain) -> str:
    rows = [
        (one.place, one.words, f"{one.to_original:.3f}", f"{one.to_parent:.3f}") for one in chain.retellings
    ]
    return table(("place", "words", "to the original", "to the parent"), rows, "The same in numbers")


def _retelling(chain: Chain, one: Retelling) -> str:
    lost, new = _compared(one.read, one.text)
    last = " open" if one is chain.retellings[-1] else ""
    return f"""<details{last}>
<summary>Place {one.place}: {one.words} words, {one.to_original:.2f} from the original,
{one.to_parent:.2f} from the parent</summary>
<div class="pair"><div><h4>What was read</h4><p class="text">{lost}</p></div>
<div><h4>What was written</h4><p class="text">{new}</p></div></div></details>"""


def _compared(read: str, written: str) -> tuple[str, str]:
    """Return both texts as HTML, with the words marked that went and the words that came."""
    before, after = re.split(r"(\s+)", read), re.split(r"(\s+)", written)
    lost, new = [], []
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for kind, from1, to1, from2, to2 in matcher.get_opcodes():
        gone, come = escape("".join(before[from1:to1])), escape("".join(after[from2:to2]))
        lost.append(gone if kind == "equal" or not gone else f"<del>{gone}</del>")
        new.append(come if kind == "equal" or not come else f"<ins>{come}</ins>")
    return "".join(lost), "".join(new)
