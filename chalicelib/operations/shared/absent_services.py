"""What stands for services that a process doesn't have: a store of files, and the run's log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NoReturn

from chalicelib.errors import ExperimentError, NotFound
from chalicelib.ports import FoundFile, UploadForm
from chalicelib.ports.run_log import LogLine


class NoFiles:
    """A file store that has no files and takes none."""

    def grant(self, reference: str, *, media_type: str, size: int, sha256: str) -> UploadForm:
        """Refuse."""
        del reference, media_type, size, sha256
        return _refuse()

    def find(self, reference: str) -> FoundFile | None:
        """Return None."""
        del reference
        return None

    def keep(self, reference: str) -> None:
        """Refuse."""
        del reference
        _refuse()

    def read(self, reference: str) -> Iterator[bytes]:
        """Raise NotFound."""
        raise NotFound(f"There is no file {reference}.")

    def link(self, reference: str) -> str:
        """Raise NotFound."""
        raise NotFound(f"There is no file {reference}.")

    def put(self, reference: str, content: Iterable[bytes]) -> None:
        """Refuse."""
        del reference, content
        _refuse()

    def delete(self, participant_id: int) -> int:
        """Return 0."""
        del participant_id
        return 0


def _refuse() -> NoReturn:
    raise ExperimentError("This process has no place for uploaded files; serve the run with petri debug.")


class NoLog:
    """A log without lines, which says where the log is."""

    is_readable = False

    def __init__(self, place: str = "petri logs") -> None:
        """`place`: the command that shows the log."""
        self.place = place

    def latest(self, most: int) -> list[LogLine]:
        """Return no lines."""
        del most
        return []
