"""Verifies the audit log: names each entry that was changed, removed or inserted."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.model import keys
from chalicelib.operations.shared.access import require_right
from chalicelib.operations.shared.context import Context
from chalicelib.ports import SealStore

from .entries import NO_HASH, AuditEntry, ChainHead, digest, mac_of
from .seals import StoredSeal, audited_actors, root_of, seal_fields

#: How often a chain with a finding is read again: a commit may become visible item by item.
ATTEMPTS: Final = 5
#: The pause before the second reading, in seconds; it grows with each.
PAUSE: Final = 0.05


class AuditProblem(StrEnum):
    """What is wrong with an entry, a chain or a seal."""

    CHANGED = "changed"
    REMOVED = "removed"
    INSERTED = "inserted"
    VALUES_CHANGED = "values changed"
    HEAD_CHANGED = "head changed"
    SEAL_BROKEN = "seal broken"


@dataclass(frozen=True, slots=True, order=True)
class AuditFinding:
    """One thing that is wrong: with an entry of an actor, or with a seal when the actor is empty."""

    actor: str
    number: int
    problem: AuditProblem
    detail: str = ""


@dataclass(slots=True)
class AuditReport:
    """What a verification has read and found."""

    chains: int = 0
    entries: int = 0
    #: Entries whose values were erased on purpose.
    erased: int = 0
    seals: int = 0
    #: The moment of the newest seal; changes after it that were cut off can't be noticed.
    sealed_at: str = ""
    findings: list[AuditFinding] = field(default_factory=list)


@dataclass(slots=True)
class _Chain:
    """A chain as it is stored: its items by number, and its head."""

    actor: str
    head: ChainHead
    entries: dict[int, Mapping[str, Any]]
    strange: list[str]

    @classmethod
    def read(cls, ctx: Context, actor: str) -> _Chain:
        head, entries, strange = ChainHead(), {}, []
        for item in ctx.uow.items(keys.audit_chain(actor)):
            name = item["sk"]
            if (actor_key := (item["pk"], name)) == keys.audit_head(actor):
                head = ChainHead.from_item(item)
            elif name.isdigit() and actor_key == keys.audit_entry(actor, int(name)):
                entries[int(name)] = item
            else:
                strange.append(name)
        return cls(actor, head, entries, strange)

    def hash_at(self, number: int) -> str:
        """The hash of an entry as it is stored now; empty for one that isn't stored."""
        item = self.entries.get(number)
        return NO_HASH if item is None else AuditEntry.from_item(item).hash


def verify(ctx: Context, seals: SealStore) -> AuditReport:
    """Read all chains and all seals, and report what doesn't fit together."""
    require_right(ctx, Right.MANAGE_LAB)
    report = AuditReport()
    sealed = _verify_seals(ctx, seals, report)
    actors = sorted({*audited_actors(ctx), *(actor for actor, _, _ in sealed)})
    for actor in actors:
        _verify_actor(ctx, actor, report)
    for (actor, number, hash_), seal in sealed.items():
        found = _hash_of(ctx, actor, number)
        if found != hash_:
            problem = AuditProblem.CHANGED if found else AuditProblem.REMOVED
            report.findings.append(AuditFinding(actor, number, problem, f"since seal {seal}"))
    report.findings = sorted(set(report.findings))
    return report


def _hash_of(ctx: Context, actor: str, number: int) -> str:
    item = ctx.uow.item(keys.audit_entry(actor, number))
    return NO_HASH if item is None else AuditEntry.from_item(item).hash


def _verify_actor(ctx: Context, actor: str, report: AuditReport) -> None:
    """Verify a chain; only what is found each time that it is read counts."""
    chain = _Chain.read(ctx, actor)
    found = set(_findings(chain))
    for attempt in range(1, ATTEMPTS):
        if not found:
            break
        time.sleep(PAUSE * attempt)
        chain = _Chain.read(ctx, actor)
        found &= set(_findings(chain))
    values = set(_findings_in_values(ctx, chain, report))
    report.chains += 1
    report.entries += len(chain.entries)
    report.findings += found | values


def _findings(chain: _Chain) -> Iterator[AuditFinding]:
    actor, head = chain.actor, chain.head
    last = max(head.number, 0)
    for name in chain.strange:
        yield AuditFinding(actor, 0, AuditProblem.INSERTED, f"an item named {name!r}")
    if head.stored is None:
        yield AuditFinding(actor, 0, AuditProblem.HEAD_CHANGED, "the head was removed")
        last = max(chain.entries, default=0)
    for number in sorted(set(chain.entries) - set(range(1, last + 1))):
        yield AuditFinding(actor, number, AuditProblem.INSERTED, "after the head")
    for number in range(1, last + 1):
        item = chain.entries.get(number)
        if item is None:
            yield AuditFinding(actor, number, AuditProblem.REMOVED)
            continue
        yield from _findings_in_entry(chain, number, item)


def _findings_in_entry(chain: _Chain, number: int, item: Mapping[str, Any]) -> Iterator[AuditFinding]:
    """Compare an entry with its own hash and with the hash that its successor, or the head, names."""
    entry, head = AuditEntry.from_item(item), chain.head
    named = head.hash if number == head.number else None
    following = chain.entries.get(number + 1)
    if following is not None and number != head.number:
        named = AuditEntry.from_item(following).previous
    if item.get("hash") != entry.hash or (entry.actor, entry.number) != (chain.actor, number):
        yield AuditFinding(chain.actor, number, AuditProblem.CHANGED)
    elif named is not None and named != entry.hash:
        is_last = number == head.number
        why = "the head names another hash" if is_last else f"entry {number + 1} names another hash"
        yield AuditFinding(chain.actor, number, AuditProblem.CHANGED, why)
    if number == 1 and entry.previous != NO_HASH:
        yield AuditFinding(chain.actor, number, AuditProblem.CHANGED, "it names an entry before the first")


def _findings_in_values(ctx: Context, chain: _Chain, report: AuditReport) -> Iterator[AuditFinding]:
    stored = {item["sk"]: item for item in ctx.uow.items(keys.audit_values_of(chain.actor))}
    for number, item in chain.entries.items():
        beside = stored.pop(keys.audit_values(chain.actor, number)[1], None)
        if beside is None:
            report.erased += 1
        elif mac_of(str(beside.get("key", "")), beside.get("values", {})) != item.get("values_mac"):
            yield AuditFinding(chain.actor, number, AuditProblem.VALUES_CHANGED)
    # An entry whose values are left is missing, which was found, or became visible after the chain was read.
    for name in sorted(stored):
        if not name.isdigit() or keys.audit_values(chain.actor, int(name))[1] != name:
            yield AuditFinding(chain.actor, 0, AuditProblem.INSERTED, f"values named {name!r}")


def _verify_seals(ctx: Context, seals: SealStore, report: AuditReport) -> dict[tuple[str, int, str], int]:
    """Verify the seals; return each sealed head with the first seal that has it."""
    stored = {
        item["number"]: StoredSeal.from_item(item)
        for item in ctx.uow.items(keys.AUDIT_SEALS)
        if item["sk"].isdigit()
    }
    sealed: dict[tuple[str, int, str], int] = {}
    previous = NO_HASH
    last_kept = seals.last_number()
    for number in range(1, max([last_kept, *stored]) + 1):
        here, kept = stored.get(number), seals.read(number)
        if here is None or (kept is None and number <= last_kept):
            where = "the table" if here is None else "the place where seals are kept"
            report.findings.append(
                AuditFinding("", number, AuditProblem.SEAL_BROKEN, f"it is missing from {where}")
            )
            previous = NO_HASH if kept is None else digest(seal_fields(kept))
            continue
        report.findings += _findings_in_seal(here, kept, previous)
        previous = digest(seal_fields(kept or here.seal))
        report.seals, report.sealed_at = report.seals + 1, (kept or here.seal).at
        for leaf in here.leaves:
            sealed.setdefault(leaf, number)
    return sealed


def _findings_in_seal(here: StoredSeal, kept: Any, previous: str) -> Sequence[AuditFinding]:
    if kept is not None and kept != here.seal:
        why = "it differs from the one that is kept"
    elif root_of(here.leaves) != here.seal.root:
        why = "its heads were changed"
    elif here.seal.previous != previous:
        why = "it names another seal before it"
    else:
        return ()
    return [AuditFinding("", here.seal.number, AuditProblem.SEAL_BROKEN, why)]
