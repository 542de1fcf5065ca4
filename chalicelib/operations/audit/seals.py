"""Seals the audit log: each hour with changes, the Merkle root of all heads is kept outside of the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context
from chalicelib.ports import Seal

from .entries import NO_HASH, ChainHead, digest, merkle_root

#: The head of a chain when it was sealed: the actor, the number and the hash of the newest entry.
Leaf = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class StoredSeal:
    """A seal as the table has it, with the heads from which its root follows."""

    seal: Seal
    leaves: tuple[Leaf, ...]

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> StoredSeal:
        """Read a stored seal."""
        leaves = tuple((str(actor), int(number), str(hash_)) for actor, number, hash_ in item["leaves"])
        return cls(Seal(item["number"], item["at"], item["root"], item["chains"], item["previous"]), leaves)

    def to_fields(self) -> dict[str, Any]:
        """Return the stored fields."""
        return {**seal_fields(self.seal), "leaves": [list(leaf) for leaf in self.leaves]}


def seal_fields(seal: Seal) -> dict[str, Any]:
    """Return the fields of a seal, from which its hash follows."""
    return {
        "number": seal.number,
        "at": seal.at,
        "root": seal.root,
        "chains": seal.chains,
        "previous": seal.previous,
    }


def root_of(leaves: Sequence[Leaf]) -> str:
    """Return the Merkle root of some heads."""
    return merkle_root([digest(list(leaf)) for leaf in leaves])


def make_seals(ctx: Context, kept: int = 0) -> list[Seal]:
    """Store a seal of all heads, if one has changed; return all seals after number `kept`.

    An app that had no place for seals until now keeps its older ones there too.
    """
    last = last_seal(ctx)
    leaves = tuple(_leaves(ctx))
    if not leaves or (last is not None and leaves == last.leaves):
        return [] if last is None else _stored_after(ctx, kept, last.seal.number)
    number, previous = (
        (1, NO_HASH) if last is None else (last.seal.number + 1, digest(seal_fields(last.seal)))
    )
    stored = StoredSeal(Seal(number, iso(ctx.now), root_of(leaves), len(leaves), previous), leaves)
    ctx.uow.put_item(keys.audit_seal(number), "audit_seal", stored.to_fields())
    ctx.uow.put_if_unchanged(keys.LAST_AUDIT_SEAL, "audit_last_seal", {"number": number})
    return [*_stored_after(ctx, kept, number - 1), stored.seal]


def _stored_after(ctx: Context, kept: int, last: int) -> list[Seal]:
    items = (ctx.uow.item(keys.audit_seal(number)) for number in range(kept + 1, last + 1))
    return [StoredSeal.from_item(item).seal for item in items if item is not None]


def last_seal(ctx: Context) -> StoredSeal | None:
    """Return the newest seal; None before the first."""
    last = ctx.uow.item(keys.LAST_AUDIT_SEAL)
    item = None if last is None else ctx.uow.item(keys.audit_seal(last["number"]))
    return None if item is None else StoredSeal.from_item(item)


def audited_actors(ctx: Context) -> list[str]:
    """Return the ids of the actors who have a chain, in order."""
    return [item["sk"] for item in ctx.uow.items(keys.AUDIT_ACTORS)]


def _leaves(ctx: Context) -> Iterator[Leaf]:
    actors = audited_actors(ctx)
    ctx.uow.prefetch(more=[keys.audit_head(actor) for actor in actors])
    for actor in actors:
        head = ChainHead.from_item(ctx.uow.item(keys.audit_head(actor)))
        if head.number:
            yield actor, head.number, head.hash
