"""Assets: the pictures, sounds and videos of the run, with their alternative texts and their use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from chalicelib import services
from chalicelib.access.rights import Right
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered, redirect
from chalicelib.dashboard.rendering import render
from chalicelib.errors import NotFound, Refused
from chalicelib.operations.shared.study_check import is_study_class

from .upload_actions import answer_script, whole_number

_ADDRESS: Final = "/dashboard/assets"
_PER_PAGE: Final = 24


def show_assets(call: PageCall) -> Rendered:
    """Show the assets or one of them, and act on them; uploads are begun and finished by a script."""
    if call.method == "POST":
        return _upload(call) if call.id is None else _act(call, call.id)
    if call.part is not None:
        raise NotFound("There is no such page.")
    return _show_list(call) if call.id is None else _show_one(call, call.id)


def _show_list(call: PageCall) -> Rendered:
    is_deleted = call.one("show") == "deleted"
    shown = render(
        "assets.html",
        call,
        found=call.run(
            "assets.list",
            deleted=is_deleted,
            after=call.one("after") or None,
            limit=call.rows(_PER_PAGE),
        ),
        quota=call.run("assets.quota"),
        is_deleted=is_deleted,
        may_edit=call.actor.may(Right.EDIT_MATERIALS),
        of_folder=_of_folder(),
        site=_site_origin(),
    )
    # Scripts post files to the bucket of uploads; the pictures of the folder are on the participants' site.
    return replace(shown, connects_to=services.current().files.post_origin(), pictures_from=_site_origin())


def _show_one(call: PageCall, sha256: str, *, refused: str = "", status: int = 200) -> Rendered:
    return render(
        "asset.html",
        call,
        status=status,
        asset=call.run("assets.read", id=sha256),
        may_edit=call.actor.may(Right.EDIT_MATERIALS),
        refused=refused,
    )


def _site_origin() -> str:
    """Return the origin of the participants' site; "" where the dashboard is on it."""
    site_url = services.current().site_url
    parts = urlsplit("" if site_url is None else site_url())
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _of_folder() -> list[Any]:
    """Return the assets of the study's folder."""
    cls: Any = services.current().experiment_class
    return list(cls.library.compiled.assets.values()) if is_study_class(cls) else []


def _upload(call: PageCall) -> Rendered:
    """Begin, finish or cancel an upload for the page's script, which gets the answer as JSON."""
    actions: Mapping[str, Callable[[], Any]] = {
        "begin": lambda: call.run(
            "assets.begin", name=call.one("name"), size=whole_number(call, "size"), sha256=call.one("sha256")
        ),
        "finish": lambda: call.run(
            "assets.finish",
            id=call.one("upload"),
            alt=call.one("alt"),
            decorative=call.one("decorative") == "yes",
            width=whole_number(call, "width"),
            height=whole_number(call, "height"),
            thumbnail=call.one("thumbnail"),
            blur=call.one("blur"),
        ),
        "cancel": lambda: call.run("assets.cancel", id=call.one("upload")),
    }
    return answer_script(call, actions)


def _act(call: PageCall, sha256: str) -> Rendered:
    actions: Mapping[str | None, Callable[[], Any]] = {
        "describe": lambda: call.run(
            "assets.describe",
            id=sha256,
            alt=call.one("alt"),
            decorative=call.one("decorative") == "yes",
            name=call.one("name") or None,
        ),
        "delete": lambda: call.run("assets.delete", id=sha256),
        "restore": lambda: call.run("assets.restore", id=sha256),
        "remove": lambda: call.run("assets.remove", id=sha256),
    }
    if call.part not in actions:
        raise NotFound("There is no such action.")
    try:
        actions[call.part]()
    except NotFound:
        raise
    except Refused as refusal:
        return _show_one(call, sha256, refused=str(refusal), status=refusal.status)
    return redirect(f"{_ADDRESS}/{sha256}" if call.part in ("describe", "restore") else _ADDRESS)


PAGE = DashboardPage("assets", "Assets", Right.VIEW, show_assets, nav="Setup")
