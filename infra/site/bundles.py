"""Bundles the scripts of a study's page: separate sources, one file for each request.

The sources are Petri's own classic scripts, so comments and indentation are removed line by line: no line
of a text or pattern in them begins with `//`, `/*` or `*`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from chalicelib.experiment.text_files import read_text

from .assets import FRONTEND

#: Sources that no page loads by themselves.
PARTS: Final = "scripts/study/"
#: Each bundle's name below `static`, and its sources in the order in which they run.
BUNDLES: Final = {
    "scripts/petri-study.js": (
        "store+json2.min.js",
        "study/dollar.js",
        "dallinger2.js",
        "petri.js",
        "study/texts.js",
        "petri-messages.js",
        "study/answers.js",
        "study/events.js",
        "study/clock.js",
        "study/enhance.js",
        "study/page.js",
    ),
    "scripts/petri-study-widgets.js": (
        "consent.js",
        "study/widgets/order.js",
        "study/widgets/pairs.js",
        "study/widgets/area.js",
        "study/widgets/code.js",
        "study/widgets/upload.js",
    ),
}


def bundles() -> Iterator[tuple[str, str]]:
    """Yield each bundle's name below `static` and its text."""
    scripts = FRONTEND / "static" / "scripts"
    for name, sources in BUNDLES.items():
        yield name, "".join(f"{without_comments(scripts / source)};\n" for source in sources)


def without_comments(path: Path) -> str:
    """Return a script without indentation, empty lines, and comments that have lines of their own."""
    return "\n".join(_code_lines(read_text(path).splitlines()))


def _code_lines(lines: list[str]) -> Iterator[str]:
    is_comment = False
    for line in lines:
        text = line.strip()
        # A line such as `/** @type {X} */ (code)` is code.
        is_comment = is_comment or (text.startswith("/*") and ("*/" not in text or text.endswith("*/")))
        if is_comment:
            is_comment = "*/" not in text
        elif text and not text.startswith("//"):
            yield text
