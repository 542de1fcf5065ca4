"""Classes: the list, the form that creates one, and the page of one class with its tabs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered, redirect
from chalicelib.dashboard.rendering import render
from chalicelib.errors import BadRequest, InvalidState, NotFound, Refused

from .class_parts import TABS
from .class_settings_tab import settings_in
from .class_tabs import ClassTab, TabAction

_ADDRESS: Final = "/dashboard/classes"
_NEW: Final = "new"
#: Which tab a form belongs to, by the end of the address to which it is sent.
_OF_ACTION: Final[Mapping[str, tuple[ClassTab, TabAction]]] = MappingProxyType(
    {name: (tab, action) for tab in TABS for name, action in tab.actions.items()}
)
_FILES: Final[Mapping[str, TabAction]] = MappingProxyType(
    {name: file for tab in TABS for name, file in tab.files.items()}
)


def show_classes(call: PageCall) -> Rendered:
    """Show the classes or one of them, or carry out a change; a refused one is explained on the page."""
    if call.method == "POST":
        return _act(call)
    if call.id is None:
        return _list(call)
    if call.part in _FILES:
        return _FILES[call.part or ""](call, call.id)
    tab = next((one for one in TABS if one.part == (call.part or "")), None)
    if tab is None:
        raise NotFound("There is no such page.")
    return _tab(call, tab)


def _list(call: PageCall, refused: Refused | None = None) -> Rendered:
    status = 200 if refused is None else refused.status
    rows = call.run("classes.list").rows
    return render("classes.html", call, status=status, classes=rows, refused=str(refused or ""))


def _tab(call: PageCall, tab: ClassTab, refused: str = "") -> Rendered:
    shown: Any = call.run("classes.read", id=call.id)
    return tab.show(call, shown, refused)


def _act(call: PageCall) -> Rendered:
    if call.id == _NEW and call.part is None:
        return _create(call)
    found = _OF_ACTION.get(call.part or "")
    if call.id is None or found is None:
        raise NotFound("This page has no such action.")
    tab, action = found
    try:
        return action(call, call.id)
    except (InvalidState, BadRequest) as refusal:
        return _tab(call, tab, str(refusal))


def _create(call: PageCall) -> Rendered:
    try:
        created = call.run("classes.create", **settings_in(call))
    except (InvalidState, BadRequest) as refusal:
        return _list(call, refusal)
    return redirect(f"{_ADDRESS}/{created.id}?said=created")


PAGE: Final = DashboardPage("classes", "Classes", Right.GRADE, show_classes, nav="Run")
