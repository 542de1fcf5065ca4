"""The classes that requests name: those of the author's `known_classes`, and the default."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib import services
from chalicelib.errors import BadRequest
from chalicelib.model.info import Info
from chalicelib.model.node import Node
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.fields import known_class
from chalicelib.services import App
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from tests.contract.factories import OneRoom, an_app


class Gist(Info):
    """An info of an author's."""


class Named(OneRoom):
    """An experiment that names one info class and one node class, in place of all others."""

    def configure(self) -> None:
        super().configure()
        self.known_classes = {"Gist": Gist, "Node": Node}


@pytest.fixture
def app() -> Iterator[App]:
    engine = SQLiteEngine(":memory:")
    app = an_app(engine, Named)
    services.use(app)
    yield app
    services.use(None)
    engine.close()


def found(word: str | None) -> Callable[[Context], type[Any]]:
    return lambda ctx: known_class(ctx, word, Info)


def test_a_request_names_a_class_of_the_author_or_the_default(app: App) -> None:
    assert [app.run(found(word)) for word in ("Gist", "Info", "", None)] == [Gist, Info, Info, Info]


@pytest.mark.parametrize("word", ["Node", "Meme", "gist"])
def test_a_class_of_another_type_or_of_no_type_is_refused_with_the_classes_that_can_be_named(
    app: App, word: str
) -> None:
    with pytest.raises(BadRequest, match="use one of Gist, or add") as refused:
        app.run(found(word))
    assert refused.value.code == "unknown_class"
