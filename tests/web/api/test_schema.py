"""Requests that a tool makes from the OpenAPI document: valid ones are answered, others are refused."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, reject, settings
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode

from chalicelib import services
from chalicelib.api.openapi import document
from chalicelib.api.operation_table import OPERATIONS
from chalicelib.api.value_types import fields_of
from chalicelib.storage.files.folder_files import FolderFiles
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from tests.web.experiments import Talk
from tests.web.world import OPERATOR_TOKEN, World, build_world

#: How many requests are made for each operation; `make api-check` makes more.
EXAMPLES = int(os.environ.get("PETRI_API_EXAMPLES", "3"))
_numbers = itertools.count()
StartResponse = Callable[[str, list[tuple[str, str]]], object]


class Gateway:
    """A WSGI application that hands requests on as API Gateway does."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        said = self.world.call(
            environ["REQUEST_METHOD"],
            environ["RAW_URI"].partition("?")[0],
            query=environ["QUERY_STRING"].encode("latin-1"),
            body=body,
            content_type=environ.get("CONTENT_TYPE") or None,
            headers={
                name.removeprefix("HTTP_").replace("_", "-").lower(): value
                for name, value in environ.items()
                if name.startswith("HTTP_")
            },
        )
        start_response(f"{said.status} .", list(said.headers.items()))
        return [said.raw]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A run in which participants 1 and 2 are at work, and 3 has been paid."""
    made = build_world(Talk, SQLiteEngine(":memory:"), {}).launch()
    made.app.files = FolderFiles(tmp_path_factory.mktemp("files"), made.clock)
    one, other, third = made.arrive(), made.arrive(), made.arrive()
    one.answer(one.join())
    other.join()
    third.answer(third.join())
    third.finish()
    made.work()
    yield made
    services.use(None)
    made.engine.close()


def test_requests_made_from_the_document_are_answered_as_it_says(here: World) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", Gateway(here))
    operations = [each.ok() for each in schema.get_all_operations()]
    assert len(operations) == sum(len(methods) for methods in document()["paths"].values())
    failures: list[Exception] = []
    for operation in operations:
        for mode in GenerationMode:
            try:
                _ask(operation, mode)
            except Exception as error:  # noqa: BLE001 - what is wrong with the other operations is shown too
                error.add_note(f"{operation.label}, {mode.value}")
                failures.append(error)
    if failures:
        raise ExceptionGroup("The API doesn't answer as its document says.", failures)


def test_no_pattern_of_the_document_matches_a_text_that_cannot_be_stored() -> None:
    texts = ("\x00", "a\x00", "\x00a", "a\x00b", "a=\x00", "a=b\x00", "\x00=b")
    declared = [each for operation in OPERATIONS for each in fields_of(operation.parameters)]
    patterns = {pattern for each in declared for pattern in _patterns(each.type.schema())}
    assert len(patterns) > 3
    assert [(one, text) for one in patterns for text in texts if re.search(one, text)] == []


def _patterns(schema: Any) -> Iterator[str]:
    """Yield the patterns in a schema, at any depth."""
    if isinstance(schema, dict):
        yield from [schema["pattern"]] if isinstance(schema.get("pattern"), str) else []
        for value in schema.values():
            yield from _patterns(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _patterns(value)


def _wrong_parts(case: Any) -> set[ParameterLocation]:
    """Return the parts of a request that make it invalid."""
    return {place for place, part in case.meta.components.items() if part.mode is GenerationMode.NEGATIVE}


def _is_valid_as_sent(case: Any) -> bool:
    """Whether a request is invalid only because of fields without a value, which aren't sent."""
    has_no_value = any(value is None or value in ([], {}) for value in (case.query or {}).values())
    return has_no_value and _wrong_parts(case) == {ParameterLocation.QUERY}


def _ask(operation: Any, mode: GenerationMode) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        headers = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}
        if mode is GenerationMode.POSITIVE:
            # Each request has an id of its own, since one that is used twice is refused.
            headers["X-Request-Id"] = f"request-{next(_numbers)}"
        elif ParameterLocation.HEADER in _wrong_parts(case) and "X-Request-Id" not in (case.headers or {}):
            # The token itself is what is wrong.
            headers = {}
        elif _is_valid_as_sent(case):
            reject()
        case.call_and_validate(headers=headers)

    ask()
