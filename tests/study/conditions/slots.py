"""People who take slots, keep them in a record of their own, and leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.model import keys
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.design.slots import Slot, assign_slot, free_slot
from chalicelib.services import App
from chalicelib.storage.engine import Engine
from chalicelib.study.design.cell import Cell
from chalicelib.study.design.conditions import Conditions
from tests.contract.factories import dump

FOUR = Conditions({"colour": ["red", "blue"], "delay": [0, 5]})


def own_record(person: int) -> keys.Key:
    return f"part#{person}", "place"


def take(ctx: Context, person: int, design: Conditions, stratum: str = "") -> str:
    """Do what a participant's first page does: keep their slot, or take one; return the cell's key."""
    stored = ctx.uow.item(own_record(person))
    if stored is not None:
        return Cell(stored["cell"]).key
    slot, cell = assign_slot(ctx, person, design, stratum)
    fields = {"slot": str(slot), "cell": cell.as_json(), "gone": False}
    ctx.uow.put_if_unchanged(own_record(person), "draws", fields)
    return cell.key


def leave(ctx: Context, person: int) -> bool:
    stored = ctx.uow.item(own_record(person))
    assert stored is not None
    freed = free_slot(ctx, Slot.parse(stored["slot"]), person)
    ctx.uow.put_if_unchanged(
        own_record(person), "draws", {name: stored[name] for name in ("slot", "cell")} | {"gone": True}
    )
    return freed


def taken(app: App, people: Sequence[int], design: Conditions = FOUR, stratum: str = "") -> list[str]:
    return [app.run(take, person, design, stratum) for person in people]


def own_records(engine: Engine) -> list[Mapping[str, Any]]:
    return [item for (_, sk), item in dump(engine).items() if sk == "place"]


def living(engine: Engine) -> list[Mapping[str, Any]]:
    return [record for record in own_records(engine) if not record["gone"]]


def cells_of(engine: Engine) -> Counter[str]:
    """Count the participants of each cell who haven't left."""
    return Counter(Cell(record["cell"]).key for record in living(engine))


def numbers_of(engine: Engine) -> list[int]:
    return sorted(Slot.parse(record["slot"]).number for record in living(engine))


def spread(counts: Mapping[str, int], design: Conditions) -> int:
    """Return by how many participants the cells differ."""
    each = [counts.get(cell.key, 0) for cell in design.cells]
    return max(each) - min(each)
