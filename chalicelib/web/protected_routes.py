"""Addresses that an experiment closes to everybody but the operator: the setting `protected_routes`."""

from __future__ import annotations

import json
from functools import lru_cache

from chalicelib import services
from chalicelib.errors import ConfigError, ExperimentError, Forbidden
from chalicelib.experiment.routes import parse_rule
from chalicelib.operations.shared.context import OPERATOR, Caller

RouteShape = tuple[str | None, ...]


def refuse_protected(path: str, caller: Caller) -> None:
    """Refuse a protected address to everybody but the operator. `path`: as declared, `/node/{node_id}`."""
    rules = services.current().config.get("protected_routes")
    if rules and caller.kind != OPERATOR and _shape(path) in read_rules(str(rules)):
        raise Forbidden("This address is not available in this experiment.", code="route_protected")


@lru_cache(maxsize=512)
def _shape(path: str) -> RouteShape:
    return parse_rule(path).shape


@lru_cache(maxsize=8)
def read_rules(text: str) -> frozenset[RouteShape]:
    """Read a JSON list of addresses, such as `["/network/<network_id>"]`; what values are called is free."""
    try:
        return frozenset(parse_rule(rule).shape for rule in json.loads(text))
    except (ValueError, TypeError, AttributeError, ExperimentError) as error:
        raise ConfigError(
            f'protected_routes must be a JSON list of addresses, such as ["/network/<network_id>"]: {error}'
        ) from error
