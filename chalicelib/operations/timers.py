"""What the clock calls of an experiment: timers set by `after`, `@scheduled` functions, background tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from chalicelib.operations.draws import drawing
from chalicelib.operations.unit import Unit


def ring(unit: Unit, method: str, arguments: dict[str, Any]) -> None:
    """Call what `after` asked for."""
    with drawing(unit, None, f"timer|{method}"):
        getattr(unit.experiment, method)(**arguments)


def is_running(unit: Unit) -> bool:
    """Whether the experiment was launched: before, the clock calls nothing of it."""
    return bool(unit.work.state.get("launched"))


def has_background_tasks(unit: Unit) -> bool:
    """Whether the experiment runs and has tasks for each minute."""
    return is_running(unit) and bool(unit.experiment.background_tasks)


def call_scheduled(unit: Unit, name: str, function: Callable[..., Any], is_method: bool, minute: int) -> None:
    """Call one scheduled function for one minute of the clock."""
    unit.seed(None, f"scheduled|{name}", minute)
    function(unit.experiment) if is_method else function()


def run_background_tasks(unit: Unit, minute: int) -> None:
    """Call the experiment's background tasks for one minute of the clock."""
    unit.seed(None, "background_tasks", minute)
    tasks: Iterable[Callable[[], Any]] = unit.experiment.background_tasks
    for task in tasks:
        task()
