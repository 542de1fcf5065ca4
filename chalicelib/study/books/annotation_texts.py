"""Holds the texts with which readers annotate the pages of a book."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chalicelib.study.items.markup import marked

TOO_MANY: Final = marked("This page has {n} notes, which is the most that it can have.")
#: The texts of the browser's part, by the names under which it finds them.
ANNOTATION_TEXTS: Final[Mapping[str, str]] = {
    "heading": marked("Your notes"),
    "annotate": marked("Annotate selection"),
    "select": marked("Select some text of the page first."),
    "whole": marked("Note on the whole page"),
    "note": marked("Your note (empty for a highlight)"),
    "readers": marked("Who can read it?"),
    "private": marked("Only me"),
    "instructors": marked("My instructors"),
    "authors": marked("The authors of the book"),
    "save": marked("Save"),
    "cancel": marked("Cancel"),
    "edit": marked("Edit"),
    "delete": marked("Delete"),
    "undo": marked("Undo"),
    "show": marked("Show in the text"),
    "lost": marked("The text of these notes has changed or was removed:"),
    "saved": marked("The note is saved."),
    "deleted": marked("The note is deleted."),
    "failed": marked("The note couldn't be saved. Check your connection and try again."),
    "long": marked("This selection is too long. Select less text."),
}
