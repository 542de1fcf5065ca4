"""What stands for services that a process doesn't have: a store of files, and the run's log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn

from chalicelib.errors import ExperimentError, NotFound, PetriError
from chalicelib.ports import ExportOptions, FoundFile, UploadForm
from chalicelib.ports.run_log import LogReading


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

    def discard(self, reference: str) -> None:
        """Do nothing: there are no files."""
        del reference

    def publish(self, reference: str, name: str, media_type: str) -> None:
        """Refuse."""
        del reference, name, media_type
        _refuse()

    def withdraw(self, name: str) -> None:
        """Do nothing: there are no files."""
        del name

    def post_origin(self) -> str:
        """Return "": no files are taken."""
        return ""


def _refuse() -> NoReturn:
    raise ExperimentError("This process has no place for uploaded files; serve the run with petri debug.")


class NoExports:
    """A writer of exports that writes none."""

    def write_part(self, export_id: str, options: ExportOptions, state: Mapping[str, Any] | None) -> None:
        """Refuse."""
        del export_id, options, state
        _refuse_exports()

    def link(self, export_id: str, name: str, download_name: str) -> str:
        """Refuse."""
        del export_id, name, download_name
        return _refuse_exports()

    def remove(self, export_id: str, keep: str | None = None) -> None:
        """Do nothing: there are no files."""
        del export_id, keep


def _refuse_exports() -> NoReturn:
    raise PetriError(
        "This process writes no export jobs; serve the run with petri debug, or use petri export."
    )


class NoLog:
    """A log without lines, which says where the log is."""

    is_readable = False
    usual_minutes: int | None = None

    def __init__(self, place: str = "petri logs") -> None:
        """`place`: the command that shows the log."""
        self.place = place

    def latest(self, most: int, minutes: int | None = None, *, errors_only: bool = False) -> LogReading:
        """Return no lines."""
        del most, minutes, errors_only
        return LogReading()
