"""Recognises pictures, sound and video by their content, whatever the file is called."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from chalicelib.errors import BadRequest
from chalicelib.immutable import immutable

_MB: Final = 1_000_000


class MediaGroup(StrEnum):
    """What an asset is."""

    PICTURE = "picture"
    SOUND = "sound"
    VIDEO = "video"


#: The largest file of each group, in bytes.
MAX_SIZES: Final = MappingProxyType(
    {MediaGroup.PICTURE: 20 * _MB, MediaGroup.SOUND: 50 * _MB, MediaGroup.VIDEO: 200 * _MB}
)
#: The largest file of all.
MAX_SIZE: Final = max(MAX_SIZES.values())


#: The usual endings of the files of assets.
MEDIA_ENDINGS: Final = frozenset(
    {
        *(".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif"),
        *(".mp3", ".wav", ".ogg", ".oga", ".flac", ".m4a", ".aac"),
        *(".mp4", ".webm", ".ogv"),
    }
)


@immutable()
class Media:
    """A recognised type: the media type with which it is served, and the ending of its address."""

    media_type: str
    ending: str
    group: MediaGroup


_PICTURE, _SOUND, _VIDEO = MediaGroup.PICTURE, MediaGroup.SOUND, MediaGroup.VIDEO
_PNG: Final = Media("image/png", "png", _PICTURE)
_JPEG: Final = Media("image/jpeg", "jpg", _PICTURE)
_GIF: Final = Media("image/gif", "gif", _PICTURE)
_WEBP: Final = Media("image/webp", "webp", _PICTURE)
_AVIF: Final = Media("image/avif", "avif", _PICTURE)
_MP3: Final = Media("audio/mpeg", "mp3", _SOUND)
_WAV: Final = Media("audio/wav", "wav", _SOUND)
_OGG: Final = Media("audio/ogg", "ogg", _SOUND)
_FLAC: Final = Media("audio/flac", "flac", _SOUND)
_M4A: Final = Media("audio/mp4", "m4a", _SOUND)
_AAC: Final = Media("audio/aac", "aac", _SOUND)
_MP4: Final = Media("video/mp4", "mp4", _VIDEO)
_OGV: Final = Media("video/ogg", "ogv", _VIDEO)
_WEBM: Final = Media("video/webm", "webm", _VIDEO)
#: The major brands of ISO media files that browsers play as sound, and that are pictures.
_SOUND_BRANDS: Final = frozenset({b"M4A ", b"M4B "})
_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
_HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"})
_TAKEN: Final = (
    "Assets are pictures (PNG, JPEG, GIF, WebP, AVIF), sound (MP3, WAV, Ogg, FLAC, M4A, AAC) and video "
    "(MP4, WebM, Ogg)."
)
#: The bits of an MPEG frame's header: layer III, and a rate that exists.
_LAYERS: Final = 0b110
_LAYER_THREE: Final = 0b010
_NO_RATE: Final = 0b1111


def recognise(head: bytes) -> Media:
    """Return the type of a file that begins with these bytes: a kilobyte is enough.

    Raises BadRequest with the code `asset_type` for a file that browsers can't show, and says what to do.
    """
    for media, fits in _tests(head):
        if fits:
            return media
    raise BadRequest(f"{_advice(head)} {_TAKEN}", code="asset_type")


def _tests(head: bytes) -> Iterator[tuple[Media, bool]]:
    brand = head[8:12] if head[4:8] == b"ftyp" else b""
    riff = head[8:12] if head[:4] == b"RIFF" else b""
    is_ogg = head.startswith(b"OggS")
    yield _PNG, head.startswith(b"\x89PNG\r\n\x1a\n")
    yield _JPEG, head.startswith(b"\xff\xd8\xff")
    yield _GIF, head.startswith((b"GIF87a", b"GIF89a"))
    yield _WEBP, riff == b"WEBP"
    yield _WAV, riff == b"WAVE"
    yield _AVIF, brand in _AVIF_BRANDS or (brand == b"mif1" and b"avif" in head[12:40])
    yield _M4A, brand in _SOUND_BRANDS
    yield _MP4, bool(brand) and brand not in _HEIC_BRANDS and brand != b"qt  "
    yield _OGV, is_ogg and b"\x80theora" in head
    yield _OGG, is_ogg
    yield _WEBM, head.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in head[:64]
    yield _FLAC, head.startswith(b"fLaC")
    yield _AAC, head.startswith((b"ADIF", b"\xff\xf1", b"\xff\xf9"))
    yield _MP3, head.startswith(b"ID3") or _is_mpeg_frame(head)


def _is_mpeg_frame(head: bytes) -> bool:
    """Whether a file begins with a frame of MP3."""
    if not head.startswith((b"\xff\xfb", b"\xff\xfa", b"\xff\xf3", b"\xff\xf2", b"\xff\xe3", b"\xff\xe2")):
        return False
    return head[1] & _LAYERS == _LAYER_THREE and head[2:3] != b"" and head[2] >> 4 != _NO_RATE


def _advice(head: bytes) -> str:
    """Say what is wrong with a file of another type."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:512].lower()
    if start.startswith((b"<svg", b"<?xml")) or (start.startswith(b"<!") and b"<svg" in head.lower()):
        return (
            "An SVG file can contain scripts, so it isn't taken. Save it as PNG or WebP, or put your own "
            "file into the study's folder static/."
        )
    if start.startswith((b"<!doctype", b"<html", b"<script", b"<!--")):
        return "This file is a page, whatever its name says."
    if head[4:8] == b"ftyp":
        shown = "HEIC picture" if head[8:12] in _HEIC_BRANDS else "QuickTime video"
        return f"Not every browser shows a {shown}; save it as {'JPEG' if 'HEIC' in shown else 'MP4'}."
    if head.startswith((b"BM", b"II*\0", b"MM\0*")):
        return "Not every browser shows a BMP or TIFF picture; save it as PNG."
    return "The type of this file isn't known." if head else "This file is empty."


def require_size(size: int, group: MediaGroup) -> None:
    """Raise BadRequest with the code `asset_too_large` for a file above the limit of its group."""
    most = MAX_SIZES[group]
    if size > most:
        raise BadRequest(
            f"A {group} can have {most // _MB} MB at most, and this one has {size / _MB:.1f} MB. Save it in "
            "a smaller format.",
            code="asset_too_large",
        )
