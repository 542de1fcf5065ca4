"""Small valid files, which bots upload."""

from __future__ import annotations

import fnmatch
import struct
import zlib
from collections.abc import Sequence
from typing import Final


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _png() -> bytes:
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0\xff")
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _wav() -> bytes:
    samples = b"\x80" * 80
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 8000, 1, 8)
    body = b"WAVE" + form + struct.pack("<4sI", b"data", len(samples)) + samples
    return struct.pack("<4sI", b"RIFF", len(body)) + body


_SAMPLES: Final = (
    ("image/png", ".png", _png()),
    ("text/plain", ".txt", b"A bot was here.\n"),
    ("application/pdf", ".pdf", b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"),
    ("image/gif", ".gif", b"GIF89a\1\0\1\0\0\0\0;"),
    ("image/jpeg", ".jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xd9"),
    ("audio/wav", ".wav", _wav()),
    ("audio/webm", ".weba", b"\x1a\x45\xdf\xa3\x80"),
    ("video/webm", ".webm", b"\x1a\x45\xdf\xa3\x80"),
    ("application/json", ".json", b"{}\n"),
    ("text/csv", ".csv", b"a,b\n1,2\n"),
)


def sample_file(accepted: Sequence[str]) -> tuple[str, str, bytes]:
    """Return type, ending and content of a small file of an accepted type, or a text where none is known."""
    for media_type, ending, content in _SAMPLES:
        if not accepted or any(each == ending or fnmatch.fnmatchcase(media_type, each) for each in accepted):
            return media_type, ending, content
    first = accepted[0]
    if first.startswith("."):
        return "application/octet-stream", first, b"A bot was here.\n"
    return first.replace("*", "octet-stream"), "", b"A bot was here.\n"
