"""Builds HTML pages that need no template of an experiment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from markupsafe import Markup

from chalicelib.web.responses import HEADERS

_PAGE: Final = Markup(
    '<!DOCTYPE html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="robots" content="noindex"><title>{title}</title>'
    '<link rel="stylesheet" href="/static/css/study.css"></head><body class="study">'
    '<main class="container" id="main"><div class="page"><h1>{title}</h1>{body}</div></main></body></html>'
)
_FIELD: Final = Markup(
    '<p class="item"><label for="{name}">{label}</label>'
    '<input class="form-control" id="{name}" name="{name}" value="{value}" maxlength="{most}" {more}></p>'
)
#: What is wrong with what a person has sent.
PROBLEM: Final = Markup('<p class="alert alert-danger" role="alert">{}</p>')


def standalone_page(title: str, body: Markup | str, *, language: str = "en", direction: str = "ltr") -> str:
    """Return a page; `title` is escaped, `body` is HTML where it is a `Markup`."""
    return _PAGE.format(title=title, body=body, language=language, direction=direction)


def form_field(name: str, label: str, given: Mapping[str, str], most: int, more: Markup) -> Markup:
    """Return a labelled input.

    Args:
        name: Its name, which is also its id.
        label: What people read.
        given: What was entered before, by name.
        most: The most characters.
        more: Further attributes, as HTML.

    Returns:
        The HTML.

    """
    return _FIELD.format(name=name, label=label, value=given.get(name, ""), most=most, more=more)


def standalone_headers(*, form_action: str = "'self'", frame_ancestors: str = "'none'") -> dict[str, Any]:
    """Return the headers of a page, which holds what only its reader may have: nothing of it is stored.

    `form_action` and `frame_ancestors`: these directives of its content security policy.
    """
    policy = "default-src 'self'; base-uri 'none'"
    return {
        **HEADERS,
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": f"{policy}; form-action {form_action}; frame-ancestors {frame_ancestors}",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
