"""The author's own addresses (`@experiment_route`), behind the same door as Petri's."""

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
#: What was registered, so that another run in the same process can take other addresses.
_registered: WeakKeyDictionary[Chalice, list[tuple[str, str]]] = WeakKeyDictionary()


def register(app: Chalice, routes: Iterable[AuthorRoute]) -> None:
    """Let the app answer an author's addresses, in place of those that were registered before."""
    unregister(app)
    blueprint = Blueprint(__name__)
    added: list[tuple[str, str]] = []
    for route in routes:
        endpoint(blueprint, route.rule.path, route.methods)(_view(route))
        added += [(route.rule.path, method) for method in route.methods]
    app.register_blueprint(blueprint)
    _registered[app] = added


def unregister(app: Chalice) -> None:
    """Take the author's addresses away again."""
    for path, method in _registered.pop(app, []):
        del app.routes[path][method]
        if not app.routes[path]:
            del app.routes[path]


def _view(route: AuthorRoute) -> Callable[[HttpCall], Response]:
    address = CustomRoute(
        route.name, route.function, route.is_method, lambda made: to_response(made, route.name)
    )

    def answer(call: HttpCall) -> Response:
        given = call.parameters
        page: CustomResponse = call.run(
            answer_custom_route,
            address,
            arguments=route.rule.arguments(given.path),
            parameters=given.others(()),
        )
        return Response(page.body, headers=dict(page.headers), status_code=page.status)

    answer.__name__ = f"author_{route.name}"
    answer.__doc__ = route.function.__doc__
    return answer


def to_response(made: Any, name: str) -> CustomResponse:
    """Write what an author's function returned: fields, a page as text, a Response, or nothing.

    Raises ExperimentError for anything else.
    """
    if made is None or isinstance(made, dict):
        answer = json_response(made or {}, f"What {name}() returned")
    elif isinstance(made, str):
        answer = Response(made, headers={**HEADERS, "Content-Type": HTML})
    elif isinstance(made, Response):
        answer = made
    else:
        raise ExperimentError(
            f"{name}() returned {type(made).__name__}; "
            "return a dict, a text, a Response of chalice, or nothing."
        )
    return CustomResponse(answer.status_code, _headers(answer), _body(answer, name))


def _headers(answer: Response) -> dict[str, Any]:
    named = {name.lower() for name in answer.headers}
    return {**{name: value for name, value in HEADERS.items() if name.lower() not in named}, **answer.headers}


def _body(answer: Response, name: str) -> str | bytes:
    body: Any = answer.body
    if body is None:
        return ""
    return body if isinstance(body, str | bytes) else encode(body, f"What {name}() returned")
