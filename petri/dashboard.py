"""Tabs of your own on the dashboard: `from petri.dashboard import dashboard_tab`."""

from __future__ import annotations

from chalicelib.experiment.dashboard_tabs import DashboardTab, DashboardTabs, dashboard_tab, dashboard_tabs
from petri._public import present_as

__all__ = ["DashboardTab", "DashboardTabs", "dashboard_tab", "dashboard_tabs"]

present_as(__name__, globals(), __all__)
