"""Tabs that an author adds to the dashboard: `@dashboard_tab("Mine")`, `dashboard_tabs.insert(...)`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, Final, TypeVar

from chalicelib.errors import ExperimentError

F = TypeVar("F", bound=Callable[..., Any])

_ROUTE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")
_MARK: Final = "__petri_dashboard_tab__"
#: What a route may be preceded by, as in `dashboard.network`.
_PREFIX: Final = "dashboard."


class DashboardTab:
    """A tab of the dashboard: its title, its route, and the tabs below it."""

    def __init__(
        self,
        title: str,
        route_name: str,
        children_function: Callable[[], Iterable[DashboardTab]] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        """Make a tab.

        Args:
            title: The text in the navigation.
            route_name: The segment of the address, such as `"my-experiment"`; a `"dashboard."` before it is
                left out.
            children_function: Called without arguments; returns the tabs that are shown below this one.
            params: Parameters of the tab's address.

        Raises:
            ExperimentError: The route isn't a word of letters, digits, - and _.

        """
        self.title = str(title)
        self.route_name = _route(route_name)
        self.children_function = children_function
        self.params = dict(params or {})

    @property
    def has_children(self) -> bool:
        """Whether there are tabs below this one."""
        return self.children_function is not None

    @property
    def children(self) -> list[DashboardTab]:
        """The tabs below this one."""
        return [] if self.children_function is None else list(self.children_function())


class DashboardTabs:
    """The tabs that an experiment adds, in order. `before` and `after` name other tabs, or pages of Petri."""

    def __init__(self, tabs: Iterable[DashboardTab] = ()) -> None:
        """Begin with some tabs."""
        self.tabs = list(tabs)
        #: For a tab that stands beside a page of Petri: the page's route, and whether it follows it.
        self.beside: dict[str, tuple[str, bool]] = {}

    def __iter__(self) -> Iterator[DashboardTab]:
        return iter(self.tabs)

    def insert(self, title: str, route_name: str, position: int | None = None) -> None:
        """Add a tab.

        Args:
            title: The text in the navigation.
            route_name: The segment of the tab's address.
            position: Its place among the author's tabs, from 0; by default the last.

        """
        self.insert_tab(DashboardTab(title, route_name), position)

    def insert_tab(self, tab: DashboardTab, position: int | None = None) -> None:
        """Add a tab that was made before, which can have tabs below it.

        Args:
            tab: The tab.
            position: Its place among the author's tabs, from 0; by default the last.

        """
        if tab.route_name in {each.route_name for each in self.tabs}:
            raise ExperimentError(f"There are two dashboard tabs with the route {tab.route_name!r}.")
        self.tabs.insert(len(self.tabs) if position is None else position, tab)

    def insert_before_route(self, title: str, route_name: str, before_route: str) -> None:
        """Add a tab before another one, or before a page of Petri.

        Args:
            title: The text in the navigation.
            route_name: The segment of the tab's address.
            before_route: The route of the other tab or page, such as `"networks"`.

        """
        self._insert_beside(DashboardTab(title, route_name), _route(before_route), is_after=False)

    def insert_tab_before_route(self, tab: DashboardTab, before_route: str) -> None:
        """Add a tab that was made before, before another one; see `insert_before_route`."""
        self._insert_beside(tab, _route(before_route), is_after=False)

    def insert_after_route(self, title: str, route_name: str, after_route: str) -> None:
        """Add a tab after another one, or after a page of Petri.

        Args:
            title: The text in the navigation.
            route_name: The segment of the tab's address.
            after_route: The route of the other tab or page, such as `"networks"`.

        """
        self._insert_beside(DashboardTab(title, route_name), _route(after_route), is_after=True)

    def insert_tab_after_route(self, tab: DashboardTab, after_route: str) -> None:
        """Add a tab that was made before, after another one; see `insert_after_route`."""
        self._insert_beside(tab, _route(after_route), is_after=True)

    def remove(self, route_name: str) -> None:
        """Take a tab away.

        Args:
            route_name: The tab's route.

        Raises:
            ExperimentError: No tab has it.

        """
        del self.tabs[self._position(_route(route_name))]

    def clear(self) -> None:
        """Take all tabs away, before another experiment is loaded."""
        self.tabs.clear()
        self.beside.clear()

    def find(self, route_name: str) -> DashboardTab | None:
        """Return the tab with a route, also one below another; None without one."""
        below = (child for tab in self.tabs for child in tab.children)
        return next((tab for tab in (*self.tabs, *below) if tab.route_name == route_name), None)

    def _insert_beside(self, tab: DashboardTab, route: str, *, is_after: bool) -> None:
        own = [each.route_name for each in self.tabs]
        if route in own:
            self.insert_tab(tab, own.index(route) + is_after)
            return
        self.insert_tab(tab)
        self.beside[tab.route_name] = (route, is_after)

    def _position(self, route: str) -> int:
        for position, tab in enumerate(self.tabs):
            if tab.route_name == route:
                return position
        raise ExperimentError(f"The dashboard has no tab of yours with the route {route!r}.")


#: The tabs of the experiment that is being loaded; an author's module changes them.
dashboard_tabs: Final = DashboardTabs()


def dashboard_tab(
    title: str, *, route_name: str = "", after_route: str = "", before_route: str = ""
) -> Callable[[F], F]:
    """Make this function, or method of your Experiment, a tab of the dashboard.

    It is called without arguments but a method's `self` and returns HTML, which is shown in a frame without
    scripts, or a dictionary or list, which is shown as a table.

    Args:
        title: The text in the navigation.
        route_name: The segment of the address; by default the function's name.
        after_route: The route of the page or tab that it follows, such as `"networks"`.
        before_route: The route of the page or tab that it precedes.

    Returns:
        A decorator that marks the function and returns it unchanged.

    Raises:
        ExperimentError: The route isn't valid, or both `after_route` and `before_route` are given.

    """
    if after_route and before_route:
        raise ExperimentError("A dashboard tab is after a route or before one; give one of the two.")

    def mark(function: F) -> F:
        route = route_name or function.__name__.replace("_", "-")
        setattr(function, _MARK, (DashboardTab(title, route), after_route, before_route))
        return function

    return mark


def collect_tabs(module: ModuleType, cls: type) -> tuple[DashboardTabs, dict[str, Callable[..., Any]]]:
    """Return the tabs of a loaded experiment, and the functions that show them, by route."""
    found = DashboardTabs(dashboard_tabs.tabs)
    found.beside.update(dashboard_tabs.beside)
    views: dict[str, Callable[..., Any]] = {}
    marked: Sequence[Any] = [*vars(module).values(), *(getattr(cls, name, None) for name in dir(cls))]
    for function in marked:
        declared = getattr(function, _MARK, None)
        if declared is None or not callable(function):
            continue
        tab, after, before = declared
        if tab.route_name in views:
            continue
        views[tab.route_name] = function
        if found.find(tab.route_name) is not None:
            # The author has inserted it already, perhaps below another tab.
            continue
        if after:
            found.insert_tab_after_route(tab, after)
        elif before:
            found.insert_tab_before_route(tab, before)
        else:
            found.insert_tab(tab)
    return found, views


def _route(name: str) -> str:
    route = name.removeprefix(_PREFIX)
    if not _ROUTE.fullmatch(route):
        raise ExperimentError(
            f"The route {name!r} of a dashboard tab must be a word of small letters, digits, - and _."
        )
    return route
