"""Messages about the library of studies."""

from __future__ import annotations

from typing import ClassVar

from chalicelib.immutable import immutable

from .codec import MessageBody, message_type
from .lanes import Lane


@message_type()
@immutable()
class RemovePackages(MessageBody):
    """Remove the packages of an entry that was removed from the library, with what is stored about them."""

    kind: ClassVar[str] = "remove_packages"
    lane: ClassVar[Lane] = Lane.WORK

    #: The number of the entry, which no other one gets.
    entry: int
