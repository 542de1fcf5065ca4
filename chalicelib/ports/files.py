"""The port of file stores, which keep what participants upload."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from datetime import timedelta
from typing import Final, Protocol

from chalicelib.immutable import immutable

#: For how long a form for one upload can be used.
GRANTED_FOR: Final = timedelta(hours=1)
#: After which time a file is deleted that no answer refers to.
UNCLAIMED_FOR: Final = timedelta(days=1)
#: For how long an operator's link to a file can be used.
LINKED_FOR: Final = timedelta(minutes=5)
#: How many bytes of the beginning of a file `find` returns, from which its type is recognised.
HEAD_BYTES: Final = 1024


@immutable()
class UploadForm:
    """Where a browser posts a file: as a form with these fields, or without fields as the body itself."""

    url: str
    fields: Mapping[str, str] = field(default_factory=dict)


@immutable()
class FoundFile:
    """A file that has arrived, as the store sees it."""

    size: int
    sha256: str
    head: bytes


class FileStore(Protocol):
    """Keeps uploaded files by reference, such as `12/3-5f0c.png`: participant, page, token and ending.

    A file that was posted is pending, and expires unless `keep` moves it to the files that are kept.
    """

    def grant(self, reference: str, *, media_type: str, size: int, sha256: str) -> UploadForm:
        """Return a form with which exactly this file can be posted, for a limited time."""

    def find(self, reference: str) -> FoundFile | None:
        """Return a file that is pending or kept; None when it hasn't arrived or has expired."""

    def keep(self, reference: str) -> None:
        """Keep a pending file; does nothing for a file that is kept."""

    def read(self, reference: str) -> Iterator[bytes]:
        """Yield the content of a file that is pending or kept; NotFound without one."""

    def link(self, reference: str) -> str:
        """Return an address, valid for minutes, at which a browser downloads a kept file as an attachment."""

    def put(self, reference: str, content: Iterable[bytes]) -> None:
        """Write a kept file, such as one of an export that is loaded."""

    def delete(self, participant_id: int) -> int:
        """Delete all files of a participant; return how many were kept."""

    def discard(self, reference: str) -> None:
        """Delete a kept file; does nothing for one that isn't there."""

    def publish(self, reference: str, name: str, media_type: str) -> None:
        """Put a pending file where participants load it, under a name with a hash of its content.

        Does nothing for a name that is there; NotFound when the pending file has expired.
        """

    def withdraw(self, name: str) -> None:
        """Delete a published file; does nothing for one that isn't there."""

    def post_origin(self) -> str:
        """Return the origin to which forms are posted; "" where that is the server of the run itself."""
