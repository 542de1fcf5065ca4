"""Checks what identifies a member of a class: their name, their email address, their student number."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from chalicelib.errors import BadRequest
from chalicelib.immutable import immutable
from chalicelib.study.classes import class_texts as texts

MAX_NAME: Final = 120
MAX_EMAIL: Final = 200
MAX_STUDENT_NUMBER: Final = 60
#: Characters without a shape, or without a meaning.
_UNREADABLE: Final = frozenset({"Cc", "Cf", "Co", "Cn", "Cs"})
_ATOM: Final = r"[^@\s<>\"(),:;\[\\\].]+"
_EMAIL: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_ATOM}(?:\.{_ATOM})+")


@immutable()
class MemberIdentity:
    """A name, an email address and a student number, as they are stored; "" for what isn't known."""

    name: str
    email: str = ""
    student_number: str = ""

    @property
    def claims(self) -> tuple[str, ...]:
        """What no other member of the class may have: address and number, however they are cased."""
        found = (("email", self.email), ("number", "".join(self.student_number.split())))
        return tuple(f"{kind}:{folded(value)}" for kind, value in found if value)


def folded(text: str) -> str:
    """Return a text as it is compared."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def checked_identity(name: str, email: str = "", student_number: str = "") -> MemberIdentity:
    """Return who a member is; BadRequest for a name, an address or a number that isn't valid."""
    shown = _line(name)
    if not any(one.isalnum() for one in shown):
        raise BadRequest(texts.NAME_EMPTY, code="name_invalid")
    if len(shown) > MAX_NAME:
        raise BadRequest(texts.NAME_TOO_LONG, code="name_invalid")
    return MemberIdentity(shown, checked_email(email), checked_student_number(student_number))


def checked_email(email: str) -> str:
    """Return an address; BadRequest for a text that isn't one, and "" for an empty text."""
    address = _line(email)
    if address and (len(address) > MAX_EMAIL or not _EMAIL.fullmatch(address)):
        raise BadRequest(texts.EMAIL_INVALID, code="email_invalid")
    return address


def checked_student_number(student_number: str) -> str:
    """Return a student number; BadRequest for one that is too long or has no letter or digit."""
    number = _line(student_number)
    if number and (len(number) > MAX_STUDENT_NUMBER or not any(one.isalnum() for one in number)):
        raise BadRequest(texts.STUDENT_NUMBER_INVALID, code="student_number_invalid")
    return number


def _line(text: str) -> str:
    """Return a text on one line; BadRequest for characters that can't be shown."""
    line = " ".join(unicodedata.normalize("NFKC", text).split())
    if any(unicodedata.category(one) in _UNREADABLE for one in line):
        raise BadRequest(texts.UNREADABLE, code="text_unreadable")
    return line
