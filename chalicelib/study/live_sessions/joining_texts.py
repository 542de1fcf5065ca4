"""The texts that people read who join a live session; each is translated into the study's language."""

from __future__ import annotations

from typing import Final

from chalicelib.study.items.markup import marked

TITLE: Final = marked("Join the session")
PIN: Final = marked("PIN")
NAME: Final = marked("Your name, as the others will see it")
JOIN: Final = marked("Join")
PIN_UNKNOWN: Final = marked("No session has this PIN. Check the digits on the host's screen.")
LOCKED: Final = marked("The host has closed the door, so this session can't be joined any more.")
FULL: Final = marked("This session is full: no more people can join.")
NAME_TAKEN: Final = marked("Another player has this name. Choose another one.")
NAME_REFUSED: Final = marked("Please choose another name.")
NAME_EMPTY: Final = marked("Enter a name with at least one letter or digit.")
NAME_TOO_LONG: Final = marked("The name can have 30 characters at most.")
NAME_UNREADABLE: Final = marked("The name contains characters that can't be shown. Remove them.")
FIELD_MISSING: Final = marked("Fill in all fields.")
NOT_A_PERSON: Final = marked("That was too quick. Please press the button again.")
WAIT: Final = marked("Too many attempts from your network. Wait a minute, and try again.")
