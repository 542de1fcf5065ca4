"""Messages about assets."""

from __future__ import annotations

from typing import ClassVar

from chalicelib.immutable import immutable

from .codec import MessageBody, message_type
from .lanes import Lane


@message_type()
@immutable()
class RemoveAsset(MessageBody):
    """Remove an asset for good: first its file, then its records."""

    kind: ClassVar[str] = "remove_asset"
    lane: ClassVar[Lane] = Lane.WORK

    sha256: str
