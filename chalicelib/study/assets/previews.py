"""Checks the small pictures that stand for an asset: they come from browsers, and pages show them."""

from __future__ import annotations

import base64
import binascii
import re
from types import MappingProxyType
from typing import Final

from chalicelib.errors import BadRequest, InvalidField

from .media_types import recognise

#: The largest of each kind, in bytes of the picture.
MAX_BYTES: Final = MappingProxyType({"thumbnail": 12_000, "blur": 1_000})
#: The length of the longest address of a preview.
MAX_ADDRESS: Final = 17_000
_ADDRESS: Final = re.compile(r"data:(image/(?:png|jpeg|webp));base64,([A-Za-z0-9+/]+={0,2})")


def checked_preview(which: str, address: str) -> str:
    """Return the `data:` address of a preview; InvalidField unless it is a small picture of its type.

    `which`: "thumbnail" or "blur". "" stays "".
    """
    if not address:
        return ""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise InvalidField(which, "must be a PNG, JPEG or WebP picture as a data: address")
    try:
        content = base64.b64decode(match[2], validate=True)
        found = recognise(content).media_type
    except (binascii.Error, BadRequest) as error:
        raise InvalidField(which, "isn't a picture") from error
    if found != match[1]:
        raise InvalidField(which, f"says that it is {match[1]}, and it is {found}")
    if len(content) > MAX_BYTES[which]:
        raise InvalidField(which, f"can have {MAX_BYTES[which]:,} bytes at most")
    return address
