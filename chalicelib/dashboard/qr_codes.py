"""Draws QR codes of addresses as SVG."""

from __future__ import annotations

import io
from typing import Any, Final

from markupsafe import Markup

#: Black on white in light and dark colours alike, with the margin of four modules that readers need.
_COLOURS: Final = {"dark": "#000", "light": "#fff"}
_MARGIN: Final = 4
#: How much of a code may be covered or dirty: about 15 percent.
_ERROR_LEVEL: Final = "m"


def inline_qr_code(text: str) -> Markup:
    """Return a QR code as an element of a page; it takes the width that its frame has."""
    svg = _code_of(text).svg_inline(border=_MARGIN, omitsize=True, **_COLOURS)
    # The element contains only numbers and colours, and nothing of the text.
    return Markup(svg)  # noqa: S704


def qr_code_file(text: str) -> str:
    """Return a QR code as an SVG file, 20 pixels for each module."""
    file = io.BytesIO()
    _code_of(text).save(file, kind="svg", border=_MARGIN, scale=20, **_COLOURS)
    return file.getvalue().decode()


def _code_of(text: str) -> Any:
    # Lazy import: most requests draw no code.
    import segno

    return segno.make(text, error=_ERROR_LEVEL, micro=False)
