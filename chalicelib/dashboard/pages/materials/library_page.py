"""The library: studies that users publish for one another, with their versions, use and origins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from chalicelib import services
from chalicelib.access.rights import Right
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered, redirect
from chalicelib.dashboard.rendering import render
from chalicelib.errors import NotFound, Refused
from chalicelib.study.study_library.library_records import EntryVisibility

from .public_entry_page import public_entry_address
from .upload_actions import answer_script, whole_number

_ADDRESS: Final = "/dashboard/library"
_PER_PAGE: Final = 24
#: What is written about an entry, in the order of the form.
_TEXTS: Final = ("title", "description", "author", "licence", "visibility")


def show_library(call: PageCall) -> Rendered:
    """Show the entries or one of them, and act on them; packages are uploaded by a script."""
    if call.method == "POST":
        return _take_package(call) if call.id is None else _act_on(call, call.id)
    if call.part is not None:
        raise NotFound("There is no such page.")
    return _show_entries(call) if call.id is None else _show_entry(call, call.id)


def _show_entries(call: PageCall) -> Rendered:
    shown = render(
        "library.html",
        call,
        found=call.run(
            "library.list",
            q=call.one("q")[:200],
            own=call.one("show") == "own",
            deleted=call.one("show") == "deleted",
            after=call.one("after") or None,
            limit=call.rows(_PER_PAGE),
        ),
        quota=call.run("library.quota"),
        which=call.one("show"),
        words=call.one("q"),
        may_publish=call.actor.may(Right.EDIT_MATERIALS),
    )
    # Scripts post packages to the bucket of uploads.
    return replace(shown, connects_to=services.current().files.post_origin())


def _show_entry(
    call: PageCall, name: str, *, refused: str = "", status: int = 200, download: str = ""
) -> Rendered:
    detail = call.run("library.read", id=name)
    is_public = detail.entry.visibility == EntryVisibility.PUBLIC and detail.entry.deleted is None
    shown = render(
        "library_entry.html",
        call,
        status=status,
        detail=detail,
        entry=detail.entry,
        may_keep=call.actor.may(Right.EDIT_MATERIALS) and (detail.is_own or call.actor.may(Right.MANAGE_LAB)),
        public_address=public_entry_address(call.origin, name) if is_public else "",
        refused=refused,
        download=download,
    )
    # The package is at another origin, to which a form can't lead.
    return replace(shown, headers={**shown.headers, "Refresh": f"0; url={download}"}) if download else shown


def _take_package(call: PageCall) -> Rendered:
    """Begin, finish or cancel an upload for the page's script, which gets the answer as JSON."""
    texts = {name: call.one(name) or None for name in ("title", "author", "licence", "visibility")}
    actions: Mapping[str, Callable[[], Any]] = {
        "begin": lambda: call.run(
            "library.begin", name=call.one("name"), size=whole_number(call, "size"), sha256=call.one("sha256")
        ),
        "finish": lambda: call.run(
            "library.finish",
            id=call.one("upload"),
            description=call.text("description") or None,
            notes=call.text("notes"),
            **texts,
        ),
        "cancel": lambda: call.run("library.cancel", id=call.one("upload")),
    }
    return answer_script(call, actions)


def _act_on(call: PageCall, name: str) -> Rendered:
    actions: Mapping[str | None, Callable[[], str]] = {
        "describe": lambda: _describe_entry(call, name),
        "rate": lambda: _named(call.run("library.rate", id=name, stars=whole_number(call, "stars"))),
        "view": lambda: _named(call.run("library.view", id=name)),
        "delete": lambda: _named(call.run("library.delete", id=name)),
        "restore": lambda: _named(call.run("library.restore", id=name)),
        "remove": lambda: _remove_entry(call, name),
    }
    if call.part not in (*actions, "copy"):
        raise NotFound("There is no such action.")
    try:
        if call.part == "copy":
            copied = call.run("library.copy", id=name, version=whole_number(call, "version") or None)
            return _show_entry(call, name, download=copied.url)
        return redirect(actions[call.part]())
    except NotFound:
        raise
    except Refused as refusal:
        return _show_entry(call, name, refused=str(refusal), status=refusal.status)


def _describe_entry(call: PageCall, name: str) -> str:
    texts = {each: call.text(each) for each in _TEXTS}
    return _named(call.run("library.describe", id=name, name=call.one("name") or None, **texts))


def _remove_entry(call: PageCall, name: str) -> str:
    call.run("library.remove", id=name, confirm=call.one("confirm"))
    return f"{_ADDRESS}?show=deleted"


def _named(row: Any) -> str:
    return f"{_ADDRESS}/{row.id}"


PAGE = DashboardPage("library", "Library", Right.VIEW, show_library, nav="Setup", in_labs=True)
