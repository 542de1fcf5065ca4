"""QR codes of entry links: all of them on sheets to print, one to show on a screen, one as a file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from chalicelib.access.rights import Right
from chalicelib.dashboard.page_call import PageCall, Rendered
from chalicelib.dashboard.qr_codes import inline_qr_code, qr_code_file
from chalicelib.dashboard.rendering import render
from chalicelib.errors import BadRequest, Forbidden, NotFound
from chalicelib.operations.management.run_state.managed_recruitment import PLACEHOLDER, EntryLink

#: How many codes a sheet has.
PER_SHEET: Final = 24
_FILE: Final = "svg"
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9_-]+")
_MOST_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class LinkCode:
    """An entry link of which a code can be drawn."""

    #: A hash of the link, which stays the same when more links are made.
    id: str
    worker_id: str
    address: str
    is_used: bool


def show_codes(call: PageCall) -> Rendered:
    """Show a sheet of codes, or the code of one link, as a page or as a file."""
    if not (call.actor.may(Right.RECRUIT) and call.actor.may(Right.VIEW_PERSONAL_DATA)):
        raise Forbidden(
            "Entry links contain ids of participants: to see their QR codes, you need the rights "
            f"{Right.RECRUIT.value!r} and {Right.VIEW_PERSONAL_DATA.value!r}."
        )
    codes = codes_of(call.run("recruitment.links").links)
    if call.part is None:
        return _sheet(call, codes)
    code = next((one for one in codes if one.id == call.part), None)
    if code is None:
        raise NotFound("This run has no such entry link.")
    if call.one("file") == _FILE:
        return _file(code)
    return render("entry_link_code.html", call, code=code, qr_code=inline_qr_code(code.address))


def codes_of(links: Sequence[EntryLink]) -> list[LinkCode]:
    """Return the links of which a code can be drawn: all but those with a placeholder."""
    return [
        LinkCode(link_id(link.address), link.worker_id or "", link.address, link.is_used)
        for link in links
        if link.address and PLACEHOLDER not in unquote(link.address)
    ]


def link_id(address: str) -> str:
    """Return the id of a link in addresses of the dashboard, which don't contain the link itself."""
    return hashlib.sha256(address.encode()).hexdigest()[:16]


def _sheet(call: PageCall, codes: Sequence[LinkCode]) -> Rendered:
    text = call.one("sheet", "1")
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS and int(text)):
        raise BadRequest("The number of a sheet is a whole number such as 2.")
    sheet, unused = int(text), [code for code in codes if not code.is_used]
    start = (sheet - 1) * PER_SHEET
    shown = unused[start : start + PER_SHEET]
    return render(
        "entry_link_codes.html",
        call,
        shown=[(code, inline_qr_code(code.address)) for code in shown],
        unused=len(unused),
        used=len(codes) - len(unused),
        first=start + 1,
        following=sheet + 1 if start + PER_SHEET < len(unused) else None,
    )


def _file(code: LinkCode) -> Rendered:
    name = _NOT_IN_NAMES.sub("-", code.worker_id or "all") or "link"
    headers = {
        "Content-Type": "image/svg+xml",
        "Content-Disposition": f'attachment; filename="entry-link-{name}.svg"',
    }
    return Rendered(qr_code_file(code.address), headers=headers)
