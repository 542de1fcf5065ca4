"""The experiment begins: networks are made, and the first participants asked for. Once."""

from __future__ import annotations

from typing import Any

from chalicelib.model.record import iso

from .access import operator_only
from .unit import Unit


def launch(unit: Unit) -> dict[str, Any]:
    """Set the experiment up and open recruitment; again: nothing twice."""
    operator_only(unit)
    state = unit.work.state
    if not state.get("launched"):
        unit.seed(None, "launch", 0)
        unit.experiment.setup()
        state["launched"] = iso(unit.now)
        for task in unit.experiment.background_tasks:
            task()
        if unit.config.get("auto_recruit", True):
            unit.experiment.recruiter.open_recruitment(n=unit.experiment.initial_recruitment_size)
    return {"recruitment_msg": "Recruitment was asked for." if _recruits(unit) else "Recruitment is off."}


def _recruits(unit: Unit) -> bool:
    return bool(unit.config.get("auto_recruit", True))
