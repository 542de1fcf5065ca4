"""What an experiment's `analyze` hook returns, and the parts that reports are made of.

```python
from petri.report import Report, table

def analyze(self, data):
    rows = [(info["id"], info["contents"]) for info in data.infos.list]
    return Report("All answers", [f"{len(rows)} answers"], table(("info", "contents"), rows))
```

All reports look alike, and each says which run it is about.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .report_style import STYLE

if TYPE_CHECKING:
    from petri.data import Data

__all__ = ["Report", "about", "figure", "table", "text_table"]

#: The recruiter of participants that are programs begins with this word.
_BOTS: Final = "bots"
_LEFT: Final = ' class="left"'
_NUMBER: Final = re.compile(r"[-+\u2212]?\$?[0-9][0-9.,]*%?|-|")
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
{body}
</body>
</html>
"""


@dataclass(slots=True)
class Report:
    """A result: lines for the terminal, and HTML that becomes one self-contained file."""

    title: str
    lines: list[str] = field(default_factory=list)
    #: What stands below the title and the facts of the run; a whole page of your own is left as it is.
    html: str = ""
    #: CSS for what the shared style doesn't know.
    style: str = ""
    #: The facts of the run, by their names; `about(data)` gives them, and `petri debug` fills them in.
    about: Mapping[str, str] = field(default_factory=dict)

    def save(self, path: Path | str) -> Path:
        """Write the HTML to a file and return its path; folders are made as needed."""
        # Lazy import: an experiment in the cloud imports this module and saves nothing.
        from chalicelib.export.data_errors import DataError

        path = Path(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.page, encoding="utf-8")
        except OSError as error:
            raise DataError(f"The report can't be written to {path}: {error.strerror}.") from error
        return path

    @property
    def page(self) -> str:
        """The HTML as a whole page in the style of all reports; without any HTML, the lines."""
        if "<html" in self.html.lower():
            return self.html
        title = html.escape(self.title)
        body = self.html or f"<pre>{html.escape(chr(10).join(self.lines))}</pre>"
        heading = "" if "<h1" in body.lower() else f"<h1>{title}</h1>\n"
        style = f"{STYLE}{self.style}"
        return _PAGE.format(title=title, style=style, body=f"{heading}{_facts(self.about)}{body}")


def about(data: Data) -> dict[str, str]:
    """Return which run a report is about: experiment, date, participants (people or bots), seed, version."""
    manifest = data.manifest
    settings = manifest.get("settings", {})
    facts = {
        "Experiment": str(manifest.get("experiment", "")),
        "Run": str(manifest.get("app_id", "")),
        "Date": _date_of(data, str(manifest.get("exported", ""))),
        "Participants": _participants_of(data),
        # A run without a seed of its own draws by its id.
        "Seed": str(settings.get("run_seed", manifest.get("app_id", ""))),
        "Petri": str(manifest.get("petri", "")),
    }
    return {name: value for name, value in facts.items() if value}


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], caption: str = "") -> str:
    """Return a table as HTML, everything in it escaped; the first cell of a row names the row.

    Args:
        head: The names of the columns.
        rows: The cells of each row, as many as there are columns.
        caption: A text above the table.

    Returns:
        The table's HTML.

    Example:
        >>> print(table(["word", "count"], [["<b>", 3]]))
        <div class="wide"><table>
        <thead><tr><th scope="col" class="left">word</th><th scope="col">count</th></tr></thead>
        <tbody>
        <tr><th scope="row">&lt;b&gt;</th><td>3</td></tr>
        </tbody></table></div>

    """
    listed = [list(row) for row in rows]
    lefts = [index == 0 or any(_is_words(row[index]) for row in listed) for index in range(len(head))]
    names = "".join(
        f'<th scope="col"{_LEFT if left else ""}>{html.escape(str(name))}</th>'
        for name, left in zip(head, lefts, strict=True)
    )
    body = "\n".join(_row(row, lefts) for row in listed)
    said = f"<caption>{html.escape(caption)}</caption>\n" if caption else ""
    return (
        f'<div class="wide"><table>\n{said}<thead><tr>{names}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def text_table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """Return a table as lines for the terminal, each column as wide as its name or more.

    Args:
        head: The names of the columns.
        rows: The cells of each row, as many as there are columns.

    Returns:
        The lines, the names first.

    Example:
        >>> text_table(["word", "count"], [["bee", 3]])
        ['word  count', ' bee      3']

    """
    cells = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(map(str.rjust, row, widths)) for row in cells]


def figure(picture: str, caption: str = "") -> str:
    """Return a picture with a caption.

    Args:
        picture: SVG of your own making; it isn't escaped.
        caption: What the picture shows.

    Returns:
        The figure's HTML.

    Example:
        >>> print(figure("<svg></svg>", "A drawing"))
        <figure><svg></svg>
        <figcaption>A drawing</figcaption></figure>

    """
    said = f"\n<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
    return f"<figure>{picture}{said}</figure>"


def _row(row: Sequence[Any], lefts: Sequence[bool]) -> str:
    first, *others = (html.escape(str(cell)) for cell in row)
    cells = (f"<td{_LEFT if left else ''}>{cell}</td>" for cell, left in zip(others, lefts[1:], strict=True))
    return f'<tr><th scope="row">{first}</th>{"".join(cells)}</tr>'


def _is_words(cell: Any) -> bool:
    """Whether a cell reads from the left; numbers stand under one another by their last digit."""
    return isinstance(cell, str) and not _NUMBER.fullmatch(cell)


def _facts(facts: Mapping[str, str]) -> str:
    if not facts:
        return ""
    each = "\n".join(
        f"<div><dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd></div>"
        for name, value in facts.items()
    )
    return f'<dl class="facts">\n{each}\n</dl>\n'


def _date_of(data: Data, exported: str) -> str:
    """Return the days on which participants began; of a run without any, the day of its export."""
    days = sorted({str(person["creation_time"])[:10] for person in data.participants.list}) or [exported[:10]]
    shown = [_day(day) for day in dict.fromkeys((days[0], days[-1])) if day]
    return " to ".join(shown)


def _day(iso: str) -> str:
    moment = datetime.fromisoformat(iso)
    return f"{moment.day} {moment:%B %Y}"


def _participants_of(data: Data) -> str:
    people = data.participants.list
    bots = sum(str(person["recruiter"] or "").startswith(_BOTS) for person in people)
    counted = {"person": len(people) - bots, "bot": bots}
    words = [_count(count, word) for word, count in counted.items() if count]
    return " and ".join(words) or "none"


def _count(count: int, word: str) -> str:
    several = {"person": "people", "bot": "bots"}
    return f"{count} {word if count == 1 else several[word]}"
