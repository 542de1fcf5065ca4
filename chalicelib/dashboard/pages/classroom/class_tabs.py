"""The tabs of the page of a class: each shows one part of the class and carries out that part's changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.dashboard.page_call import PageCall, Rendered
from chalicelib.dashboard.rendering import render
from chalicelib.operations.classes.manage_classes import ClassWithCounts

#: Shows a tab; `refused`: why the last change wasn't made, "" when nothing was refused.
ShowTab = Callable[[PageCall, ClassWithCounts, str], Rendered]
#: Carries out a change of a class: the address ends with the name of the action.
TabAction = Callable[[PageCall, str], Rendered]


@dataclass(frozen=True, slots=True)
class ClassTab:
    """A tab of the page of a class, at /dashboard/classes/{id}/{part}."""

    #: The end of the address; "" for the first tab.
    part: str
    title: str
    show: ShowTab
    #: What the forms of the tab do, by the end of the address they are sent to.
    actions: Mapping[str, TabAction] = field(default_factory=dict)
    #: Files of the tab, by the end of their address: `gradebook.csv`.
    files: Mapping[str, TabAction] = field(default_factory=dict)


def render_tab(
    template: str, call: PageCall, part: str, shown: ClassWithCounts, *, refused: str = "", **values: Any
) -> Rendered:
    """Render a tab; its template extends `class_frame.html`, which draws the row of tabs.

    Args:
        template: The template of the tab.
        call: The call of the page.
        part: The tab's end of the address.
        shown: The class.
        refused: Why the last change wasn't made.
        **values: What the template shows.

    """
    # Lazy import: the tabs themselves import this module.
    from .class_parts import TABS

    status = 409 if refused else 200
    tabs = [(one.part, one.title) for one in TABS]
    return render(
        template,
        call,
        status=status,
        shown=shown,
        about=shown.about,
        tabs=tabs,
        part=part,
        refused=refused,
        address=f"/dashboard/classes/{shown.about.id}",
        **values,
    )
