"""The overview: where the run stands, and what needs a person."""

from __future__ import annotations

from chalicelib.access.rights import Right
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered
from chalicelib.dashboard.rendering import render


def show_overview(call: PageCall) -> Rendered:
    """Show the overview, or its numbers only."""
    return render("overview.html", call, overview=call.run("overview.read"))


PAGE = DashboardPage("overview", "Overview", Right.VIEW, show_overview, nav="Run")
