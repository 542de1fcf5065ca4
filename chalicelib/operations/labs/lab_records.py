"""Defines what an app stores of a lab that it trusts, and what a lab states about a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.model.record import iso, moment

#: How long the session of a user of a lab lasts, and with it the rights that the lab gave them.
LAB_SESSION_LIFETIME: Final = timedelta(hours=2)


class AssertionPurpose(StrEnum):
    """What an assertion is for; it is refused for anything else."""

    SIGN_IN = "sign-in"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class LabKey:
    """A public key with which a lab's assertions are verified."""

    #: The thumbprint of the key, which assertions name.
    id: str
    #: The key as a JSON Web Key, without its private part.
    public: Mapping[str, str]
    added: datetime
    #: From when on the key verifies nothing; None: it isn't retired.
    retires: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Whether the key verifies assertions at a moment."""
        return self.retires is None or now < self.retires

    def to_fields(self) -> dict[str, Any]:
        """Return the stored fields."""
        return {
            "id": self.id,
            "public": dict(self.public),
            "added": iso(self.added),
            "retires": iso(self.retires),
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> LabKey:
        """Read a stored key."""
        added = datetime.fromisoformat(item["added"])
        return cls(item["id"], dict(item["public"]), added, moment(item.get("retires")))


@dataclass(frozen=True, slots=True)
class TrustedLab:
    """A lab that may sign its users in to this app, with at most some rights."""

    id: str
    name: str
    #: The address of the lab's dashboard: scheme and host.
    address: str
    #: The rights that the lab may give, at most.
    rights: frozenset[Right]
    keys: tuple[LabKey, ...]
    added: datetime

    @property
    def issuer(self) -> str:
        """The issuer that the lab's assertions name."""
        return issuer_of(self.id)

    def key(self, key_id: str, now: datetime) -> LabKey | None:
        """Return a key that is valid at a moment, or None."""
        return next((key for key in self.keys if key.id == key_id and key.is_valid(now)), None)

    def to_fields(self) -> dict[str, Any]:
        """Return the stored fields."""
        return {
            "lab_id": self.id,
            "name": self.name,
            "address": self.address,
            "rights": sorted(self.rights),
            "keys": [key.to_fields() for key in self.keys],
            "added": iso(self.added),
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> TrustedLab:
        """Read a stored lab."""
        return cls(
            item["lab_id"],
            item["name"],
            item["address"],
            frozenset(Right(right) for right in item["rights"]),
            tuple(LabKey.from_item(key) for key in item["keys"]),
            datetime.fromisoformat(item["added"]),
        )


@dataclass(frozen=True, slots=True)
class LabAssertion:
    """What a lab states for at most five minutes, once: who a person is, and what they may do in an app."""

    #: Random; by it an assertion is used once.
    id: str
    lab_id: str
    key_id: str
    #: The person, as the lab knows them for ever; for a report, the lab itself.
    subject: str
    username: str
    name: str
    rights: frozenset[Right]
    purpose: AssertionPurpose
    #: When it has ended for every clock.
    ends: datetime


def issuer_of(lab_id: str) -> str:
    """Return the issuer that a lab's assertions name."""
    return f"lab:{lab_id}"
