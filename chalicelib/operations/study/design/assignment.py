"""Assigns participants and groups to the cells of a study's design, and frees slots of those who leave."""

from __future__ import annotations

from typing import Any

from chalicelib.model.participant import Participant
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.study_context import session_of, study_of
from chalicelib.study.design.cell import Cell
from chalicelib.study.design.conditions import ENTRY_PREFIX, Conditions
from chalicelib.study.study_records import GroupRecord, Place

from .slots import Slot, assign_slot, free_slot

#: The element of a design's `per` for which each of these is called.
PERSON, GROUP, NETWORK = "person", "group", "network"


def assign_person(ctx: Context, place: Place) -> None:
    """Assign a participant to a cell, once the values that they are stratified by are known."""
    design = _design(ctx, PERSON)
    if design is None or place.slot is not None:
        return
    values = _stratum_values(ctx, place, design)
    if values is None:
        return
    slot, cell = assign_slot(ctx, place.participant_id, design, design.stratum(values))
    place.slot, place.condition = str(slot), levels_of(cell)


def assign_group(ctx: Context, places: list[Place]) -> tuple[str | None, dict[str, Any]]:
    """Return the slot and the cell of a group that forms; its members' own cell where they share one.

    The first member owns the slot. StudyFull when all cells are full.
    """
    design = _design(ctx, GROUP)
    if design is None:
        shared = places[0].condition
        return None, shared if all(place.condition == shared for place in places) else {}
    slot, cell = assign_slot(ctx, places[0].participant_id, design)
    for place in places:
        place.condition = levels_of(cell)
    return str(slot), levels_of(cell)


def assign_network(ctx: Context, network: Any) -> dict[str, Any]:
    """Return the condition of a network that participants join; it is assigned when the first one joins."""
    design = _design(ctx, NETWORK)
    if design is None:
        return {}
    if "condition" not in network.details:
        _, cell = assign_slot(ctx, network.id, design)
        network.details = {**network.details, "condition": levels_of(cell)}
    condition: dict[str, Any] = network.details["condition"]
    return dict(condition)


def release_slot(ctx: Context, place: Place) -> None:
    """Free the slot of a participant who leaves before the end, so that another one gets their cell."""
    if place.slot is not None:
        free_slot(ctx, Slot.parse(place.slot), place.participant_id)


def release_group_slot(ctx: Context, group: GroupRecord) -> None:
    """Free the slot of a group that was stopped, so that another one gets its cell."""
    if group.slot is not None:
        free_slot(ctx, Slot.parse(group.slot), group.member_ids()[0])


def levels_of(cell: Cell) -> dict[str, Any]:
    """Return a cell's levels as a record stores them."""
    return dict(cell.as_json())


def _design(ctx: Context, owner: str) -> Conditions | None:
    design = study_of(ctx).design()
    return design if design is not None and design.per == owner else None


def _stratum_values(ctx: Context, place: Place, design: Conditions) -> dict[str, Any] | None:
    """Return the values by which a participant is stratified; None while an answer is missing."""
    if not design.strata:
        return {}
    participant: Participant = ctx.uow.participant(place.participant_id)
    player = session_of(ctx).player(place.participant_id)
    values: dict[str, Any] = {}
    for name in design.strata:
        if name.startswith(ENTRY_PREFIX):
            values[name] = participant.entry_information.get(name.removeprefix(ENTRY_PREFIX))
        elif player.get(name) is None:
            return None
        else:
            values[name] = player.get(name)
    return values
