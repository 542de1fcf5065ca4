"""In a lab: what AWS charged for each app, as the operator's command last read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.access import require_operator
from chalicelib.operations.shared.context import Context


@dataclass(frozen=True, slots=True)
class AppCost:
    """What AWS charged for an app, without taxes, at one moment."""

    app: str
    #: When AWS was asked.
    asked: datetime
    #: In the current month; None if AWS didn't say.
    month: Decimal | None
    #: Since a day; None if AWS didn't say.
    total: Decimal | None
    since: date
    currency: str
    #: Why there are no costs, or which are missing; "" if all are there.
    problem: str

    def to_fields(self) -> dict[str, Any]:
        """Return the stored fields."""
        return {
            "app": self.app,
            "asked": iso(self.asked),
            "month": None if self.month is None else str(self.month),
            "total": None if self.total is None else str(self.total),
            "since": self.since.isoformat(),
            "currency": self.currency,
            "problem": self.problem,
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> AppCost:
        """Read stored costs."""
        month, total = (None if item[each] is None else Decimal(item[each]) for each in ("month", "total"))
        return cls(
            item["app"],
            datetime.fromisoformat(item["asked"]),
            month,
            total,
            date.fromisoformat(item["since"]),
            item["currency"],
            item["problem"],
        )


def stored_costs(ctx: Context) -> dict[str, AppCost]:
    """Return what is stored of each app, by its id."""
    return {item["app"]: AppCost.from_item(item) for item in ctx.uow.items(keys.LAB_COSTS)}


def store_costs(ctx: Context, costs: Sequence[AppCost]) -> None:
    """Store what apps cost; an app that was removed meanwhile is left out."""
    require_operator(ctx)
    for cost in costs:
        if ctx.uow.item(keys.lab_app(cost.app)) is not None:
            ctx.uow.put_if_unchanged(keys.lab_cost(cost.app), "lab_cost", cost.to_fields())
