"""Defines the entries of the audit log, the heads of its chains, and their hashes."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

#: The hash that the first entry of a chain names as its predecessor's.
NO_HASH: Final = ""
#: How many records an entry names; a bulk action on more of them says how many there are.
MAX_RECORDS: Final = 500
#: The longest value in characters of JSON; a longer one is cut.
MAX_VALUE: Final = 2000
#: What takes the place of a secret value.
HIDDEN: Final = "(secret)"
#: Words in the name of a field whose value is never stored.
_SECRET_WORDS: Final = frozenset(
    {
        "code",
        "codes",
        "cookie",
        "credential",
        "key",
        "keys",
        "passphrase",
        "password",
        "secret",
        "token",
        "totp",
    }
)

Record = tuple[str, str]


def canonical(value: Any) -> str:
    """Write a value as JSON in the one form that is hashed."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def digest(value: Any) -> str:
    """Return the SHA-256 hash of a value's canonical form."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change by one actor. The values of its fields are stored beside it, and can be erased."""

    actor: str
    number: int
    at: str
    operation: str
    records: tuple[Record, ...]
    #: How many records the change touched; more than are named for a large bulk action.
    record_count: int
    #: The names of the fields that were set.
    fields: tuple[str, ...]
    request_id: str
    #: The keyed hash of the values; the key is stored with them, so that it is erased with them.
    values_mac: str
    #: The hash of the entry before it in the chain.
    previous: str

    @property
    def hash(self) -> str:
        """The hash that the next entry, or the head of the chain, names."""
        return digest(self.to_fields())

    def to_fields(self) -> dict[str, Any]:
        """Return the stored fields, without the hash."""
        return {
            "actor": self.actor,
            "number": self.number,
            "at": self.at,
            "operation": self.operation,
            "records": [list(record) for record in self.records],
            "record_count": self.record_count,
            "fields": list(self.fields),
            "request_id": self.request_id,
            "values_mac": self.values_mac,
            "previous": self.previous,
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> AuditEntry:
        """Read a stored entry, whatever was done to it: fields that are missing are empty."""
        return cls(
            actor=str(item.get("actor", "")),
            number=int(item.get("number", 0)),
            at=str(item.get("at", "")),
            operation=str(item.get("operation", "")),
            records=tuple((str(kind), str(id_)) for kind, id_ in item.get("records", ())),
            record_count=int(item.get("record_count", 0)),
            fields=tuple(item.get("fields", ())),
            request_id=str(item.get("request_id", "")),
            values_mac=str(item.get("values_mac", "")),
            previous=str(item.get("previous", "")),
        )


@dataclass(slots=True)
class ChainHead:
    """The head of an actor's chain: its newest entry, and the version of the actor's rights."""

    number: int = 0
    hash: str = NO_HASH
    rights_version: int = 0
    #: When the newest message to seal the chains is due.
    seal_due: str = ""
    #: The version of the stored item; None for a chain that isn't stored yet.
    stored: int | None = None

    def to_fields(self) -> dict[str, Any]:
        """Return the stored fields."""
        return {
            "number": self.number,
            "hash": self.hash,
            "rights_version": self.rights_version,
            "seal_due": self.seal_due,
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any] | None) -> ChainHead:
        """Read a stored head; a new one for None."""
        if item is None:
            return cls()
        return cls(
            item["number"], item["hash"], item["rights_version"], item.get("seal_due", ""), int(item["v"])
        )


def visible_values(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as they are stored: secrets never, and long values cut."""
    return {name: HIDDEN if is_secret(name) else _visible(value) for name, value in sorted(fields.items())}


def is_secret(name: str) -> bool:
    """Whether a field's value is secret by its name."""
    return not _SECRET_WORDS.isdisjoint(name.lower().split("_"))


def _visible(value: Any) -> Any:
    if isinstance(value, Mapping):
        return visible_values({str(name): each for name, each in value.items()})
    text = canonical(value)
    if len(text) > MAX_VALUE:
        return f"{text[:MAX_VALUE]}... ({len(text)} characters)"
    # What JSON lacks, such as a moment or an amount, is stored as its text.
    return json.loads(text)


def mac_of(key: str, values: Mapping[str, Any]) -> str:
    """Return the keyed hash of an entry's values."""
    return hmac.new(key.encode(), canonical(values).encode(), hashlib.sha256).hexdigest()


def merkle_root(leaves: Sequence[str]) -> str:
    """Return the root of the Merkle tree over some leaves; an odd node moves up unchanged.

    Leaves and inner nodes are hashed with different prefixes, so that neither passes for the other.
    """
    level = [digest(["leaf", leaf]) for leaf in leaves]
    while len(level) > 1:
        pairs = [digest(["node", *level[at : at + 2]]) for at in range(0, len(level) - 1, 2)]
        level = pairs + level[len(level) - len(level) % 2 :]
    return level[0] if level else NO_HASH
