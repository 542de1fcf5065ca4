"""Filters that the compiler adds to expressions in attributes: what participants wrote stays text there."""

from __future__ import annotations

import re
from typing import Any, Final

from markupsafe import Markup, escape

#: The address that takes the place of one that could run a script.
REFUSED_ADDRESS: Final = "#refused-address"
_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})
_IMAGE: Final = re.compile(r"data:image/(?:png|gif|jpeg|webp|avif);base64,[A-Za-z0-9+/=]*", re.IGNORECASE)
#: Browsers ignore these inside an address, so that "java\nscript:" is a script to them.
_IGNORED: Final = re.compile(r"[\x00-\x20\x7f\u0080-\u009f]")
_SCHEME: Final = re.compile(r"(?P<scheme>[^/?#]*?):")


def attribute(value: Any) -> Markup:
    """Return a value as the text of a quoted attribute: quotes in it can't end the attribute."""
    return escape(Markup(value).unescape() if hasattr(value, "__html__") else str(value))  # noqa: S704 - escaped


def address(value: Any) -> Markup:
    """Return an address for a link; one whose scheme isn't http, https, mailto or tel is replaced."""
    written = str(Markup(value).unescape() if hasattr(value, "__html__") else value)  # noqa: S704 - escaped below
    return escape(written if is_safe_address(written) else REFUSED_ADDRESS)


def media_address(value: Any) -> Markup:
    """Return the address of a picture, sound or video, which can also be a picture as `data:`."""
    written = str(Markup(value).unescape() if hasattr(value, "__html__") else value)  # noqa: S704 - escaped below
    return escape(written) if _IMAGE.fullmatch(written.strip()) else address(written)


def is_safe_address(written: str) -> bool:
    """Whether following an address can't run a script: it is relative, or has a known scheme."""
    match = _SCHEME.match(_IGNORED.sub("", written))
    return match is None or match["scheme"].lower() in _SCHEMES


def is_safe_media(written: str) -> bool:
    """Whether an address can be the source of a picture, sound or video."""
    return bool(_IMAGE.fullmatch(written.strip())) or is_safe_address(written)


#: The filters' names in templates; authors don't write them.
FILTERS: Final = {"petri_attribute": attribute, "petri_address": address, "petri_media": media_address}
