"""Recognises types of files by their first bytes, so that a page can't be sent as a picture."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from types import MappingProxyType
from typing import Final

Test = Callable[[bytes], bool]


def _begins(*beginnings: bytes) -> Test:
    return lambda head: head.startswith(beginnings)


def _riff(form: bytes) -> Test:
    return lambda head: head[:4] == b"RIFF" and head[8:12] == form


def _is_text(head: bytes) -> bool:
    """Whether this can be the beginning of a text: of any encoding, since no text has a NUL byte."""
    return b"\0" not in head or head.startswith((b"\xff\xfe", b"\xfe\xff"))


def _is_iso_media(head: bytes) -> bool:
    return head[4:8] == b"ftyp"


_PNG, _JPEG, _GIF = _begins(b"\x89PNG\r\n\x1a\n"), _begins(b"\xff\xd8\xff"), _begins(b"GIF87a", b"GIF89a")
_EBML, _OGG = _begins(b"\x1a\x45\xdf\xa3"), _begins(b"OggS")
_ZIP, _OLE = _begins(b"PK\x03\x04", b"PK\x05\x06"), _begins(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
#: What the content of each type looks like; the first pattern that a type fits decides.
_CONTENTS: Final = (
    ("image/png", _PNG),
    ("image/jpeg", _JPEG),
    ("image/gif", _GIF),
    ("image/webp", _riff(b"WEBP")),
    ("image/bmp", _begins(b"BM")),
    ("image/tiff", _begins(b"II*\0", b"MM\0*")),
    ("image/hei[cf]*", _is_iso_media),
    ("image/avif", _is_iso_media),
    ("image/svg+xml", _is_text),
    ("audio/webm", _EBML),
    ("video/webm", _EBML),
    ("video/x-matroska", _EBML),
    ("audio/ogg", _OGG),
    ("video/ogg", _OGG),
    ("audio/mp4", _is_iso_media),
    ("audio/x-m4a", _is_iso_media),
    ("video/mp4", _is_iso_media),
    ("video/quicktime", lambda head: head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide", b"free"}),
    ("audio/mpeg", lambda head: head[:3] == b"ID3" or (head[:1] == b"\xff" and head[1:2] >= b"\xe0")),
    ("audio/aac", _begins(b"\xff\xf1", b"\xff\xf9", b"ADIF")),
    ("audio/flac", _begins(b"fLaC")),
    ("audio/*wav*", _riff(b"WAVE")),
    ("application/pdf", lambda head: b"%PDF-" in head),
    ("application/zip", _ZIP),
    ("application/vnd.openxmlformats-*", _ZIP),
    ("application/vnd.oasis.opendocument.*", _ZIP),
    ("application/msword", _OLE),
    ("application/vnd.ms-*", _OLE),
    ("application/json", _is_text),
    ("text/*", _is_text),
)
#: How a page, or a picture with scripts, begins: a browser that guesses types would show it as one.
_MARKUP: Final = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|script|iframe|svg|\?xml|style|a|img|meta)\b",
    re.IGNORECASE | re.DOTALL,
)
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_ENDING: Final = re.compile(r"\.[a-z0-9]{1,10}")
#: Endings by type, for files that come without a name, such as recordings.
_ENDINGS: Final = MappingProxyType(
    {
        "image/png": ".png",
        "image/jpeg": ".jpg",
        "image/gif": ".gif",
        "image/webp": ".webp",
        "audio/webm": ".weba",
        "audio/ogg": ".oga",
        "audio/mp4": ".m4a",
        "audio/mpeg": ".mp3",
        "audio/wav": ".wav",
        "video/webm": ".webm",
        "video/mp4": ".mp4",
        "application/pdf": ".pdf",
        "text/plain": ".txt",
        "text/csv": ".csv",
    }
)
_TYPES_BY_ENDING: Final = MappingProxyType(
    {ending: media_type for media_type, ending in _ENDINGS.items()}
    | {".jpeg": "image/jpeg", ".docx": "application/zip", ".xlsx": "application/zip"}
)
#: Files that run, or open in a browser, when an operator double-clicks them in an unpacked export.
_RUNNING: Final = frozenset(
    {
        *(".html", ".htm", ".xhtml", ".xht", ".shtml", ".mht", ".mhtml", ".svg", ".svgz", ".xml", ".xsl"),
        *(".exe", ".com", ".bat", ".cmd", ".msi", ".scr", ".pif", ".cpl", ".lnk", ".url", ".hta", ".chm"),
        *(".js", ".jse", ".mjs", ".vbs", ".vbe", ".wsf", ".wsh", ".ps1", ".psm1", ".reg", ".jar", ".app"),
        *(".sh", ".bash", ".command", ".desktop", ".scpt", ".php", ".dll", ".so", ".dylib", ".webloc"),
    }
)


def agrees(media_type: str, head: bytes, ending: str = "") -> bool:
    """Whether a file that begins like this can be of a type, and of that of its ending if it is well known.

    A file of an unknown type can be anything but a page.
    """
    by_ending = _TYPES_BY_ENDING.get(ending)
    return _fits(media_type, head) and (by_ending in {None, media_type} or _fits(str(by_ending), head))


def _fits(media_type: str, head: bytes) -> bool:
    for pattern, fits in _CONTENTS:
        if fnmatch.fnmatchcase(media_type, pattern):
            return fits(head)
    return media_type == "application/octet-stream" or "xml" in media_type or not _is_markup(head)


def _is_markup(head: bytes) -> bool:
    return _MARKUP.match(head.removeprefix(_BYTE_ORDER_MARK)) is not None


def ending_for(media_type: str, ending: str) -> str:
    """Return the ending of a reference: that of the participant's file if it is harmless, else by type."""
    given = ending.lower()
    if _ENDING.fullmatch(given) and given not in _RUNNING:
        return given
    return ".bin" if given else _ENDINGS.get(media_type, ".bin")
