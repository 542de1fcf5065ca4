"""Messages about export jobs."""

from __future__ import annotations

from typing import ClassVar

from chalicelib.immutable import immutable

from .codec import MessageBody, message_type
from .lanes import Lane


@message_type()
@immutable()
class WriteExportPart(MessageBody):
    """Write the next part of an export."""

    kind: ClassVar[str] = "write_export_part"
    lane: ClassVar[Lane] = Lane.WORK

    export_id: str
    #: The number of the part, from 1.
    part: int


@message_type()
@immutable()
class RemoveExportFiles(MessageBody):
    """Remove the files of an export that aren't needed any more."""

    kind: ClassVar[str] = "remove_export_files"
    lane: ClassVar[Lane] = Lane.WORK

    export_id: str
    #: The name of the finished file, which stays; None: all are removed.
    keep: str | None = None
