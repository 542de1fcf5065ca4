"""In a lab: what each app last answered about itself, or why it didn't."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.model import keys
from chalicelib.model.record import iso, moment
from chalicelib.operations.shared.context import Context


@dataclass(frozen=True, slots=True)
class AppReport:
    """What an app last answered; the answer stays when the app can't be reached."""

    app: str
    #: When it was asked last.
    asked: datetime
    #: When it answered last; None: never.
    heard: datetime | None = None
    #: The fields of its overview: state, participants, money.
    overview: Mapping[str, Any] = field(default_factory=dict)
    #: Why it didn't answer the last time; "" if it did.
    error: str = ""

    def to_fields(self) -> dict[str, Any]:
        """Return the stored fields."""
        return {
            "app": self.app,
            "asked": iso(self.asked),
            "heard": iso(self.heard),
            "overview": dict(self.overview),
            "error": self.error,
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> AppReport:
        """Read a stored report."""
        asked = datetime.fromisoformat(item["asked"])
        return cls(item["app"], asked, moment(item.get("heard")), dict(item["overview"]), item["error"])


def stored_reports(ctx: Context) -> dict[str, AppReport]:
    """Return what is stored of each app, by its id."""
    return {item["app"]: AppReport.from_item(item) for item in ctx.uow.items(keys.LAB_REPORTS)}


def store_reports(ctx: Context, reports: Sequence[AppReport]) -> None:
    """Store what apps have answered; an app that was removed meanwhile is left out."""
    for report in reports:
        if ctx.uow.item(keys.lab_app(report.app)) is not None:
            ctx.uow.put_if_unchanged(keys.lab_report(report.app), "lab_report", report.to_fields())
