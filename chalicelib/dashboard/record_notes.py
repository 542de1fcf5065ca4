"""Notes on the pages of participants, payments and nodes: shown, written, changed and deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.errors import BadRequest, NotFound
from chalicelib.operations.management.notes import NoteAbout

from .page_call import PageCall, Rendered, redirect
from .rendering import render

NOTE, CHANGE, DELETE = "note", "change-note", "delete-note"
#: What the page of a record does with notes besides showing them.
VERBS: Final = frozenset({NOTE, CHANGE, DELETE})


@dataclass(frozen=True, slots=True)
class NotedRecord:
    """A record that notes are about, and its page."""

    about: NoteAbout
    id: str
    #: What the page calls the record, such as "Payment 12-base".
    title: str
    address: str
    #: The pages above it, from the top: address and title.
    trail: tuple[tuple[str, str], ...]
    #: Whether an action has an address of its own below that of the page.
    has_parts: bool = True
    #: Whether notes are written on the page itself: not where its content is replaced while it is open.
    has_form: bool = True

    def action(self, verb: str) -> str:
        """Return where the form of an action is shown and posted."""
        return f"{self.address}/{verb}" if self.has_parts else self.address


def notes_of(call: PageCall, record: NotedRecord) -> Mapping[str, Any]:
    """Return what the template needs for the card of the notes."""
    return {"notes": call.run(f"{record.about}.notes", id=record.id).rows, "noted": record}


def act_on_note(call: PageCall, record: NotedRecord, verb: str) -> Rendered:
    """Write, change or delete a note, or show the form that changes one."""
    if call.method == "POST":
        text = {} if verb == DELETE else {"text": _text(call)}
        note = {} if verb == NOTE else {"note": call.one("note")}
        call.run(f"{record.about}.{verb}", id=record.id, **note, **text)
        return redirect(f"{record.address}#notes")
    known = call.run(f"{record.about}.notes", id=record.id).rows
    wanted = call.one("note")
    found = next((each for each in known if each.id == wanted and each.author == call.actor.id), None)
    if verb != CHANGE or found is None:
        raise NotFound("You have written no such note.")
    return render("note.html", call, note=found, noted=record)


def _text(call: PageCall) -> str:
    text = call.one("text")
    if not text:
        raise BadRequest("The note is empty; write some text.")
    return text
