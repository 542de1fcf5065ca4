"""The tabs that the experiment's author adds to the dashboard."""

from __future__ import annotations

from chalicelib.access.rights import Right
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered
from chalicelib.dashboard.rendering import render
from chalicelib.errors import NotFound, PetriError


def show_tab(call: PageCall) -> Rendered:
    """Show one tab: the author's HTML in a frame, or a table."""
    if call.id is None or call.part is not None:
        raise NotFound("Name a tab of the experiment: /dashboard/tab/<route>.")
    try:
        tab, problem = call.run("tabs.read", id=call.id), ""
    except NotFound:
        raise
    except PetriError as error:
        tab, problem = None, str(error)
    return render("author_tab.html", call, author_tab=tab, problem=problem)


PAGE = DashboardPage("tab", "Tab", Right.VIEW_PERSONAL_DATA, show_tab)
