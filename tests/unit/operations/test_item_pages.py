"""Items of a partition are read page by page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib import services
from chalicelib.operations.shared import read_records
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.read_records import all_items
from chalicelib.services import App
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from tests.contract.factories import an_app

LETTERS = ["a1", "a2", "a3", "b1", "b2"]


@pytest.fixture
def app() -> Iterator[App]:
    engine = SQLiteEngine(":memory:")
    app = an_app(engine)
    services.use(app)
    yield app
    services.use(None)
    engine.close()


@pytest.mark.parametrize("per_call", [1, 2, 3, 5, 6])
def test_all_items_are_read_once_and_in_order_whatever_the_size_of_a_page(
    app: App, monkeypatch: pytest.MonkeyPatch, per_call: int
) -> None:
    def write(ctx: Context) -> None:
        for one in reversed(LETTERS):
            ctx.uow.put_item(("letters", one), "counter", {"v": 1})
        ctx.uow.put_item(("others", "c1"), "counter", {"v": 1})

    app.run(write)
    monkeypatch.setattr(read_records, "_PER_CALL", per_call)

    def read(ctx: Context, pk: str, prefix: str = "") -> list[object]:
        return [item["sk"] for item in all_items(ctx, pk, prefix)]

    assert app.run(read, "letters") == LETTERS
    assert app.run(read, "letters", "a") == ["a1", "a2", "a3"]
    assert app.run(read, "numbers") == []
