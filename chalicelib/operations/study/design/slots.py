"""Assigns the cells of a study's design, as slots.

The slots of a design are numbered, and number and seed decide the cell (`Conditions.cell_at`). A participant
takes a slot that is free again, or else the next number. Numbers come from a counter that is raised outside
the commit, so participants who arrive at once share no item and don't conflict. Each slot has an item that
says who holds it, written in the commit that also stores the slot in its owner's record, and each free slot
has an item that exactly one commit can delete.

No slot is lost. A number that was counted for a commit which then failed is freed when the unit of work ends
(`write_if_discarded`). When a process dies between count and commit, the number is left without an item. Each
later assignment compares: it reads the items of the numbers before its own, and frees a number without an
item once a slot with a later number has been held for GAP_SECONDS. When no slot is left, it takes such a
number at once. Should the request that was given the number still be running, its commit conflicts, and it
takes another slot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from chalicelib.errors import StudyFull
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context
from chalicelib.study.design.cell import Cell
from chalicelib.study.design.conditions import Conditions

HELD, FREED, LEFT = "held", "freed", "left"
#: A number without an item, of which a later one has been held for so long, belongs to a process that died.
GAP_SECONDS = 60
#: How many numbers are compared at most: one BatchGetItem reads a hundred items.
MOST_COMPARED = 80
#: Each commit writes two items for a number that it frees.
MOST_FREED = 5
#: Of how many freed slots each participant takes one.
CHOICE = 8
#: Every so many slots, the numbers before are noted as compared.
NOTED_EVERY = 16


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot of a design; its owner's record stores it as a text."""

    series: str
    number: int

    def __str__(self) -> str:
        return keys.slot_text(self.series, self.number)

    @classmethod
    def parse(cls, stored: str) -> Self:
        """Return the slot that a record has stored."""
        return cls(*keys.read_slot_text(stored))


@dataclass(frozen=True, slots=True)
class _Claim:
    """What this unit of work claims, so that it can free it again before its commit."""

    owner_id: int
    fields: dict[str, Any]
    #: The version of the slot's item, and of the item that made it free; None: there is none.
    expect: int | None
    freed_expect: int | None


@dataclass(frozen=True, slots=True)
class _Series:
    """The slots of a design in one stratum, in one unit of work."""

    ctx: Context
    design: Conditions
    stratum: str

    @property
    def name(self) -> str:
        return keys.slot_series(self.design.name, self.stratum) if self.design.strata else self.design.name

    def cell_at(self, number: int) -> Cell | None:
        return self.design.cell_at(number, self.ctx.run_seed, self.stratum)


def assign_slot(ctx: Context, owner_id: int, design: Conditions, stratum: str = "") -> tuple[Slot, Cell]:
    """Claim a slot for a participant, group or network, with the commit of this unit of work.

    Store `str(slot)` in the owner's record, in this unit of work, and call this once for each owner.
    StudyFull when the quotas leave no slot.
    """
    series = _Series(ctx, design, stratum)
    stored = ctx.uow.items(keys.freed_slots(series.name))
    return _claim_freed(series, owner_id, stored) or _claim_next(series, owner_id, stored)


def free_slot(ctx: Context, slot: Slot, owner_id: int) -> bool:
    """Free the slot of an owner who leaves, is screened out, or fails, once; return whether this call did.

    The next participant gets it, unless the design doesn't replace those who leave.
    """
    claims = _claims(ctx)
    place = slot.series, slot.number
    claim = claims[place] if place in claims else _stored_claim(ctx, slot)
    if claim is None or claim.owner_id != owner_id:
        return False
    claims[place] = None
    again = claim.fields["again"]
    _put_slot(ctx, slot, {**claim.fields, "state": FREED if again else LEFT}, claim.expect)
    if again:
        version = (claim.expect or 0) + 1
        fields = _freed_fields(slot.number, claim.fields["cell"], version)
        key = keys.freed_slot(slot.series, slot.number)
        ctx.uow.put_item(key, "freed_slot", fields, expect=claim.freed_expect)
    return True


def _stored_claim(ctx: Context, slot: Slot) -> _Claim | None:
    item = ctx.uow.item(keys.slot(slot.series, slot.number))
    if item is None or item["state"] != HELD:
        return None
    return _Claim(item["owner"], _slot_fields_of(item), item["v"], None)


def _claims(ctx: Context) -> dict[tuple[str, int], _Claim | None]:
    """Return what this unit of work has claimed; None for a slot that it has freed."""
    claims: dict[tuple[str, int], _Claim | None] = ctx.read.setdefault("claimed slots", {})
    return claims


# -- claiming -----------------------------------------------------------------------------------


def _claim_freed(
    series: _Series, owner_id: int, stored: Sequence[Mapping[str, Any]]
) -> tuple[Slot, Cell] | None:
    """Claim one of the first slots that are free again; owners who come at once take different ones."""
    free = [
        (item, cell)
        for item in stored
        if item["kind"] == "freed_slot"
        and (series.name, item["number"]) not in _claims(series.ctx)
        # An author may have changed the design meanwhile.
        and (cell := series.design.find(item["cell"])) is not None
    ]
    if not free:
        return None
    item, cell = free[owner_id % min(len(free), CHOICE)]
    slot = Slot(series.name, item["number"])
    series.ctx.uow.delete_item(keys.freed_slot(slot.series, slot.number), expect=item["v"])
    _claim(series, slot, cell, owner_id, expect=item["slot_version"], freed_expect=item["v"])
    return slot, cell


def _claim_next(series: _Series, owner_id: int, stored: Sequence[Mapping[str, Any]]) -> tuple[Slot, Cell]:
    """Claim the next number, and free numbers that were lost."""
    number = series.ctx.uow.increment_now(keys.slot_count(series.name))
    cell = series.cell_at(number)
    if cell is None:
        return _claim_lost(series, owner_id, number, stored)
    slot = Slot(series.name, number)
    series.ctx.uow.write_if_discarded(_freed_items(series, slot, cell))
    _claim(series, slot, cell, owner_id, expect=None, freed_expect=None)
    lost = _compare(series, number, stored, patient=True)
    for missing in lost[:MOST_FREED]:
        _free_lost(series, missing)
    return slot, cell


def _claim_lost(
    series: _Series, owner_id: int, number: int, stored: Sequence[Mapping[str, Any]]
) -> tuple[Slot, Cell]:
    """Claim a number that was lost, or refuse."""
    for missing in _compare(series, number, stored, patient=False):
        cell = series.cell_at(missing)
        if cell is not None:
            slot = Slot(series.name, missing)
            _claim(series, slot, cell, owner_id, expect=None, freed_expect=None)
            return slot, cell
    raise StudyFull


def _claim(
    series: _Series, slot: Slot, cell: Cell, owner_id: int, *, expect: int | None, freed_expect: int | None
) -> None:
    fields = _slot_fields(series, slot, cell, owner_id, HELD)
    _put_slot(series.ctx, slot, fields, expect)
    _claims(series.ctx)[slot.series, slot.number] = _Claim(owner_id, fields, expect, freed_expect)


def _put_slot(ctx: Context, slot: Slot, fields: Mapping[str, Any], expect: int | None) -> None:
    ctx.uow.put_item(keys.slot(slot.series, slot.number), "slot", fields, expect=expect)


def _slot_fields(series: _Series, slot: Slot, cell: Cell, owner_id: int, state: str) -> dict[str, Any]:
    return {
        "number": slot.number,
        "cell": cell.as_json(),
        "state": state,
        "owner": owner_id,
        "claimed": iso(series.ctx.now),
        "again": series.design.gives_again,
    }


def _slot_fields_of(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in ("number", "cell", "state", "owner", "claimed", "again")}


# -- numbers that were lost ---------------------------------------------------------------------


def _compare(
    series: _Series, number: int, stored: Sequence[Mapping[str, Any]], *, patient: bool
) -> list[int]:
    """Return numbers before this one that were counted, and that no commit has claimed.

    `patient`: leave those to their requests that may still be running.
    """
    first = 1 + max((item["number"] for item in stored if item["kind"] == "compared_slots"), default=0)
    items = _slot_items(series, range(first, min(number, first + MOST_COMPARED)))
    missing = [each for each, item in items.items() if item is None]
    _note_compared(series, number, missing[0] - 1 if missing else max(items, default=0))
    claims = _claims(series.ctx)
    missing = [each for each in missing if (series.name, each) not in claims]
    newest = _newest_long_held(series.ctx, items) if patient else number
    return [each for each in missing if each < newest]


def _slot_items(series: _Series, numbers: range) -> dict[int, Mapping[str, Any] | None]:
    places = {number: keys.slot(series.name, number) for number in numbers}
    series.ctx.uow.prefetch(more=places.values())
    return {number: series.ctx.uow.item(place) for number, place in places.items()}


def _newest_long_held(ctx: Context, items: Mapping[int, Mapping[str, Any] | None]) -> int:
    """Return the highest number that was claimed at least GAP_SECONDS ago, or 0."""
    since = iso(ctx.now - timedelta(seconds=GAP_SECONDS))
    held = (number for number, item in items.items() if item is not None and item["claimed"] <= since)
    return max(held, default=0)


def _note_compared(series: _Series, number: int, compared: int) -> None:
    """Note now and then up to which number all are held or freed; arrivals would meet on a note each time."""
    if number % NOTED_EVERY == 0 and compared:
        # A lower number than another request has noted does no harm: more is compared.
        key = keys.compared_slots(series.name)
        series.ctx.uow.put_unconditional(key, "compared_slots", {"number": compared})


def _free_lost(series: _Series, number: int) -> None:
    cell = series.cell_at(number)
    if cell is not None:
        for key, kind, fields in _freed_items(series, Slot(series.name, number), cell):
            series.ctx.uow.put_item(key, kind, fields)


def _freed_items(series: _Series, slot: Slot, cell: Cell) -> list[tuple[keys.Key, str, dict[str, Any]]]:
    """Return the items of a number that is freed before it was ever held."""
    slot_fields = _slot_fields(series, slot, cell, 0, FREED)
    freed_fields = _freed_fields(slot.number, slot_fields["cell"], version=1)
    return [
        (keys.slot(slot.series, slot.number), "slot", slot_fields),
        (keys.freed_slot(slot.series, slot.number), "freed_slot", freed_fields),
    ]


def _freed_fields(number: int, cell: Mapping[str, Any], version: int) -> dict[str, Any]:
    return {"number": number, "cell": dict(cell), "slot_version": version}
