"""A lock in the app's keep bucket, by conditional puts, so that one operator at a time changes an app."""

from __future__ import annotations

import contextlib
import getpass
import json
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.model.record import iso
from infra.problems import OperatorProblem

from .aws_errors import code_of, is_gone
from .session import Account

KEY: Final = "lock.json"
#: How long a lock is held unless it is renewed, and so how long a crashed process can block others.
HOLDS: Final = timedelta(minutes=5)
RENEW_EVERY: Final = 60.0
_LOST: Final = {"PreconditionFailed", "412", "ConditionalRequestConflict", "409"}


@dataclass(frozen=True)
class _Held:
    owner: str
    token: str
    purpose: str
    until: datetime

    @classmethod
    def read(cls, body: bytes) -> _Held:
        fields = json.loads(body)
        until = datetime.fromisoformat(fields["until"])
        return cls(fields["owner"], fields["token"], fields["purpose"], until)

    def body(self) -> bytes:
        fields = {"owner": self.owner, "token": self.token, "purpose": self.purpose, "until": iso(self.until)}
        return json.dumps(fields).encode()


class Lock:
    """The lock of one app, as this process sees it."""

    def __init__(
        self, account: Account, bucket: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """`bucket`: the app's keep bucket."""
        self._s3 = account.client("s3")
        self._bucket = bucket
        self._now = now
        self._token = secrets.token_hex(8)
        self._etag: str | None = None
        self._purpose = ""
        self._lost = False

    def take(self, purpose: str) -> None:
        """Acquire the lock, also one that has expired; raises OperatorProblem with its holder."""
        self._purpose = purpose
        try:
            self._write({"IfNoneMatch": "*"})
        except ClientError as error:
            if code_of(error) not in _LOST:
                raise
            self._take_over(purpose)

    def _take_over(self, purpose: str) -> None:
        try:
            found = self._s3.get_object(Bucket=self._bucket, Key=KEY)
        except ClientError as error:
            if not is_gone(error):
                raise
            # The bucket was deleted just now, together with the app.
            raise OperatorProblem("Another operator is changing this app. Run the command again.") from error
        held = _Held.read(found["Body"].read())
        if held.until > self._now():
            raise OperatorProblem(
                f"{held.owner} is working on this app ({held.purpose}). Wait until they have finished; if "
                f"that command was killed, its lock expires at {held.until:%H:%M:%S} UTC."
            )
        try:
            self._write({"IfMatch": found["ETag"]})
        except ClientError as error:
            if code_of(error) not in _LOST:
                raise
            raise OperatorProblem(
                f"Another operator started to change this app at the same moment as {purpose}. "
                "Wait until they have finished, then run the command again."
            ) from error

    def renew(self) -> None:
        """Renew the lock; raises OperatorProblem when another operator has taken it over."""
        if self._etag is None:
            return
        try:
            self._write({"IfMatch": self._etag})
        except ClientError as error:
            if code_of(error) not in _LOST and not is_gone(error):
                raise
            self._lost = True
            self.check()

    def check(self) -> None:
        """Raise OperatorProblem when this process no longer holds the lock."""
        if self._lost:
            raise OperatorProblem(
                "The connection was lost for so long that another operator took over this app. Wait until "
                "they have finished, then run the command again."
            )

    def give_back(self) -> None:
        """Release the lock; does nothing when the bucket is gone."""
        if self._etag is None or self._lost:
            return
        try:
            self._write({"IfMatch": self._etag}, held=False)
        except ClientError as error:
            if code_of(error) not in _LOST and not is_gone(error):
                raise
        self._etag = None

    def _write(self, condition: dict[str, str], *, held: bool = True) -> None:
        until = self._now() + (HOLDS if held else timedelta(0))
        body = _Held(_owner(), self._token, self._purpose, until).body()
        try:
            answer: dict[str, Any] = self._s3.put_object(
                Bucket=self._bucket, Key=KEY, Body=body, ContentType="application/json", **condition
            )
            self._etag = str(answer["ETag"])
        except ClientError as error:
            etag = self._written(body) if code_of(error) in _LOST else None
            if etag is None:
                raise
            self._etag = etag

    def _written(self, body: bytes) -> str | None:
        """Return the ETag of the lock in the bucket when it is the one that was to be written.

        AWS's client retries a put whose response was lost, and the retry is then refused because the first
        put succeeded.
        """
        try:
            found = self._s3.get_object(Bucket=self._bucket, Key=KEY)
        except ClientError as error:
            if not is_gone(error):
                raise
            return None
        return str(found["ETag"]) if found["Body"].read() == body else None


@contextmanager
def held(lock: Lock, purpose: str) -> Iterator[Lock]:
    """Hold the lock for the block: it is renewed in the background, and released on Ctrl-C too."""
    lock.take(purpose)
    over = threading.Event()
    keeper = threading.Thread(target=_keep, args=(lock, over), name="petri-lock", daemon=True)
    keeper.start()
    try:
        yield lock
    finally:
        over.set()
        keeper.join()
        # Without a connection the lock expires by itself, and the earlier error is the one to report.
        with contextlib.suppress(BotoCoreError, ClientError):
            lock.give_back()


def _keep(lock: Lock, over: threading.Event) -> None:
    while not over.wait(RENEW_EVERY):
        # Each step checks first whether the lock was lost.
        with contextlib.suppress(BotoCoreError, ClientError, OperatorProblem):
            lock.renew()


def _owner() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        # A container's user may have no name.
        user = "somebody"
    return f"{user} at {socket.gethostname()}"
