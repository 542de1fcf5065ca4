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


def call_scheduled(unit: Unit, name: str, function: Callable[..., Any], is_method: bool, minute: int) -> None:
    """Call one scheduled function for one minute of the clock, while the experiment runs; again: nothing."""
    if not unit.work.state.get("launched"):
        return
    key = ("ticks", name)
    kept = unit.work.item(key)
    if kept is not None and kept["minute"] >= minute:
        return
    unit.work.claim(key, "tick", {"minute": minute})
    unit.seed(None, f"scheduled|{name}", minute)
    function(unit.experiment) if is_method else function()


def run_background_tasks(unit: Unit, minute: int) -> None:
    """Call the experiment's background tasks, once for each minute, while it runs."""
    if not unit.work.state.get("launched"):
        return
    tasks: Iterable[Callable[[], Any]] = unit.experiment.background_tasks
    if not tasks:
        return
    key = ("ticks", "background_tasks")
    kept = unit.work.item(key)
    if kept is not None and kept["minute"] >= minute:
        return
    unit.work.claim(key, "tick", {"minute": minute})
    unit.seed(None, "background_tasks", minute)
    for task in tasks:
        task()
