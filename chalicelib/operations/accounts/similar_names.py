"""Finds names that look alike, so that one actor can't be taken for another."""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from typing import Final

from chalicelib.errors import InvalidState

#: What looks alike, and the letter that stands for both.
_ALIKE: Final = (("rn", "m"), ("vv", "w"), ("0", "o"), ("1", "l"), ("i", "l"), ("|", "l"))
_SEPARATORS: Final = dict.fromkeys(map(ord, " ._-"))
#: Names under which Petri itself acts, or that pages and commands use.
_RESERVED: Final = (
    *("operator", "admin", "administrator", "root", "system", "petri", "support", "me", "all"),
    *("anonymous", "nobody", "somebody", "everybody", "everyone", "participant", "token", "user", "group"),
    *("add", "invite", "invitation", "invitations", "role", "roles", "groups", "users", "remove"),
)
_SCRIPTS: Final = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "FULLWIDTH", "MATHEMATICAL")


def folded(name: str) -> str:
    """Return what is the same for names that look alike: `Lab admin`, `LAB-ADMIN` and `Lab adm1n`."""
    text = name.lower().translate(_SEPARATORS)
    for each, letter in _ALIKE:
        text = text.replace(each, letter)
    return text


_FOLDED_RESERVED: Final = frozenset(map(folded, _RESERVED))


def refuse_reserved(username: str) -> str:
    """Return a username; InvalidState for one under which Petri itself acts, or that looks like one."""
    if folded(username) in _FOLDED_RESERVED:
        raise InvalidState(
            f"The name {username[:40]!r} is reserved. Choose another one.", code="name_reserved"
        )
    return username


def refuse_disguise(name: str) -> str:
    """Return the name of a person; InvalidState for one that looks like that of another.

    No word mixes letters of several alphabets, such as a Cyrillic letter among Latin ones, and no name is
    that of the operator.
    """
    plain = unicodedata.normalize("NFKC", name)
    if folded(plain.strip()) == folded("Operator"):
        raise InvalidState("The name 'Operator' is reserved. Choose another one.", code="name_reserved")
    for word in name.split():
        scripts = [script for script in map(_script, word) if script]
        if any(one != other for one, other in pairwise(scripts)):
            raise InvalidState(
                f"{word[:40]!r} mixes letters of alphabets that look alike. Write each word in one alphabet.",
                code="name_misleading",
            )
    return name


def _script(character: str) -> str:
    if not character.isalpha():
        return ""
    words = unicodedata.name(character, "").split()
    return words[0] if words and words[0] in _SCRIPTS else ""
