"""Selects and starts an experiment's bots."""

from __future__ import annotations

import logging
import threading
from typing import Any

from chalicelib.errors import ExperimentError, NotFound, errors_only
from chalicelib.experiment.loader.experiment_folder import LoadedExperiment

USUAL = "Bot"
_logger = logging.getLogger("petri.local")


def chosen_bots(loaded: LoadedExperiment, name: str = "") -> list[type[Any]]:
    """Return the bot class with this name; by default the one called Bot, or the only one.

    Raises NotFound for an unknown name, ExperimentError when there is no bot or the choice is ambiguous.
    """
    bots = loaded.bots()
    if not bots:
        raise ExperimentError(
            f"{loaded.name} has no bot; add a class Bot(HighPerformanceBotBase) with participate()."
        )
    if name and name not in bots:
        raise NotFound(f"{loaded.name} has no bot {name}; choose one of {', '.join(sorted(bots))}.")
    wanted = name or (USUAL if USUAL in bots else "")
    if not wanted and len(bots) > 1:
        raise ExperimentError(
            f"{loaded.name} has several bots ({', '.join(sorted(bots))}); name one of them Bot."
        )
    return [bots[wanted or next(iter(bots))]]


def spawn(loaded: LoadedExperiment, address: str) -> None:
    """Start a bot at an ad address, in its own thread; its problems are logged."""
    bot = chosen_bots(loaded)[0](address)

    def take_part() -> None:
        try:
            with errors_only():
                bot.run_experiment()
        except Exception:
            # An error in the author's code; the run and its other participants continue.
            _logger.exception("A bot of %s stopped.", loaded.name)
            return
        for problem in bot.problems:
            _logger.warning("A bot of %s failed: %s", loaded.name, problem)

    threading.Thread(target=take_part, name="bot", daemon=True).start()
