"""The report on texts that were passed down chains: how far each has drifted, and the texts side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from .chains import ChainLink, ChainTables, TextChain, text_chains
from .charts import chain_chart, changed_words, line_chart
from .report import Report, figure, table

__all__ = ["drift_report"]

#: How long the bar of the largest distance is in the terminal, in characters.
BAR = 20
NONE = "There are no retellings yet."
NOTE = (
    "Drift is the edit distance between two texts, in characters, as a share of the longer one: 0 is the "
    "same text, 1 has nothing in common. Line breaks and repeated blanks don't count."
)


def drift_report(data: ChainTables, titles: Mapping[str, str], introduction: str = "") -> Report:
    """Report how far each chain's text drifted, for `analyze` to return.

    Args:
        data: The data of a run, a `petri.data.Data`.
        titles: What to call a chain, by the text with which it began; otherwise it is called "Chain".
        introduction: A sentence that begins the report.

    Returns:
        A table for each chain in the terminal; in the page, the chain drawn, the drift plotted, and each text
        beside what was read.

    """
    chains = [(titles.get(chain.original, "Chain"), chain) for chain in text_chains(data)]
    sections = [_section(title, chain, number) for number, (title, chain) in enumerate(chains, start=1)]
    said = f"<p>{escape(introduction)}</p>\n" if introduction else ""
    body = "\n".join(sections) or f"<p>{NONE}</p>"
    html = f'{said}<p class="note">{NOTE}</p>\n{body}'
    return Report("How far the texts drifted", _lines(chains), html)


def _lines(chains: Sequence[tuple[str, TextChain]]) -> list[str]:
    lines: list[str] = []
    for title, chain in chains:
        lines += [""] if lines else []
        lines += [f"{_headline(title, chain)}.", "place  words  to original  to parent"]
        lines += [_line(link) for link in chain.links]
    return lines or [NONE]


def _line(link: ChainLink) -> str:
    bar = "█" * round(BAR * link.to_original)
    numbers = f"{link.place:5}  {link.words:5}  {link.to_original:11.2f}  {link.to_parent:9.2f}"
    return f"{numbers}  {bar}".rstrip()


def _headline(title: str, chain: TextChain) -> str:
    before, count = len(chain.original.split()), len(chain.links)
    retellings = "1 retelling" if count == 1 else f"{count} retellings"
    return f"{title}: {retellings}, {before} words became {chain.links[-1].words}"


def _section(title: str, chain: TextChain, number: int) -> str:
    words = f"{len(chain.original.split())} words"
    texts = "\n".join(_texts(link, is_open=link is chain.links[-1]) for link in chain.links)
    return f"""<section>
<h2>{escape(_headline(title, chain))}</h2>
{figure(_drawn(chain, number), "S is the source; the redder a circle, the further from the original.")}
{figure(_plotted(chain, number), "Drift at each place of the chain.")}
{_table(chain)}
<h3>The texts</h3>
<details><summary>The original, {words}</summary>
<p class="text">{escape(chain.original)}</p></details>
{texts}
</section>"""


def _drawn(chain: TextChain, number: int) -> str:
    links = chain.links
    said = ", ".join(f"place {link.place}: {link.to_original:.2f}" for link in links)
    return chain_chart(
        f"chain-{number}",
        "The chain of texts",
        labels=["S", *(str(link.place) for link in links)],
        notes=[f"{count} words" for count in (len(chain.original.split()), *(link.words for link in links))],
        shades=[0.0, *(link.to_original for link in links)],
        description=f"A source and a circle for each person, in order. Drift from the original: {said}.",
    )


def _plotted(chain: TextChain, number: int) -> str:
    return line_chart(
        f"drift-{number}",
        "Drift along the chain",
        {
            "to the original": [link.to_original for link in chain.links],
            "to the parent": [link.to_parent for link in chain.links],
        },
        across="place in the chain",
        up="normalised edit distance",
        description="Drift to the original and to the parent at each place; the table has the numbers.",
    )


def _table(chain: TextChain) -> str:
    rows = [
        (link.place, link.words, f"{link.to_original:.3f}", f"{link.to_parent:.3f}") for link in chain.links
    ]
    return table(("place", "words", "to the original", "to the parent"), rows, "The same in numbers")


def _texts(link: ChainLink, *, is_open: bool) -> str:
    lost, came = changed_words(link.read, link.text)
    return f"""<details{" open" if is_open else ""}>
<summary>Place {link.place}: {link.words} words, {link.to_original:.2f} from the original,
{link.to_parent:.2f} from the parent</summary>
<div class="pair"><div><h4>What was read</h4><p class="text">{lost}</p></div>
<div><h4>What was written</h4><p class="text">{came}</p></div></div></details>"""
