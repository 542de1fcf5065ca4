"""HTML of the experiment's author: pages of their own address, which frames of the dashboard show.

Their policy allows no scripts, no forms and no requests, so nothing in them can reach the dashboard.
"""

from __future__ import annotations

from markupsafe import Markup, escape

from chalicelib.access.rights import Right
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered
from chalicelib.errors import NotFound, PetriError

_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'"
)
_PAGE = Markup(
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>'
    ":root {{ color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.5 }} "
    "body {{ margin: .5rem; overflow-wrap: anywhere }} img, svg {{ max-width: 100%; height: auto }} "
    "table {{ border-collapse: collapse }} :is(th, td) {{ padding: .2rem .6rem; text-align: start }}"
    "</style></head><body>{body}</body></html>"
)


def show_frame(call: PageCall) -> Rendered:
    """Show a panel (`panel/<number>`), a record's picture (`record/<type>-<id>`) or a tab (`tab/<route>`)."""
    part = call.part or ""
    try:
        title, html = _found(call, part)
    except NotFound:
        raise
    except PetriError as error:
        title, html = "Error", str(escape(error))
    body = _PAGE.format(title=title, body=Markup(html))  # noqa: S704 - shown without scripts, in a frame
    return Rendered(str(body), headers={"Content-Security-Policy": _POLICY, "X-Frame-Options": "SAMEORIGIN"})


def _found(call: PageCall, part: str) -> tuple[str, str]:
    if call.id == "panel":
        panels = call.run("panels.read").panels
        number = int(part) if part.isascii() and part.isdigit() and len(part) < 4 else len(panels)  # noqa: PLR2004
        if number >= len(panels):
            raise NotFound("The experiment has no such panel.")
        return panels[number].title, panels[number].html
    if call.id == "record":
        return part, call.run("visualizations.read", id=part).html
    if call.id == "tab":
        tab = call.run("tabs.read", id=part)
        return tab.title, tab.html or ""
    raise NotFound("There is nothing at this address.")


PAGE = DashboardPage("frame", "Frame", Right.VIEW, show_frame)
