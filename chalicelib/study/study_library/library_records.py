"""Defines the records of the library: entries, their versions, what people did with them, and its space."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from chalicelib.study.assets.space_account import SpaceAccount
from chalicelib.study.study_records import StoredFields


class EntryVisibility(StrEnum):
    """The people to whom an entry of the library is shown."""

    #: Its owner.
    PRIVATE = "private"
    #: All users of the app whose dashboard the library is on.
    LAB = "lab"
    #: Everyone who has the link to its page.
    PUBLIC = "public"


@dataclass
class LibraryEntry(StoredFields):
    """A study in the library, by its name. Moments are ISO 8601 texts in UTC."""

    kind: ClassVar[str] = "library_entry"

    #: Stays when the entry is renamed.
    number: int
    name: str
    #: The username of its owner, or `operator`.
    owner: str
    owner_name: str
    title: str
    description: str = ""
    author: str = ""
    licence: str = ""
    visibility: str = EntryVisibility.PRIVATE.value
    #: The number of the newest version.
    latest: int = 0
    #: The bytes of the packages of all versions.
    size: int = 0
    created: str = ""
    modified: str = ""
    #: Since when it is deleted, and by whom; it can be restored.
    deleted: str | None = None
    deleted_by: str = ""


@dataclass
class LibraryVersion(StoredFields):
    """One version of an entry: a package that never changes."""

    kind: ClassVar[str] = "library_version"

    version: int
    #: The SHA-256 of the package as it is downloaded, and as it was uploaded, before its origin was added.
    sha256: str
    uploaded: str
    #: In bytes, as it is downloaded and when it is unpacked.
    size: int
    unpacked: int
    #: Where the file store keeps the package.
    file: str
    #: What is new in it.
    notes: str = ""
    created: str = ""
    created_by: str = ""
    files: int = 0
    assets: int = 0
    #: The paths of its pages; the first ones of many.
    pages: list[str] = field(default_factory=list)
    #: How many items it has of each kind.
    items: dict[str, int] = field(default_factory=dict)
    #: Where the study was copied from, the nearest first, each as `StudyOrigin.to_fields` writes it.
    origins: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class LibraryUse(StoredFields):
    """What one user has done with an entry."""

    kind: ClassVar[str] = "library_use"

    is_viewed: bool = False
    #: The newest version that the user has copied; 0 for none.
    copied: int = 0
    #: The user's rating, 1 to 5; 0 for none.
    stars: int = 0
    #: The runs of copies that were reported, each by a hash.
    plays: list[str] = field(default_factory=list)


@dataclass
class LibraryCounts(StoredFields):
    """How often an entry was viewed, copied, played and rated, by a part of the users."""

    kind: ClassVar[str] = "library_counts"

    views: int = 0
    copies: int = 0
    plays: int = 0
    ratings: int = 0
    #: The sum of all ratings.
    stars: int = 0

    def add(self, other: LibraryCounts) -> None:
        """Add the counts of another part of the users."""
        self.views += other.views
        self.copies += other.copies
        self.plays += other.plays
        self.ratings += other.ratings
        self.stars += other.stars

    @property
    def rating(self) -> float | None:
        """The mean rating with one decimal; None without ratings."""
        return round(self.stars / self.ratings, 1) if self.ratings else None


@dataclass
class LibrarySpace(SpaceAccount):
    """The space of the packages of a library."""

    kind: ClassVar[str] = "library_space"
