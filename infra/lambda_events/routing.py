"""Matches paths to the Chalice app's routes, by API Gateway's rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from chalicelib.errors import ExperimentError


@dataclass(frozen=True, slots=True)
class Match:
    """A resource such as `/node/{node_id}`, with the undecoded values of its variables."""

    resource: str
    variables: dict[str, str] | None
    methods: frozenset[str]


@dataclass(slots=True)
class _Segment:
    """One level of the routing tree: fixed words take precedence over its one variable."""

    words: dict[str, _Segment] = field(default_factory=dict)
    variable: str | None = None
    behind_variable: _Segment | None = None
    resource: str | None = None


class Routes:
    """The resources of an app, compiled into a routing tree."""

    def __init__(self, routes: Mapping[str, Iterable[str]]) -> None:
        """`routes`: resource to methods, as in `app.routes`."""
        self._methods = {resource: frozenset(methods) for resource, methods in routes.items()}
        self._fixed = {
            resource: Match(resource, None, methods)
            for resource, methods in self._methods.items()
            if "{" not in resource
        }
        self._root = _Segment()
        for resource in self._methods:
            if "{" in resource:
                self._plant(resource)

    def match(self, path: str) -> Match | None:
        """Return the route of an undecoded path; one trailing slash is ignored."""
        if len(path) > 1 and path.endswith("/"):
            path = path[:-1]
        fixed = self._fixed.get(path)
        if fixed is not None:
            return fixed
        words = path.split("/")[1:]
        values: list[tuple[str, str]] = []
        segment = _descend(self._root, words, 0, values)
        if segment is None or segment.resource is None:
            return None
        return Match(segment.resource, dict(values), self._methods[segment.resource])

    def _plant(self, resource: str) -> None:
        segment = self._root
        for word in resource.split("/")[1:]:
            if word.startswith("{"):
                segment = _behind_variable(segment, word[1:-1], resource)
            else:
                segment = segment.words.setdefault(word, _Segment())
        segment.resource = resource


def _behind_variable(segment: _Segment, name: str, resource: str) -> _Segment:
    if segment.variable not in {None, name}:
        raise ExperimentError(
            f"The route {resource} names a path variable {{{name}}} where another route names it "
            f"{{{segment.variable}}}. API Gateway requires one name: use {{{segment.variable}}}."
        )
    segment.variable = name
    if segment.behind_variable is None:
        segment.behind_variable = _Segment()
    return segment.behind_variable


def _descend(
    segment: _Segment, words: list[str], depth: int, values: list[tuple[str, str]]
) -> _Segment | None:
    if depth == len(words):
        return segment if segment.resource is not None else None
    word = words[depth]
    fixed = segment.words.get(word)
    if fixed is not None:
        found = _descend(fixed, words, depth + 1, values)
        if found is not None:
            return found
    if segment.variable is None or segment.behind_variable is None or not word:
        return None
    values.append((segment.variable, word))
    found = _descend(segment.behind_variable, words, depth + 1, values)
    if found is None:
        values.pop()
    return found
