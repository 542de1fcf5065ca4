"""Signed tokens: a caller with one acts for a participant, until it expires or a newer one revokes it."""

from __future__ import annotations

import hashlib
import hmac
import math
import threading
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer

from chalicelib.errors import Unauthorized

from .context import OPERATOR, OPERATOR_CALLER, PARTICIPANT, Caller

#: What the tokens of users begin with, so that leaked ones are recognized.
USER_PREFIX: Final = "petri_"
#: What the assertions of labs begin with in requests; no user's token has a dot.
LAB_PREFIX: Final = f"{USER_PREFIX}lab."
#: How long a participant's token is valid, in seconds: longer than any assignment lasts.
TOKEN_LIFETIME = 7 * 24 * 3600
#: How many seconds ahead of this machine's clock a token may have been signed.
CLOCK_SKEW = 300
#: How many verified signatures are cached: a page sends the same token with each request.
MAX_CACHED_SIGNATURES = 4096


class SignedTokens:
    """Issues and verifies participants' tokens, and holds the operator's."""

    def __init__(
        self, secret: str | Sequence[str], operator_token: str, lifetime: int = TOKEN_LIFETIME
    ) -> None:
        """`secret` signs; `operator_token` is the one that `petri debug` prints.

        Of several secrets the last one signs, and tokens that the others have signed are valid too.
        """
        keys: str | list[str] = secret if isinstance(secret, str) else list(secret)
        self._secret = f"keyed|{secret if isinstance(secret, str) else secret[-1]}".encode()
        self._keys = keys
        self._serializer = URLSafeTimedSerializer(keys, salt="participant")
        self.operator_token = operator_token
        self._lifetime = lifetime
        self._signed = lru_cache(maxsize=MAX_CACHED_SIGNATURES)(self._read_signed)

    def keyed(self, text: str) -> str:
        """Return a keyed hash of a text, in place of a value that must not be stored."""
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()[:24]

    def seal(self, purpose: str, content: Any) -> str:
        """Return some JSON as a signed text, which can be read but not changed, for one purpose only."""
        return str(URLSafeSerializer(self._keys, salt=f"sealed|{purpose}").dumps(content))

    def unseal(self, purpose: str, text: str) -> Any:
        """Return the JSON of a text that `seal` made for this purpose; None for any other text."""
        try:
            return URLSafeSerializer(self._keys, salt=f"sealed|{purpose}").loads(text)
        except BadData:
            return None

    def issue(self, participant_id: int, serial: int) -> str:
        """Return a token for a participant; tokens with earlier serials are revoked."""
        return str(self._serializer.dumps([participant_id, serial]))

    def ends(self, token: str) -> float:
        """Return when a valid token expires, in seconds since 1970; the operator's never does."""
        if hmac.compare_digest(token.encode(), self.operator_token.encode()):
            return math.inf
        return self._signed(token)[1] + self._lifetime

    def read(self, token: str) -> Caller:
        """Return the caller whom a token identifies; Unauthorized for a forged or expired one."""
        if hmac.compare_digest(token.encode(), self.operator_token.encode()):
            return OPERATOR_CALLER
        try:
            caller, signed = self._signed(token)
        except (BadData, TypeError, ValueError) as error:
            raise Unauthorized("This token is not valid for this run.", code="token_invalid") from error
        # The clocks of machines differ by minutes, not by hours.
        if not -CLOCK_SKEW <= int(time.time()) - signed <= self._lifetime:
            raise Unauthorized(
                "This token has expired. Open the link from the recruiter again.", code="token_expired"
            )
        return caller

    def _read_signed(self, token: str) -> tuple[Caller, int]:
        """Return the caller whom a validly signed token identifies, and when it was signed."""
        content: tuple[Any, Any] = self._serializer.loads(token, return_timestamp=True)
        (participant_id, serial), signed = content
        return Caller(PARTICIPANT, int(participant_id), int(serial)), int(signed.timestamp())


class LazyTokens(SignedTokens):
    """Tokens whose secrets are loaded lazily, when the first token is issued or verified."""

    def __init__(self, read: Callable[[], tuple[str | Sequence[str], str]]) -> None:
        """`read` returns the arguments of SignedTokens; it is called once, whatever the number of threads."""
        self._loading = threading.RLock()
        self._read_secrets: Callable[[], tuple[str | Sequence[str], str]] | None = read

    def __getattr__(self, name: str) -> Any:
        """Read the secrets; Python calls this only for attributes that aren't set yet."""
        if name.startswith("__") or name == "_loading":
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        with self._loading:
            # Another thread may have read them while this one waited.
            read, self._read_secrets = self._read_secrets, None
            if read is not None:
                try:
                    super().__init__(*read())
                except BaseException:
                    self._read_secrets = read
                    raise
            return object.__getattribute__(self, name)


__all__ = ["OPERATOR", "LazyTokens", "SignedTokens"]
