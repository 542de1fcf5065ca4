"""Types of assets, by content."""

from __future__ import annotations

import struct
import zlib

import pytest

from chalicelib.errors import BadRequest, InvalidField
from chalicelib.study.assets.asset import name_of_file
from chalicelib.study.assets.media_types import MediaGroup, recognise
from infra.pages.picture_size import picture_size


def box(brand: bytes) -> bytes:
    return b"\0\0\0\x20ftyp" + brand + b"\0\0\2\0isomiso2avc1mp41"


KNOWN = [
    (b"\x89PNG\r\n\x1a\n....", "image/png", MediaGroup.PICTURE),
    (b"\xff\xd8\xff\xe0..JFIF", "image/jpeg", MediaGroup.PICTURE),
    (b"GIF89a....", "image/gif", MediaGroup.PICTURE),
    (b"RIFF....WEBPVP8 ", "image/webp", MediaGroup.PICTURE),
    (box(b"avif"), "image/avif", MediaGroup.PICTURE),
    (b"ID3\x04....", "audio/mpeg", MediaGroup.SOUND),
    (b"\xff\xfb\x90\x00....", "audio/mpeg", MediaGroup.SOUND),
    (b"\xff\xf1\x50\x80....", "audio/aac", MediaGroup.SOUND),
    (b"RIFF....WAVEfmt ", "audio/wav", MediaGroup.SOUND),
    (b"OggS........OpusHead", "audio/ogg", MediaGroup.SOUND),
    (b"fLaC....", "audio/flac", MediaGroup.SOUND),
    (box(b"M4A "), "audio/mp4", MediaGroup.SOUND),
    (box(b"isom"), "video/mp4", MediaGroup.VIDEO),
    (box(b"mp42"), "video/mp4", MediaGroup.VIDEO),
    (b"OggS........\x80theora", "video/ogg", MediaGroup.VIDEO),
    (b"\x1a\x45\xdf\xa3....\x42\x82\x84webm", "video/webm", MediaGroup.VIDEO),
]


@pytest.mark.parametrize(("head", "media_type", "group"), KNOWN)
def test_a_type_is_recognised_by_content(head: bytes, media_type: str, group: MediaGroup) -> None:
    media = recognise(head)
    assert (media.media_type, media.group) == (media_type, group)


@pytest.mark.parametrize(
    ("head", "advice"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", "can contain scripts"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><svg>", "can contain scripts"),
        (b"<!-- x --><svg>", "can contain scripts"),
        (b"<!DOCTYPE html>", "is a page"),
        (b" \n<script>", "is a page"),
        (b"BM......", "save it as PNG"),
        (b"II*\0....", "save it as PNG"),
        (box(b"heic"), "save it as JPEG"),
        (box(b"qt  "), "save it as MP4"),
        (b"\x1a\x45\xdf\xa3....matroska", "isn't known"),
        (b"\xff\xfeh\0e\0", "isn't known"),
        (b"\xff\xfb", "isn't known"),
        (b"", "is empty"),
        (b"PK\x03\x04", "isn't known"),
    ],
)
def test_another_file_is_refused_with_what_to_do(head: bytes, advice: str) -> None:
    with pytest.raises(BadRequest, match=advice) as caught:
        recognise(head)
    assert caught.value.code == "asset_type"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("Happy Face.PNG", "happy-face.png"),
        ("Fröhlich  (1).jpeg", "frohlich-1.jpeg"),
        ("a\\b\\C.png", "a/b/c.png"),
        ("../../etc/passwd.png", "etc/passwd.png"),
        (".hidden.png", "hidden.png"),
        ("a..png", "a.png"),
    ],
)
def test_the_name_of_a_file_becomes_one_that_pages_can_use(file: str, name: str) -> None:
    assert name_of_file(file) == name


@pytest.mark.parametrize("file", ["", "...", "日本", "/"])
def test_a_name_without_a_letter_is_refused(file: str) -> None:
    with pytest.raises(InvalidField):
        name_of_file(file)


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 40, 30, 8, 2, 0, 0, 0)), (40, 30)),
        (b"GIF89a" + struct.pack("<HH", 40, 30), (40, 30)),
        (b"\xff\xd8\xff\xe0\0\4ab\xff\xff\xc0\0\x11\x08" + struct.pack(">HH", 30, 40), (40, 30)),
        (b"RIFF....WEBPVP8X....\0\0\0\0" + b"\x27\0\0\x1d\0\0", (40, 30)),
        (b"RIFF....WEBPVP8L....\x2f" + struct.pack("<I", 39 | 29 << 14), (40, 30)),
        (b"RIFF....WEBPVP8 ....\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 40, 30), (40, 30)),
        (b"\xff\xd8\xff\xe0\0", (0, 0)),
        (b"\xff\xd8\xff\xe0\xff\xff", (0, 0)),
        (b"\x89PNG\r\n\x1a\n", (0, 0)),
        (b"ID3", (0, 0)),
    ],
)
def test_the_size_of_a_picture_is_read_from_its_header(content: bytes, size: tuple[int, int]) -> None:
    assert picture_size(content) == size
