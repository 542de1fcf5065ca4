"""What an experiment's `analyze` hook returns."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from chalicelib.export.errors import DataError

_PAGE: Final = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title></head>
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
    #: A whole page, or what stands in its body.
    html: str = ""

    def save(self, path: Path | str) -> Path:
        """Write the HTML to a file and return its path; folders are made as needed."""
        path = Path(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.page, encoding="utf-8")
        except OSError as error:
            raise DataError(f"The report can't be written to {path}: {error.strerror}.") from error
        return path

    @property
    def page(self) -> str:
        """The HTML as a whole page; without any, the lines."""
        if "<html" in self.html.lower():
            return self.html
        title = html.escape(self.title)
        body = self.html or f"<h1>{title}</h1>\n<pre>{html.escape(chr(10).join(self.lines))}</pre>"
        return _PAGE.format(title=title, body=body)
