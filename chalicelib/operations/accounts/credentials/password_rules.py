"""Decides whether a password may be used, as NIST SP 800-63B says: long, and not one that others guess.

Nothing is said about digits or signs: such rules make passwords that are hard to remember and easy to guess.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from chalicelib.errors import BadRequest

from .password_hashing import MAX_PASSWORD

MIN_PASSWORD: Final = 12
#: A password with fewer different characters is a pattern, such as abababababab.
_MIN_DIFFERENT: Final = 5
#: Rows of keys and of characters, in both directions, of which a password may not consist.
_ROWS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "yxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn",
    "q1w2e3r4t5y6u7i8o9p0",
)
#: Words that make up the passwords that are guessed first; a password may not be made of them alone.
_WORDS: Final = frozenset(
    """
    password passwort passwd pass word motdepasse contrasena senha secret geheim admin administrator root
    user guest login letmein welcome willkommen bienvenue hello hallo iloveyou ilove you love sunshine
    princess dragon monkey football baseball basketball superman batman starwars pokemon shadow master michael
    jordan jennifer charlie summer winter spring autumn january february march april june july august
    september october november december monday friday sunday changeme change me default temp temporary
    test testing computer internet whatever trustno trust no one correct horse battery staple qwerty
    qwertz azerty abc my the is this it in to open let mine please university college lab laboratory research
    researcher experiment petri participant study science student professor
    """.split()  # noqa: SIM905 - a list of words is easier to read as a text
)
#: Digits and signs around a password, such as a year.
_AROUND: Final = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_LEET: Final = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s"})


def check_password(password: str, own_words: Iterable[str] = ()) -> str:
    """Return a password that may be used; BadRequest, which says why, for another.

    `own_words`: what others know of the user and of the run, such as the username and the run's title.
    """
    if len(password) > MAX_PASSWORD:
        raise _refused(f"is longer than {MAX_PASSWORD} characters")
    if len(password) < MIN_PASSWORD:
        raise _refused(f"has fewer than {MIN_PASSWORD} characters")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in password):
        raise _refused("contains control characters")
    folded = password.casefold()
    if len(set(folded)) < _MIN_DIFFERENT or _is_repeated(folded):
        raise _refused("repeats the same few characters")
    if _is_of_rows(folded):
        raise _refused("is a row of keys or of characters")
    if _is_of_words(folded, own_words):
        raise _refused("is made of common words, or of your own name")
    return password


def _refused(why: str) -> BadRequest:
    return BadRequest(
        f"This password {why}. Choose at least {MIN_PASSWORD} characters that others can't guess, such as "
        "four words that have nothing to do with each other.",
        code="password_refused",
    )


def _is_repeated(text: str) -> bool:
    """Whether a text is a shorter one, repeated."""
    return text in (text + text)[1:-1]


def _is_of_rows(text: str) -> bool:
    """Whether a text consists of parts of rows, each of at least four characters."""
    rows = [both for row in _ROWS for both in (row, row[::-1])]
    place = 0
    while place < len(text):
        fitting = [
            length
            for length in range(4, len(text) - place + 1)
            if any(text[place : place + length] in row for row in rows)
        ]
        if not fitting:
            return len(text) - place < 4 and place > 0  # noqa: PLR2004 - a rest that is too short for a row
        place += fitting[-1]
    return True


def _is_of_words(text: str, own_words: Iterable[str]) -> bool:
    """Whether nothing of a text but digits and signs is outside common words and the user's own."""
    own = {word for each in own_words for word in re.split(r"\W+|_", each.casefold()) if len(word) > 1}
    known = _WORDS | own
    middle = _AROUND.sub("", text)
    forms = (text, text.translate(_LEET), middle.translate(_LEET))
    letters = [re.sub(r"[\W\d_]+", "", form) for form in forms]
    return any(found and _splits_into(found, known) for found in letters)


def _splits_into(letters: str, known: Iterable[str]) -> bool:
    """Whether a text is a sequence of known words."""
    words = frozenset(known)
    longest = max(map(len, words))
    reached = [True] + [False] * len(letters)
    for end in range(1, len(letters) + 1):
        starts = range(max(0, end - longest), end)
        reached[end] = any(reached[start] and letters[start:end] in words for start in starts)
    return reached[-1]
