"""The list of the tabs of the page of a class, in the order in which they are shown."""

from __future__ import annotations

from typing import Final

from . import class_assignments_tab, class_gradebook_tab, class_members_tab, class_settings_tab
from .class_tabs import ClassTab

TABS: Final[tuple[ClassTab, ...]] = (
    class_members_tab.TAB,
    class_assignments_tab.TAB,
    class_gradebook_tab.TAB,
    class_settings_tab.TAB,
)
