"""Checks the packages of the library: zips of a study's folder. Nothing in a package is ever executed.

A package comes from a person, so nothing that it says about itself is believed: every file is unpacked in
memory, within limits, before a package is stored, and again before a copy of it is written to a folder.
"""

from __future__ import annotations

import io
import re
import stat
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from chalicelib.errors import BadRequest
from chalicelib.experiment.config.setting_registry import names_secret
from chalicelib.study.assets.media_types import MEDIA_ENDINGS, MediaGroup, recognise

from .package_rules import may_leave
from .study_origins import MOST_BYTES, ORIGIN_FILE, StudyOrigin, read_origins, write_origins

_MB: Final = 1_000_000
#: The largest package, and what its files can take together when they are unpacked, in bytes.
MAX_PACKAGE: Final = 20 * _MB
MAX_UNPACKED: Final = 40 * _MB
MOST_FILES: Final = 2_000
#: The longest path of a file, and how many folders deep it can be.
_LONGEST_PATH: Final = 200
_DEEPEST: Final = 10
#: The files of which one makes a folder a study.
_MAIN_FILES: Final = ("experiment.py", "study.md")
_PICTURES: Final = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif"})
#: How many paths of pages are listed.
_MOST_PAGES: Final = 200
_MOST_KINDS: Final = 100
_CHUNK: Final = 1 << 16
#: The moment that each file of a package has, the first that a zip can have, and the system that writes it.
_MOMENT: Final = (1980, 1, 1, 0, 0, 0)
_UNIX: Final = 3
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED: Final = 0x1
#: What each entry in the list of a zip's files begins with.
_ENTRY: Final = b"PK\x01\x02"
#: Names that Windows can't write, and characters that it doesn't allow in one.
_DEVICES: Final = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_NOT_ALLOWED: Final = frozenset('<>:"|?*\\')
_SECRETS: Final = re.compile(
    rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}"
    rb"|\bsk_live_[A-Za-z0-9]{16}"
)
_SETTING: Final = re.compile(r"^[ \t]*([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*[=:][ \t]*\S", re.MULTILINE)
_ITEM: Final = re.compile(r"^:{3,}\{([a-z][a-z0-9_-]{0,30})\}[ \t]*\S", re.MULTILINE)


@dataclass(slots=True)
class PackageFacts:
    """What a package contains."""

    files: int = 0
    unpacked: int = 0
    assets: int = 0
    pages: list[str] = field(default_factory=list)
    items: dict[str, int] = field(default_factory=dict)
    #: Where the study was copied from, the nearest first.
    origins: list[StudyOrigin] = field(default_factory=list)
    #: The content of each file by its path.
    contents: dict[str, bytes] = field(default_factory=dict)


def check_package(content: bytes) -> PackageFacts:
    """Return what a package contains; BadRequest with the code `package_refused` and the first problem."""
    facts, kinds = PackageFacts(), Counter[str]()
    for place, data in files_of_package(content):
        facts.files += 1
        facts.unpacked += len(data)
        facts.contents[str(place)] = data
        _check_content(place, data)
        path = str(place)
        if path == ORIGIN_FILE:
            facts.origins = read_origins(_text(place, data[: MOST_BYTES + 1]))
        if place.parts[0] == "assets" and place.suffix.lower() in MEDIA_ENDINGS:
            facts.assets += 1
        if _is_page(place):
            facts.pages.append(path)
            kinds.update(_ITEM.findall(_text(place, data)))
    facts.pages = sorted(facts.pages)[:_MOST_PAGES]
    facts.items = dict(sorted(kinds.items())[:_MOST_KINDS])
    return facts


def write_package(contents: Mapping[str, bytes], origins: Sequence[StudyOrigin] = ()) -> bytes:
    """Return a package of files by their paths, and an `origin.toml` where there are origins.

    The same files make the same package, byte by byte. What a zip can contain besides files is left out.
    """
    files = dict(contents)
    if origins:
        files[ORIGIN_FILE] = write_origins(list(origins)).encode()
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for place, data in sorted(files.items()):
            info = zipfile.ZipInfo(place, _MOMENT)
            info.create_system, info.external_attr = _UNIX, (stat.S_IFREG | 0o644) << 16
            # Media are compressed already.
            is_media = PurePosixPath(place).suffix.lower() in MEDIA_ENDINGS
            info.compress_type = zipfile.ZIP_STORED if is_media else zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return written.getvalue()


def files_of_package(content: bytes) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Yield the path and the content of each file; BadRequest for a package that isn't taken.

    All paths are checked before the first file is yielded.
    """
    if len(content) > MAX_PACKAGE:
        raise refused_package(f"it has {len(content) / _MB:.1f} MB, and can have {MAX_PACKAGE // _MB}")
    if content.count(_ENTRY) > 10 * MOST_FILES:
        # The list of files is read as a whole.
        raise refused_package(f"it has more than {MOST_FILES:,} files")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from _files_in(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
        raise refused_package(f"it isn't a zip that can be read ({error})") from error


def refused_package(problem: str) -> BadRequest:
    """Return the refusal of a package."""
    return BadRequest(f"This package isn't taken: {problem}.", code="package_refused")


def _files_in(archive: zipfile.ZipFile) -> Iterator[tuple[PurePosixPath, bytes]]:
    infos = archive.infolist()
    if len(infos) > MOST_FILES:
        raise refused_package(f"it has {len(infos):,} files, and can have {MOST_FILES:,}")
    folded: dict[str, str] = {}
    places = [(info, _checked_place(info, folded)) for info in infos]
    files = [(info, place) for info, place in places if not info.is_dir()]
    folders = {str(parent).casefold() for _, place in files for parent in place.parents}
    clash = next((place for _, place in files if str(place).casefold() in folders), None)
    if clash is not None:
        raise refused_package(f"{clash} is a file and a folder")
    if not any(str(place) in _MAIN_FILES for _, place in files):
        raise refused_package(
            "it has no experiment.py and no study.md at its top; zip what is in the study's folder, not the "
            "folder itself"
        )
    left = MAX_UNPACKED
    for info, place in files:
        data = _unpacked(archive, info, left)
        left -= len(data)
        yield place, data


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, left: int) -> bytes:
    """Return the content of a file, which counts by what it has, whatever size the zip announces."""
    parts: list[bytes] = []
    with archive.open(info) as file:
        while chunk := file.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise refused_package(f"unpacked, it has more than {MAX_UNPACKED // _MB} MB")
            parts.append(chunk)
    return b"".join(parts)


def _checked_place(info: zipfile.ZipInfo, folded: dict[str, str]) -> PurePosixPath:
    # `filename` ends at a NUL; the zip's own text doesn't.
    name = info.orig_filename
    shown = repr(name[:80])
    parts = name.removesuffix("/").split("/")
    if name != unicodedata.normalize("NFC", name) or any(map(_is_bad_part, parts)):
        raise refused_package(f"{shown} isn't a path that every computer can write")
    if len(name) > _LONGEST_PATH or len(parts) > _DEEPEST:
        raise refused_package(
            f"{shown} is too long a path: {_LONGEST_PATH} characters and {_DEEPEST} folders are the most"
        )
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFDIR if info.is_dir() else stat.S_IFREG):
        raise refused_package(f"{shown} is a link or a device")
    if info.flag_bits & _ENCRYPTED:
        raise refused_package(f"{shown} is encrypted")
    if info.compress_type not in _METHODS:
        raise refused_package(f"{shown} is compressed in a way other than deflate")
    other = folded.setdefault(name.removesuffix("/").casefold(), name)
    if other is not name:
        raise refused_package(f"{shown} is in it twice, or in upper and in lower case")
    place = PurePosixPath(*parts)
    if not may_leave(place):
        raise refused_package(f"{shown} is a secret, a cache, or data of a run; remove it")
    return place


def _is_bad_part(part: str) -> bool:
    return (
        part in ("", ".", "..")
        or part != part.strip()
        or part.endswith(".")
        or not part.isprintable()
        or bool(_NOT_ALLOWED.intersection(part))
        or _DEVICES.fullmatch(part) is not None
    )


def _check_content(place: PurePosixPath, data: bytes) -> None:
    """Refuse a file that contains a secret, and an asset that isn't what its name says."""
    if _SECRETS.search(data):
        raise refused_package(f"{place} contains a private key or an access key; remove it")
    ending = place.suffix.lower()
    if place.parts[0] == "assets" and ending in MEDIA_ENDINGS:
        _check_media(place, data)
    if str(place) == "config.txt":
        _check_settings(place, _text(place, data))
    elif str(place) == "study.md":
        front = _text(place, data).removeprefix("---")
        _check_settings(place, front.partition("\n---")[0])


def _check_settings(place: PurePosixPath, text: str) -> None:
    for name in _SETTING.findall(text):
        if names_secret(name):
            raise refused_package(
                f"{place} sets {name}, which is secret; remove it, and set it in ~/.petriconfig"
            )


def _check_media(place: PurePosixPath, data: bytes) -> None:
    try:
        media = recognise(data[:1024])
    except BadRequest as error:
        raise refused_package(f"{place} isn't what its name says ({error})") from error
    if (media.group is MediaGroup.PICTURE) != (place.suffix.lower() in _PICTURES):
        raise refused_package(f"{place} isn't what its name says: it is a {media.group}")


def _is_page(place: PurePosixPath) -> bool:
    return place.suffix == ".md" and (place.parts[0] in ("pages", "items") or str(place) == "study.md")


def _text(place: PurePosixPath, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refused_package(f"{place} isn't UTF-8") from error
