"""Builds HTML for items: every text is escaped, and no style, script or event attribute is written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from markupsafe import Markup, escape

_VOID: Final = frozenset({"br", "img", "input", "source", "track"})
_NOT_IN_IDS: Final = re.compile(r"[^A-Za-z0-9_.-]")


def marked(text: str) -> str:
    """Return a text that is translated when it is shown; the call marks it for the catalogue of texts."""
    return text


def tag(element: str, /, *children: Any, **attributes: Any) -> Markup:
    """Return an element with escaped children and attributes.

    `class_` and `for_` are the attributes class and for, `aria_label` is aria-label. An attribute of True
    has no value; one that is None or False is left out.
    """
    attributes_html = "".join(_attribute(name, value) for name, value in attributes.items())
    if element in _VOID:
        return Markup(f"<{element}{attributes_html}>")  # noqa: S704 - name and attributes are escaped above
    return Markup(f"<{element}{attributes_html}>") + join(children) + Markup(f"</{element}>")  # noqa: S704 - the same


def _attribute(name: str, value: Any) -> str:
    if value is None or value is False:
        return ""
    attribute = name.rstrip("_").replace("_", "-")
    return f" {attribute}" if value is True else f' {attribute}="{escape(str(value))}"'


def join(parts: Iterable[Any], between: str = "") -> Markup:
    """Return parts one after another, each escaped unless it is markup; None is left out."""
    return Markup(between).join(  # noqa: S704 - `between` is this package's own
        escape(part if hasattr(part, "__html__") else str(part)) for part in parts if part is not None
    )


def lines(text: str) -> Markup:
    """Return a text with its line breaks as <br>; markup of a compiled page as it is."""
    if hasattr(text, "__html__"):
        return Markup("").join([text])
    return Markup("<br>").join(escape(line) for line in str(text).split("\n"))


def id_of(name: str, part: str = "") -> str:
    """Return the id of an item's control, or of a part of it: help, error, unit."""
    safe = _NOT_IN_IDS.sub(lambda match: f"_{ord(match[0]):x}", name)
    return f"item-{safe}-{part}" if part else f"item-{safe}"


def shown_text(value: Any) -> str:
    """Return a draft as the text of a field; empty for what isn't a text or number."""
    return (
        str(value) if isinstance(value, str | int | float | Decimal) and not isinstance(value, bool) else ""
    )
