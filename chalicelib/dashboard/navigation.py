"""The navigation: Petri's pages by group, and the tabs of the experiment's author where they want them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from chalicelib import services
from chalicelib.access.rights import Actor
from chalicelib.experiment.dashboard_tabs import DashboardTab, DashboardTabs

from .page_call import DashboardPage, PageCall

#: The pages that open first, of a run and of a lab.
_FIRST_OF_RUN: Final = "overview"
_FIRST_OF_LAB: Final = "apps"
#: The page that shows the tabs of authors.
AUTHOR_TAB: Final = "tab"
#: The group of tabs that stand beside no page of Petri.
AUTHOR_GROUP: Final = "Experiment"
#: The pages of Petri by the names that experiments for Dallinger know them by.
_FORMER_ROUTES: Final[Mapping[str, str]] = {
    "index": "overview",
    "dashboard_index": "overview",
    "lifecycle": "overview",
    "network": "networks",
    "monitoring": "networks",
    "dashboard_monitoring": "networks",
    "database": "data",
    "dashboard_database": "data",
    "mturk": "recruitment",
    "dashboard_mturk": "recruitment",
    "logger": "log",
}


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """A link of the navigation."""

    #: The address below /dashboard.
    name: str
    title: str
    is_nested: bool = False


def is_lab() -> bool:
    """Whether this dashboard is that of a lab, which has no participants."""
    return bool(services.current().config.get("is_lab", False))


def first_page() -> str:
    """Return the name of the page that opens first."""
    return _FIRST_OF_LAB if is_lab() else _FIRST_OF_RUN


def is_here(page: DashboardPage) -> bool:
    """Whether this dashboard has the page."""
    return page.in_labs if is_lab() else page.in_runs


def current_entry(call: PageCall) -> str:
    """Return the name of the entry of the page that is shown."""
    # Lazy import: the pages import the module that renders pages, which imports this one.
    from .registry import find_page

    if call.tab == AUTHOR_TAB:
        return f"{AUTHOR_TAB}/{call.id}"
    page = find_page(call.tab)
    return call.tab if page is None else page.under or call.tab


def with_author_tabs(
    pages: Mapping[str, Sequence[DashboardPage]], actor: Actor, tabs: DashboardTabs
) -> dict[str, list[NavigationEntry]]:
    """Return the navigation of an actor.

    Args:
        pages: Petri's pages that the actor may see, by group.
        actor: The actor, who sees the author's tabs if they may see the page that shows them.
        tabs: The author's tabs.

    Returns:
        The entries by group, in order.

    """
    # Lazy import: the page imports the module that renders pages, which imports this one.
    from .pages.author_tabs import PAGE as TAB_PAGE

    groups = {
        group: [NavigationEntry(page.name, page.title) for page in some] for group, some in pages.items()
    }
    if not TAB_PAGE.is_open_to(actor):
        return groups
    for tab in tabs:
        route, is_after = tabs.beside.get(tab.route_name, ("", False))
        _insert(groups, _entries_of(tab), _FORMER_ROUTES.get(route, route), is_after=is_after)
    return groups


def _entries_of(tab: DashboardTab) -> list[NavigationEntry]:
    below = [
        NavigationEntry(f"{AUTHOR_TAB}/{_address(child)}", child.title, is_nested=True)
        for child in tab.children
    ]
    return [NavigationEntry(f"{AUTHOR_TAB}/{_address(tab)}", tab.title), *below]


def _address(tab: DashboardTab) -> str:
    return tab.route_name + (f"?{urlencode(tab.params)}" if tab.params else "")


def _insert(
    groups: dict[str, list[NavigationEntry]], entries: list[NavigationEntry], beside: str, *, is_after: bool
) -> None:
    for some in groups.values():
        names = [entry.name for entry in some]
        if beside in names:
            position = names.index(beside) + is_after
            # After the tabs that already follow the same page.
            while is_after and position < len(some) and some[position].name.startswith(f"{AUTHOR_TAB}/"):
                position += 1
            some[position:position] = entries
            return
    groups.setdefault(AUTHOR_GROUP, []).extend(entries)
