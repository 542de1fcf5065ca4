"""Reads the size of a picture from its header."""

from __future__ import annotations

import struct
from typing import Final

#: Markers of JPEG that begin a frame with the picture's size: SOF0 to SOF15 without DHT, JPG and DAC.
_FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_PNG_HEADER: Final = 24


def picture_size(content: bytes) -> tuple[int, int]:
    """Return width and height of a PNG, GIF, JPEG or WebP picture in pixels; (0, 0) for any other file."""
    try:
        if content.startswith(b"\x89PNG\r\n\x1a\n") and len(content) >= _PNG_HEADER:
            width, height = struct.unpack(">II", content[16:24])
        elif content.startswith((b"GIF87a", b"GIF89a")):
            width, height = struct.unpack("<HH", content[6:10])
        elif content.startswith(b"\xff\xd8"):
            width, height = _jpeg(content)
        elif content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            width, height = _webp(content)
        else:
            return 0, 0
    except (struct.error, IndexError):
        return 0, 0
    return int(width), int(height)


def _jpeg(content: bytes) -> tuple[int, int]:
    position = 2
    while content[position] == 0xFF:  # noqa: PLR2004 - each marker begins with it
        marker = content[position + 1]
        if marker == 0xFF:  # noqa: PLR2004 - a fill byte
            position += 1
            continue
        (length,) = struct.unpack(">H", content[position + 2 : position + 4])
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", content[position + 5 : position + 9])
            return width, height
        position += 2 + length
    return 0, 0


def _webp(content: bytes) -> tuple[int, int]:
    kind = content[12:16]
    if kind == b"VP8X":
        return (
            int.from_bytes(content[24:27], "little") + 1,
            int.from_bytes(content[27:30], "little") + 1,
        )
    if kind == b"VP8L":
        (bits,) = struct.unpack("<I", content[21:25])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack("<HH", content[26:30])
    return width & 0x3FFF, height & 0x3FFF
