"""Hashes passwords with argon2id, and remembers results for a few seconds.

A hash takes 40 ms, in which a run on this machine serves no participant, so its host handles such a request
in a thread first, where the store only reads: the hashing is done there, and the request that is then handled
on the lane finds the result here. Results are kept under a keyed hash of the password, never under itself.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
import unicodedata
from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from argon2 import PasswordHasher

#: OWASP's parameters for argon2id: about 40 ms in a function of 1 GB.
TIME_COST: Final = 2
MEMORY_KIB: Final = 19 * 1024
PARALLELISM: Final = 1
#: Longer passwords are refused: hashing one would take long.
MAX_PASSWORD: Final = 1_000
#: Seconds for which a result is remembered, and how many are.
_REMEMBERED_SECONDS: Final = 30.0
_MOST_REMEMBERED: Final = 100
_RIGHT, _WRONG = "right", "wrong"


class _RecentResults:
    """Results of this process, each under a keyed hash of what it was computed from."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._guard = threading.Lock()
        self._results: OrderedDict[str, tuple[float, str]] = OrderedDict()

    def get_or_compute(self, inputs: tuple[str, ...], compute: Callable[[], str]) -> str:
        """Return the result for some inputs, computed at most once within the seconds that it is kept."""
        parts = [hashlib.sha256(part.encode(errors="surrogatepass")).digest() for part in inputs]
        name = hmac.new(self._key, b"".join(parts), hashlib.sha256).hexdigest()
        now = time.monotonic()
        with self._guard:
            until, result = self._results.get(name, (0.0, ""))
        if until > now:
            return result
        result = compute()
        with self._guard:
            self._results[name] = (now + _REMEMBERED_SECONDS, result)
            while len(self._results) > _MOST_REMEMBERED:
                self._results.popitem(last=False)
        return result


_recent: Final = _RecentResults()


def hash_password(username: str, password: str) -> str:
    """Return the hash of a password with a new salt, in the PHC string format.

    `username`: whose it is; two users with the same password get different salts.
    """
    return _recent.get_or_compute(("hash", username, password), lambda: _hasher().hash(_bytes(password)))


def is_password(username: str, stored: str, password: str) -> bool:
    """Whether a password matches a stored hash; a longer one than is allowed never does.

    `username`: whose it is; a remembered result for one unknown user doesn't make the answer to another fast.
    """
    sent = password if len(password) <= MAX_PASSWORD else ""
    result = _recent.get_or_compute(("verify", username, stored, sent), lambda: _result(stored, sent))
    return result == _RIGHT


def dummy_hash() -> str:
    """Return a hash that no password matches, so that an unknown user takes the same time as a known one."""
    return _dummy()


def needs_new_hash(stored: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _hasher().check_needs_rehash(stored)


def _result(stored: str, password: str) -> str:
    # Lazy import: only a sign-in with a password needs argon2.
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        _hasher().verify(stored, _bytes(password))
    except (VerificationError, InvalidHashError):
        return _WRONG
    return _RIGHT


def _bytes(password: str) -> bytes:
    """Encode a password in the form in which each keyboard's way to type a letter gives the same (NFKC)."""
    return unicodedata.normalize("NFKC", password).encode(errors="surrogatepass")


@cache
def _hasher() -> PasswordHasher:
    # Lazy import: only a sign-in with a password needs argon2.
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=PARALLELISM)


@cache
def _dummy() -> str:
    return _hasher().hash(secrets.token_bytes(32))
