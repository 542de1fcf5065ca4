"""Serves the author's own routes (`@experiment_route`), with the checks of Petri's routes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from weakref import WeakKeyDictionary

from chalice.app import Blueprint, Chalice, Response

from chalicelib.errors import ExperimentError
from chalicelib.experiment.routes import AuthorRoute
from chalicelib.operations.run.custom_route import CustomResponse, CustomRoute, answer_custom_route

from .responses import HEADERS, encode, json_response
from .routing import HttpCall, endpoint

HTML = "text/html; charset=utf-8"
#: The registered routes, so that another run in the same process can register others.
_registered: WeakKeyDictionary[Chalice, list[tuple[str, str]]] = WeakKeyDictionary()


def register(app: Chalice, routes: Iterable[AuthorRoute]) -> None:
    """Register an author's routes with the app, in place of earlier ones."""
    unregister(app)
    blueprint = Blueprint(__name__)
    added: list[tuple[str, str]] = []
    for route in routes:
        endpoint(blueprint, route.rule.path, route.methods)(_view(route))
        added += [(route.rule.path, method) for method in route.methods]
    app.register_blueprint(blueprint)
    _registered[app] = added


def unregister(app: Chalice) -> None:
    """Remove the author's routes."""
    for path, method in _registered.pop(app, []):
        del app.routes[path][method]
        if not app.routes[path]:
            del app.routes[path]


def _view(route: AuthorRoute) -> Callable[[HttpCall], Response]:
    custom_route = CustomRoute(
        route.name, route.function, route.is_method, lambda result: to_response(result, route.name)
    )

    def answer(call: HttpCall) -> Response:
        parameters = call.parameters
        response: CustomResponse = call.run(
            answer_custom_route,
            custom_route,
            arguments=route.rule.arguments(parameters.path),
            parameters=parameters.others(()),
        )
        return Response(response.body, headers=dict(response.headers), status_code=response.status)

    answer.__name__ = f"author_{route.name}"
    answer.__doc__ = route.function.__doc__
    return answer


def to_response(result: Any, name: str) -> CustomResponse:
    """Serialize the result of an author's function: a dict of fields, a page as text, a Response, or None.

    Raises ExperimentError for anything else.
    """
    if result is None or isinstance(result, dict):
        answer = json_response(result or {}, f"The result of {name}()")
    elif isinstance(result, str):
        answer = Response(result, headers={**HEADERS, "Content-Type": HTML})
    elif isinstance(result, Response):
        answer = result
    else:
        raise ExperimentError(
            f"{name}() returned {type(result).__name__}; return a dict, a str, a chalice Response, or None."
        )
    return CustomResponse(answer.status_code, _headers(answer), _body(answer, name))


def _headers(answer: Response) -> dict[str, Any]:
    named = {name.lower() for name in answer.headers}
    return {**{name: value for name, value in HEADERS.items() if name.lower() not in named}, **answer.headers}


def _body(answer: Response, name: str) -> str | bytes:
    body: Any = answer.body
    if body is None:
        return ""
    return body if isinstance(body, str | bytes) else encode(body, f"The result of {name}()")
