"""The texts that people read who join a class; each is translated into the study's language."""

from __future__ import annotations

from typing import Final

from chalicelib.study.items.markup import marked

NAME_EMPTY: Final = marked("Enter a name with at least one letter or digit.")
NAME_TOO_LONG: Final = marked("The name can have 120 characters at most.")
EMAIL_INVALID: Final = marked("Enter an email address such as ada@example.org.")
STUDENT_NUMBER_INVALID: Final = marked("Enter a student number of at most 60 letters and digits.")
UNREADABLE: Final = marked("The text contains characters that can't be shown. Remove them.")
