"""Renders the pages of the dashboard from its templates; everything that is shown is escaped."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from chalicelib import services
from chalicelib.access.rights import Actor
from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.version import VERSION

from . import charts, formats
from .navigation import NavigationEntry, current_entry, is_here, with_author_tabs
from .operation_calls import new_form_id
from .page_call import PageCall, Rendered

STATIC: Final = "/dashboard-static"
#: In a deployed app, names the folder of the dashboard's files in the bucket: a hash of them.
FILES_VARIABLE: Final = "PETRI_DASHBOARD_FILES"
#: The block of a template that htmx replaces while the page is open.
LIVE_BLOCK: Final = "live"
_TEMPLATES: Final = Path(__file__).with_name("templates")


def render(template: str, call: PageCall, *, status: int = 200, **values: Any) -> Rendered:
    """Render a page for a call; for a fragment only the template's block `live`, if it has one.

    Args:
        template: The name of the file in `templates/`, such as `overview.html`.
        call: The call of the page.
        status: The HTTP status.
        **values: What the template shows.

    Returns:
        The rendered page.

    """
    found = environment().get_template(template)
    context = {
        **_frame(call.actor, current_entry(call), call.csrf),
        **_preferred(call),
        "call": call,
        **values,
    }
    block = found.blocks.get(LIVE_BLOCK)
    if call.is_fragment and block is not None:
        return Rendered("".join(block(found.new_context(context))), status)
    return Rendered(found.render(context), status)


def render_alone(
    template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any
) -> Rendered:
    """Render a page without the navigation, for a browser that isn't signed in."""
    found = environment().get_template(template)
    return Rendered(found.render(run=_run(), **values), status, headers or {})


def render_error(status: int, text: str) -> Rendered:
    """Render an error as a page that says what to do."""
    found = environment().get_template("error.html")
    return Rendered(found.render(status=status, text=text), status)


def pages_for(actor: Actor) -> dict[str, list[NavigationEntry]]:
    """Return the pages that an actor may see, by group; the author's tabs are among them."""
    # Lazy import: the pages themselves import this module.
    from .registry import GROUPS, PAGES

    pages = {
        group: [page for page in PAGES if page.nav == group and page.is_open_to(actor) and is_here(page)]
        for group in GROUPS
    }
    return with_author_tabs(pages, actor, services.current().experiment_class.dashboard_tabs)


@cache
def environment() -> Environment:
    """Return the environment of the templates: escaping is on, and an undefined name is an error."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= formats.FILTERS
    made.globals |= {"static": _static, "histogram_bars": charts.histogram_bars, "share": charts.share}
    made.globals["new_form_id"] = new_form_id
    # Macros are globals, since a block that is rendered alone doesn't see what its template imports.
    made.globals["icon"] = made.get_template("icons.html").module.icon  # type: ignore[attr-defined]
    made.globals["ui"] = made.get_template("macros.html").module
    return made


def _static(path: str) -> str:
    """Return the address of one of the dashboard's files; it changes when the files do."""
    deployed = os.environ.get(FILES_VARIABLE)
    return f"{STATIC}/{deployed}/{path}" if deployed else f"{STATIC}/{path}?v={VERSION}"


def _frame(actor: Actor, tab: str, csrf: str) -> dict[str, Any]:
    """Return what the frame of every page shows."""
    # Lazy import: the pages themselves import this module.
    from .registry import find_page

    stop = find_page("stop")
    return {
        "run": _run(),
        "nav": pages_for(actor),
        "tab": tab,
        "actor": actor,
        "csrf": csrf,
        "has_stop": stop is not None and stop.is_open_to(actor) and is_here(stop),
    }


def _preferred(call: PageCall) -> dict[str, Any]:
    """Return what the frame of a page needs to know about the reader's preferences."""
    return {"preferences": call.preferences, "keeps_preferences": True}


def _run() -> dict[str, str]:
    app = services.current()
    settings = RunSettings.read(app.config)
    return {"id": app.app_id, "title": str(settings.title), "mode": str(settings.mode)}
