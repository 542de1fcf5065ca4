"""Restricts the routes in the setting `protected_routes` to the operator."""

from __future__ import annotations

import json
from functools import lru_cache

from chalicelib import services
from chalicelib.errors import ConfigError, ExperimentError, Forbidden
from chalicelib.experiment.routes import parse_rule
from chalicelib.operations.shared.context import OPERATOR, Caller

RouteShape = tuple[str | None, ...]


def refuse_protected(path: str, caller: Caller) -> None:
    """Refuse a protected route to every caller but the operator. `path`: as declared, `/node/{node_id}`."""
    rules = services.current().config.get("protected_routes")
    if rules and caller.kind != OPERATOR and _shape(path) in read_rules(str(rules)):
        raise Forbidden("This route is not available in this experiment.", code="route_protected")


@lru_cache(maxsize=512)
def _shape(path: str) -> RouteShape:
    return parse_rule(path).shape


@lru_cache(maxsize=8)
def read_rules(text: str) -> frozenset[RouteShape]:
    """Parse a JSON list of routes, such as `["/network/<network_id>"]`, with any names of variables."""
    try:
        return frozenset(parse_rule(rule).shape for rule in json.loads(text))
    except (ValueError, TypeError, AttributeError, ExperimentError) as error:
        raise ConfigError(
            f'protected_routes must be a JSON list of routes, such as ["/network/<network_id>"]: {error}'
        ) from error
