"""Exports: all data of the run in one zip, written by a job whose progress the page shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from chalicelib import services
from chalicelib.access.rights import Right
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered, redirect
from chalicelib.dashboard.rendering import render
from chalicelib.errors import NotFound, Refused

_ADDRESS: Final = "/dashboard/exports"
_PER_PAGE: Final = 20


def show_exports(call: PageCall) -> Rendered:
    """Show the exports of the actor, begin one, or act on one."""
    if call.method == "POST":
        return _begin(call) if call.id is None else _act(call, call.id)
    if call.part == "delete" and call.id is not None:
        return render("export_deletion.html", call, export=call.run("exports.read", id=call.id))
    if call.id is not None:
        raise NotFound("There is no such page.")
    return _show(call)


def _show(call: PageCall, *, refused: str = "", download: Any = None) -> Rendered:
    # Lazy import: other experiments don't need the classes of studies.
    from chalicelib.study.study import Study

    headers: Mapping[str, str] = {} if download is None else {"Refresh": f"0; url={download.url}"}
    shown = render(
        "exports.html",
        call,
        found=call.run("exports.list", after=call.one("after") or None, limit=call.rows(_PER_PAGE)),
        may_export_personal_data=call.actor.may(Right.EXPORT_PERSONAL_DATA),
        is_study=issubclass(services.current().experiment_class, Study),
        refused=refused,
        download=download,
    )
    return Rendered(shown.html, shown.status, {**shown.headers, **headers})


def _begin(call: PageCall) -> Rendered:
    contents = call.one("contents")
    is_psych_ds = contents == "psych_ds"
    try:
        call.run(
            "exports.create",
            unscrubbed=contents == "unscrubbed",
            excel_safe=call.one("excel_safe") == "yes" and not is_psych_ds,
            psych_ds=is_psych_ds,
            uploads=call.one("uploads") == "yes" and not is_psych_ds,
        )
    except Refused as refusal:
        return _show(call, refused=str(refusal))
    return redirect(_ADDRESS)


def _act(call: PageCall, export_id: str) -> Rendered:
    actions: Mapping[str | None, Callable[[], Rendered]] = {
        "download": lambda: _show(call, download=call.run("exports.download", id=export_id)),
        "cancel": lambda: _done(call, "exports.cancel", export_id),
        "delete": lambda: _done(call, "exports.delete", export_id),
    }
    if call.part not in actions:
        raise NotFound("There is no such action.")
    try:
        return actions[call.part]()
    except NotFound:
        raise
    except Refused as refusal:
        return _show(call, refused=str(refusal))


def _done(call: PageCall, operation: str, export_id: str) -> Rendered:
    call.run(operation, id=export_id)
    return redirect(_ADDRESS)


PAGE = DashboardPage("exports", "Exports", Right.EXPORT, show_exports, nav="Results")
