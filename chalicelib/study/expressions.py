"""Evaluates the conditions of elements: Jinja expressions, methods of the study, functions of the player."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .elements import TimelineError

if TYPE_CHECKING:
    from .elements.element import When
    from .player import Player
    from .study_view import StudyView

#: The names that expressions and pages can use besides answers.
PLAYER_NAMES = ("player", "group", "participant", "round", "rounds", "condition", "received", "config")


def holds(study: StudyView, when: When, player: Player) -> bool:
    """Return whether a condition holds for a player; None always does."""
    if when is None:
        return True
    if callable(when):
        return bool(when(player))
    is_name = when.isidentifier() and when not in study.items()
    method = getattr(type(study), when, None) if is_name else None
    if callable(method):
        return bool(method(study, player))
    return bool(evaluate(study, when, player))


def evaluate(study: StudyView, expression: str, player: Player) -> Any:
    """Return the value of a Jinja expression; an answer that is missing counts as none."""
    compiled, names = _compile(expression)
    return compiled(**{name: _value(study, player, name) for name in names})


def _value(study: StudyView, player: Player, name: str) -> Any:
    if name in PLAYER_NAMES:
        return variables(study, player)[name]
    return player.get(name, player.condition.get(name))


def variables(study: StudyView, player: Player) -> Mapping[str, Any]:
    """Return what every expression and page can use."""
    return {
        "player": player,
        "group": player.group,
        "participant": player.participant,
        "round": player.round,
        "rounds": study.rounds_at(player),
        "condition": player.condition,
        "received": player.get("received") or study.session.received(player),
        "config": study.public_config(),
        **player.condition,
    }


def check_expression(expression: str) -> str | None:
    """Return what is wrong with a Jinja expression, or None."""
    try:
        _compile(expression)
    except TimelineError as error:
        return str(error)
    return None


def names_of(expression: str) -> frozenset[str]:
    """Return the names that a valid Jinja expression uses."""
    return _compile(expression)[1]


@lru_cache(maxsize=512)
def _compile(expression: str) -> tuple[Callable[..., Any], frozenset[str]]:
    # Lazy import: most operations evaluate no expression.
    from jinja2 import Environment, TemplateSyntaxError, meta

    environment = Environment(autoescape=True)
    try:
        names = meta.find_undeclared_variables(environment.parse("{{ " + expression + " }}"))
        return environment.compile_expression(expression, undefined_to_none=True), frozenset(names)
    except TemplateSyntaxError as error:
        raise TimelineError(
            f"{expression!r} is neither a method of the study nor a valid expression: {error.message}."
        ) from None
