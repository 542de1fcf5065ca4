"""Notes about participants, payments and nodes, at the address of the record that they are about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import ID_TEXT, One
from chalicelib.operations.listings.listing import Listing
from chalicelib.operations.management import notes
from chalicelib.operations.management.notes import MAX_NOTE, NoteAbout, NoteRow
from chalicelib.operations.shared.context import Context

_TEXT: Final = {"min": 1, "max": MAX_NOTE}
_NOTE: Final = {**ID_TEXT, "help": "The note's id."}


@dataclass(frozen=True, slots=True)
class NewNote:
    """A record, and a note about it."""

    id: str = field(metadata=ID_TEXT)
    text: str = field(metadata=_TEXT)


@dataclass(frozen=True, slots=True)
class OneNote:
    """A record, and one of the notes about it."""

    id: str = field(metadata=ID_TEXT)
    note: str = field(metadata=_NOTE)


@dataclass(frozen=True, slots=True)
class ChangedNote:
    """A record, one of the notes about it, and its new text."""

    id: str = field(metadata=ID_TEXT)
    note: str = field(metadata=_NOTE)
    text: str = field(metadata=_TEXT)


def _list(about: NoteAbout, ctx: Context, one: One) -> Listing[NoteRow]:
    return notes.list_notes(ctx, about, one.id)


def _write(about: NoteAbout, ctx: Context, one: NewNote) -> NoteRow:
    return notes.write_note(ctx, about, one.id, one.text)


def _change(about: NoteAbout, ctx: Context, one: ChangedNote) -> NoteRow:
    return notes.change_note(ctx, about, one.id, one.note, one.text)


def _delete(about: NoteAbout, ctx: Context, one: OneNote) -> NoteRow:
    return notes.delete_note(ctx, about, one.id, one.note)


def _changing(
    about: NoteAbout, verb: str, parameters: Any, run: Callable[..., NoteRow], summary: str
) -> AnyOperation:
    return ApiOperation(
        name=f"{about}.{verb}",
        method="POST",
        resource=about.value,
        shape=Shape.VERB,
        verb=verb,
        right=Right.COMMENT,
        parameters=parameters,
        answer=NoteRow,
        run=partial(run, about),
        summary=summary,
    )


def _operations(about: NoteAbout) -> tuple[AnyOperation, ...]:
    what = f"a {about.value.removesuffix('s')}"
    return (
        ApiOperation(
            name=f"{about}.notes",
            method="GET",
            resource=about.value,
            shape=Shape.VERB,
            verb="notes",
            right=Right.VIEW,
            parameters=One,
            answer=Listing[NoteRow],
            run=partial(_list, about),
            summary=f"Lists the notes about {what}.",
        ),
        _changing(about, "note", NewNote, _write, f"Writes a note about {what}."),
        _changing(
            about,
            "change-note",
            ChangedNote,
            _change,
            f"Changes the text of a note about {what}; only its author may.",
        ),
        _changing(
            about,
            "delete-note",
            OneNote,
            _delete,
            f"Deletes a note about {what}; its author may, and actors with Manage lab.",
        ),
    )


OPERATIONS: Final[tuple[AnyOperation, ...]] = tuple(
    each for about in NoteAbout for each in _operations(about)
)
