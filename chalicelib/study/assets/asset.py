"""Defines the records of assets, and how they are named."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import ClassVar, Final

from chalicelib.errors import InvalidField
from chalicelib.study.study_records import StoredFields

from .media_types import MediaGroup
from .space_account import SpaceAccount

MAX_NAME: Final = 100
MAX_ALT: Final = 500
#: The names that pages use: `faces/happy.png`.
NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]*(?:[./][a-z0-9][a-z0-9_-]*)*")
#: Where participants load uploaded assets, each under the hash of its content.
UPLOADED_ADDRESS: Final = "/static/uploaded/"


@dataclass
class Asset(StoredFields):
    """A picture, a sound or a video, by the SHA-256 of its content. Moments are ISO 8601 texts in UTC."""

    kind: ClassVar[str] = "asset"

    sha256: str
    name: str
    size: int
    media_type: str
    ending: str
    group: str
    #: What a person reads or hears who doesn't see the picture; of sound and video, what they contain.
    alt: str = ""
    #: Whether the picture says nothing that the text doesn't say: it has no alternative text then.
    is_decorative: bool = False
    #: In pixels; 0 when they aren't known, as of sound.
    width: int = 0
    height: int = 0
    #: A picture of a few pixels as a `data:` address, shown while the file is loaded; "" for none.
    blur: str = ""
    created: str = ""
    created_by: str = ""
    modified: str = ""
    #: Since when it is deleted, and by whom; it can be restored for 30 days.
    deleted: str | None = None
    deleted_by: str = ""
    #: Whether its file is being removed for good.
    is_removing: bool = False

    @property
    def file_name(self) -> str:
        """The last part of its address, from which it can be loaded for good."""
        return f"{self.sha256}.{self.ending}"

    @property
    def address(self) -> str:
        """Where participants load it."""
        return f"{UPLOADED_ADDRESS}{self.file_name}"

    @property
    def lacks_alt(self) -> bool:
        """Whether pages can't show it yet, because it is a picture without alternative text."""
        return self.group == MediaGroup.PICTURE and not self.alt and not self.is_decorative


@dataclass
class AssetSpace(SpaceAccount):
    """The space of the assets of a run."""

    kind: ClassVar[str] = "asset_space"


def name_of_file(file_name: str) -> str:
    """Return the name that an asset gets from that of its file: lower case, without blanks and accents.

    Raises InvalidField for a name without a letter or digit, or one that is too long.
    """
    plain = unicodedata.normalize("NFKD", file_name.replace("\\", "/")).encode("ascii", "ignore").decode()
    parts = [
        re.sub(r"-{2,}", "-", re.sub(r"[^a-z0-9_.-]+", "-", part)).strip("-._")
        for part in plain.lower().split("/")
    ]
    name = re.sub(r"\.{2,}", ".", "/".join(part for part in parts if part))
    name = re.sub(r"[._-]*([./])[._-]*", r"\1", name)
    return checked_name(name)


def checked_name(name: str) -> str:
    """Return a name; InvalidField for one that pages can't use."""
    if not NAME.fullmatch(name):
        raise InvalidField(
            "name", "must be lower-case letters, digits, - and _, such as `happy.png` or `faces/happy.png`"
        )
    if len(name) > MAX_NAME:
        raise InvalidField("name", f"can have {MAX_NAME} characters at most")
    return name


def checked_alt(alt: str) -> str:
    """Return an alternative text on one line; InvalidField for one that is too long or can't be shown."""
    text = " ".join(unicodedata.normalize("NFC", alt).split())
    if len(text) > MAX_ALT:
        raise InvalidField("alt", f"can have {MAX_ALT} characters at most; put more into the page itself")
    if any(unicodedata.category(one) in {"Cc", "Co", "Cs"} for one in text):
        raise InvalidField("alt", "contains characters that can't be shown")
    return text
