"""Defines an author's own routes and schedules: `@experiment_route("/double/<x>")`, `@scheduled(minutes=5)`.

The decorators only mark functions; the loader collects the marked functions of the module and of the
Experiment class.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any, TypeVar

from chalicelib.errors import BadRequest, ExperimentError
from chalicelib.immutable import immutable

F = TypeVar("F")

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
#: Below these, the dashboard's own host serves every path of the API: a page there could act as the operator.
_RESERVED = (("dashboard",), ("dashboard-static",), ("api", "v1"))
_ROUTES = "__petri_routes__"
_SCHEDULE = "__petri_minutes__"
_LITERAL = re.compile(r"[A-Za-z0-9._~-]+")
#: `<x>`, `<int:x>` or `{x}`
_PARAMETER = re.compile(r"<(?:(?P<type>[a-z]+):)?(?P<old>[A-Za-z_]\w*)>|\{(?P<new>[A-Za-z_]\w*)\}")
_TYPES: dict[str, Callable[[str], Any]] = {"string": str, "int": int, "float": float}


@immutable()
class UrlRule:
    """A URL pattern with placeholders: `/double/<int:x>`."""

    #: as API Gateway writes it: `/double/{x}`
    path: str
    #: the function that converts each value, by name
    parameters: Mapping[str, Callable[[str], Any]]

    @property
    def shape(self) -> tuple[str | None, ...]:
        """The parts of the path, None for placeholders."""
        return tuple(None if part.startswith("{") else part for part in self.path.strip("/").split("/"))

    def arguments(self, values: Mapping[str, str]) -> dict[str, Any]:
        """Convert the values of a path to the function's arguments; BadRequest names an invalid one."""
        given = {}
        for name, convert in self.parameters.items():
            try:
                given[name] = convert(values[name])
            except ValueError:
                raise BadRequest(f"'{name}' in the path must be of type {convert.__name__}.") from None
        return given


@immutable()
class AuthorRoute:
    """A route of an author, and its handler."""

    rule: UrlRule
    methods: tuple[str, ...]
    name: str
    #: called with the rule's arguments; a method also gets the experiment, first
    function: Callable[..., Any]
    is_method: bool


@immutable()
class ScheduledFunction:
    """A function that is called at a fixed interval while the experiment runs."""

    minutes: int
    name: str
    function: Callable[..., Any]
    is_method: bool


def experiment_route(rule: str, methods: Iterable[str] = ("GET",)) -> Callable[[F], F]:
    """Make this function, or method of your Experiment, the handler of a route of your own.

    Args:
        rule: The path, with placeholders `<x>` or `{x}`, whose values become arguments of that name
            (`<int:x>` and `<float:x>` as numbers).
        methods: GET, POST, PUT, PATCH or DELETE.

    Returns:
        A decorator that marks the function and returns it unchanged.

    Raises:
        ExperimentError: The rule isn't a valid path, or a method isn't one of these.

    """
    parsed = parse_rule(rule)
    named = tuple(dict.fromkeys(method.upper() for method in methods))
    if isinstance(methods, str) or not named or not set(named) <= set(_METHODS):
        allowed = ", ".join(_METHODS)
        raise ExperimentError(f"methods of the route {rule} must be a list of some of: {allowed}.")

    def mark(function: F) -> F:
        target = getattr(function, "__func__", function)
        setattr(target, _ROUTES, (*getattr(target, _ROUTES, ()), (parsed, named)))
        return function

    return mark


def scheduled(*, minutes: int) -> Callable[[F], F]:
    """Call this function, or method of your Experiment, at a fixed interval.

    Args:
        minutes: A whole number, 1 or more.

    Returns:
        A decorator that marks the function and returns it unchanged.

    Raises:
        ExperimentError: `minutes` isn't such a number.

    """
    if not isinstance(minutes, int) or isinstance(minutes, bool) or minutes < 1:
        raise ExperimentError("@scheduled(minutes=...) takes a whole number of minutes, 1 or more.")

    def mark(function: F) -> F:
        setattr(getattr(function, "__func__", function), _SCHEDULE, minutes)
        return function

    return mark


def parse_rule(rule: str) -> UrlRule:
    """Parse a path such as `/double/<int:x>`; ExperimentError says what is wrong with it."""
    if not rule.startswith("/") or rule == "/":
        raise ExperimentError(f"The route {rule!r} must begin with / and a word, for example /double/<x>.")
    parts = []
    parameters: dict[str, Callable[[str], Any]] = {}
    for part in rule[1:].split("/"):
        found = _PARAMETER.fullmatch(part)
        if found is None:
            parts.append(_literal(part, rule))
            continue
        name = found["old"] or found["new"]
        if name in parameters:
            raise ExperimentError(f"The route {rule} has two values called '{name}'; give each its own name.")
        parameters[name] = _converter(found["type"] or "string", rule)
        parts.append(f"{{{name}}}")
    return UrlRule("/" + "/".join(parts), parameters)


def _literal(part: str, rule: str) -> str:
    if not _LITERAL.fullmatch(part):
        raise ExperimentError(
            f"The route {rule} has the part {part!r}; a part is a word of letters, digits, . _ ~ - "
            "or a value such as <x>."
        )
    return part


def _converter(type_: str, rule: str) -> Callable[[str], Any]:
    if type_ not in _TYPES:
        raise ExperimentError(f"The route {rule} asks for type '{type_}'; use one of {', '.join(_TYPES)}.")
    return _TYPES[type_]


def collect_routes(module: ModuleType, cls: type, taken: Iterable[str] = ()) -> list[AuthorRoute]:
    """Find the routes that an experiment defines.

    `taken`: Petri's own routes. Raises ExperimentError when two routes conflict or when a handler doesn't
    accept the values of its path, with a line for each.
    """
    core = [parse_rule(path) for path in taken]
    routes: list[AuthorRoute] = []
    refusals: list[str] = []
    for name, function, is_method in _marked(module, cls, _ROUTES):
        for rule, methods in getattr(function, _ROUTES):
            route = AuthorRoute(rule, methods, name, function, is_method)
            try:
                _check_arguments(route)
                _check_conflicts(route, core, routes)
            except ExperimentError as refusal:
                refusals.append(str(refusal))
            routes.append(route)
    if refusals:
        raise ExperimentError("\n".join(refusals))
    return routes


def collect_schedules(module: ModuleType, cls: type) -> list[ScheduledFunction]:
    """Find the functions that an experiment has scheduled."""
    return [
        ScheduledFunction(getattr(function, _SCHEDULE), name, function, is_method)
        for name, function, is_method in _marked(module, cls, _SCHEDULE)
    ]


def _marked(module: ModuleType, cls: type, mark: str) -> list[tuple[str, Callable[..., Any], bool]]:
    """List the marked functions, each once, as (name, function, needs the experiment)."""
    found: dict[int, tuple[str, Callable[..., Any], bool]] = {}
    for name, member in vars(module).items():
        if inspect.isfunction(member) and hasattr(member, mark):
            found.setdefault(id(member), (name, member, False))
    for name in dir(cls):
        member = inspect.getattr_static(cls, name)
        function = getattr(member, "__func__", member)
        if inspect.isfunction(function) and hasattr(function, mark):
            bound = isinstance(member, staticmethod | classmethod)
            found.setdefault(id(function), (name, getattr(cls, name) if bound else function, not bound))
    return list(found.values())


def _check_arguments(route: AuthorRoute) -> None:
    arguments = dict.fromkeys(route.rule.parameters)
    try:
        inspect.signature(route.function).bind(*([None] if route.is_method else []), **arguments)
    except TypeError as error:
        names = ", ".join(arguments) or "no arguments"
        raise ExperimentError(
            f"{route.name}() handles {route.rule.path} and is called with {names}, but: {error}; "
            "change the path or the function's arguments."
        ) from None


def _check_conflicts(route: AuthorRoute, core: list[UrlRule], routes: list[AuthorRoute]) -> None:
    for prefix in _RESERVED:
        if _can_begin_with(route.rule, prefix):
            raise ExperimentError(
                f"{route.name}() handles {route.rule.path}, but Petri's dashboard has the paths below "
                f"/{'/'.join(prefix)}; choose another path."
            )
    for rule in core:
        if _can_match_same_path(route.rule, rule):
            raise ExperimentError(
                f"{route.name}() handles {route.rule.path}, but that is a route of Petri: {rule.path}; "
                "choose another path."
            )
    for other in routes:
        if route.rule.shape == other.rule.shape and set(route.methods) & set(other.methods):
            raise ExperimentError(
                f"{route.name}() and {other.name}() have the same route {route.rule.path}; "
                "change one of them."
            )
    for rule in (*core, *(other.rule for other in routes)):
        _check_siblings(route, rule)


def _can_begin_with(rule: UrlRule, prefix: tuple[str, ...]) -> bool:
    """Whether a path of the rule can be below a prefix."""
    begin = rule.shape[: len(prefix)]
    return len(rule.shape) > len(prefix) and all(
        part is None or part == reserved for part, reserved in zip(begin, prefix, strict=True)
    )


def _can_match_same_path(one: UrlRule, other: UrlRule) -> bool:
    if len(one.shape) != len(other.shape):
        return False
    return all(a is None or b is None or a == b for a, b in zip(one.shape, other.shape, strict=True))


def _check_siblings(route: AuthorRoute, other: UrlRule) -> None:
    """Refuse different placeholder names at one position of a path, as API Gateway does."""
    for mine, theirs in zip(route.rule.path.split("/"), other.path.split("/"), strict=False):
        if mine.startswith("{") and theirs.startswith("{") and mine != theirs:
            raise ExperimentError(
                f"{route.rule.path} and {other.path} have different placeholders at the same position; "
                f"write {theirs} in the route of {route.name}()."
            )
        if mine != theirs:
            return
