"""The tab Members of a class: who is in it, the join code, entry links, and fees that were paid by hand."""

from __future__ import annotations

import csv
import io
from typing import Any, Final
from urllib.parse import urlencode

from chalicelib.dashboard.page_call import PageCall, Rendered, redirect
from chalicelib.dashboard.qr_codes import inline_qr_code
from chalicelib.export.csv_format import excel_safe
from chalicelib.operations.classes.manage_classes import ClassWithCounts
from chalicelib.operations.classes.manage_members import MemberLink

from .class_tabs import ClassTab, render_tab

_PER_PAGE: Final = 100


def _show(call: PageCall, shown: ClassWithCounts, refused: str) -> Rendered:
    return _page(call, shown, refused=refused)


def _page(
    call: PageCall, shown: ClassWithCounts, *, refused: str = "", given: MemberLink | None = None
) -> Rendered:
    asked: dict[str, Any] = {"text": call.one("text"), "with_left": call.one("left") == "on"}
    # A refused form is sent to another address, without the list's own parameters.
    after = call.one("after") or None if call.method == "GET" else None
    members = call.run("classes.members", id=str(shown.about.id), **asked, after=after, limit=_PER_PAGE)
    kept = {"text": asked["text"], "left": "on" if asked["with_left"] else ""}
    following = {**{name: value for name, value in kept.items() if value}, "after": members.next or ""}
    return render_tab(
        "class_members.html",
        call,
        "",
        shown,
        refused=refused,
        members=members.rows,
        next_address=f"?{urlencode(following)}" if members.next else None,
        sees=not members.rows or members.rows[0].name is not None,
        given=given,
        qr=inline_qr_code(shown.about.join_address) if shown.about.status == "open" else None,
        **asked,
    )


def _add(call: PageCall, number: str) -> Rendered:
    fields = {name: call.one(name) for name in ("name", "email", "student_number")}
    return _with_link(call, number, call.run("classes.add-member", id=number, **fields))


def _link(call: PageCall, number: str) -> Rendered:
    renews = call.one("renews") == "yes"
    return _with_link(call, number, call.run("class-members.link", id=call.one("seat"), renews=renews))


def _with_link(call: PageCall, number: str, given: Any) -> Rendered:
    """Show the entry link of a member, once: a page that is loaded again doesn't contain it."""
    return _page(call, call.run("classes.read", id=number), given=given)


def _preview(call: PageCall, number: str) -> Rendered:
    """Show what an import of a list would do with each row; nothing is changed."""
    text = call.text("roster")
    shown = call.run("classes.read", id=number)
    preview = call.run("classes.import-roster", id=number, text=text, preview=True)
    return render_tab("class_roster.html", call, "", shown, rows=preview.rows, roster=text)


def _import(call: PageCall, number: str) -> Rendered:
    """Import a list; each part has a commit of its own, and a list that is sent again adds no one twice."""
    first: int | None = 0
    while first is not None:
        first = call.run("classes.import-roster", id=number, text=call.text("roster"), first=first).next
    return redirect(f"/dashboard/classes/{number}?said=imported")


def _links(call: PageCall, number: str) -> Rendered:
    """Send the members with their links as a file."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(("name", "email", "student_number", "link"))
    for one in call.run("classes.links", id=number).members:
        writer.writerow(map(excel_safe, (one.name, one.email, one.student_number, one.link)))
    headers = {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="class-{int(number)}-links.csv"',
        "Cache-Control": "no-store",
    }
    return Rendered(written.getvalue(), headers=headers)


def _mail_links(call: PageCall, number: str) -> Rendered:
    """Mail the links of a class; a part in each commit, and a form that is sent twice mails none twice."""
    after: str | None = None
    mailed = 0
    while True:
        part = call.run("classes.mail-links", id=number, after=after)
        mailed += part.mailed
        after = part.next
        if after is None:
            return redirect(f"/dashboard/classes/{number}?said={'mailed' if mailed else 'none-to-mail'}")


def _mail_link(call: PageCall, number: str) -> Rendered:
    call.run("class-members.mail-link", id=call.one("seat"))
    return redirect(f"/dashboard/classes/{number}?said=mailed")


def _remove(call: PageCall, number: str) -> Rendered:
    call.run("class-members.remove", id=call.one("seat"))
    return redirect(f"/dashboard/classes/{number}?said=removed")


def _erase(call: PageCall, number: str) -> Rendered:
    call.run("class-members.erase", id=call.one("seat"))
    return redirect(f"/dashboard/classes/{number}?said=erased")


def _pay(call: PageCall, number: str) -> Rendered:
    call.run("class-members.pay", id=call.one("seat"), charge=call.one("charge"))
    return redirect(f"/dashboard/classes/{number}?said=paid")


def _refund(call: PageCall, number: str) -> Rendered:
    call.run("class-members.refund", id=call.one("seat"))
    return redirect(f"/dashboard/classes/{number}?said=refunded")


def _change(call: PageCall, number: str) -> Rendered:
    names = ("name", "email", "student_number", "last_day")
    # Without a last day of the class, the form has no field for that of the member.
    fields = {name: call.one(name) for name in names if name in call.query}
    call.run("class-members.change", id=call.one("seat"), **fields)
    return redirect(f"/dashboard/classes/{number}?said=changed")


TAB: Final = ClassTab(
    "",
    "Members",
    _show,
    {
        "add-member": _add,
        "link": _link,
        "remove-member": _remove,
        "preview-roster": _preview,
        "import-roster": _import,
        "links": _links,
        "mail-links": _mail_links,
        "mail-link": _mail_link,
        "erase-member": _erase,
        "pay": _pay,
        "refund": _refund,
        "change-member": _change,
    },
)
