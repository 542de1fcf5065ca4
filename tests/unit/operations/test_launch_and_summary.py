"""A run is launched once, and its summary counts participants, places and sessions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import services
from chalicelib.errors import NotFound, Unauthorized
from chalicelib.model.record import iso
from chalicelib.operations.run.launch import launch
from chalicelib.operations.run.summary import read_property, summarize
from chalicelib.operations.shared.context import ANONYMOUS, OPERATOR_CALLER
from chalicelib.services import App
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from tests.contract.factories import OneRoom, an_app, arrive, not_launched, take_place


class Recruiter:
    """Counts how many participants are recruited."""

    def __init__(self) -> None:
        self.opened: list[int] = []

    def open_recruitment(self, n: int) -> None:
        self.opened.append(n)


class Told(OneRoom):
    """Notes what a launch calls."""

    repeats = 1
    sessions: list[dict[str, Any]] = []
    calls: list[str] = []
    recruited = Recruiter()

    @property
    def recruiter(self) -> Any:
        return self.recruited

    @property
    def background_tasks(self) -> Any:
        return [lambda: self.calls.append("task")]

    def configure(self) -> None:
        self.experiment_repeats = self.repeats
        self.initial_recruitment_size = 4
        self.public_properties = {"seats": 3}

    def setup(self) -> None:
        self.calls.append("setup")
        super().setup()

    def is_complete(self) -> bool | None:
        return None

    def session_counts(self) -> list[dict[str, Any]]:
        return self.sessions


@pytest.fixture
def engine() -> Iterator[SQLiteEngine]:
    engine = SQLiteEngine(":memory:")
    yield engine
    services.use(None)
    engine.close()


@pytest.fixture
def told() -> type[Told]:
    return type("Told", (Told,), {"calls": [], "recruited": Recruiter(), "sessions": []})


def counted(app: App) -> dict[str, Any]:
    return app.run(summarize, caller=OPERATOR_CALLER)


def test_a_run_is_launched_once_at_the_time_of_its_launch(engine: SQLiteEngine, told: type[Told]) -> None:
    app = not_launched(engine, told)
    services.use(app)
    with pytest.raises(Unauthorized):
        app.run(launch, caller=ANONYMOUS)
    assert told.calls == []

    def launched(ctx: Any) -> tuple[Any, Any, Any]:
        said = launch(ctx)
        return said["recruitment_msg"], ctx.uow.state["launched"], iso(ctx.now)

    said, at, now = app.run(launched, caller=OPERATOR_CALLER)
    assert (said, at) == ("Recruitment is off.", now)
    assert told.calls == ["setup", "task"]
    assert app.run(launched, caller=OPERATOR_CALLER)[1] == at
    assert (told.calls, told.recruited.opened) == (["setup", "task"], [])
    assert len(app.run(lambda ctx: ctx.uow.networks())) == 1


def test_a_launch_recruits_the_first_participants_once(engine: SQLiteEngine, told: type[Told]) -> None:
    app = not_launched(engine, told, auto_recruit=True)
    services.use(app)
    for _ in range(2):
        said = app.run(launch, caller=OPERATOR_CALLER)
        assert said == {"recruitment_msg": "Recruitment was started."}
    assert told.recruited.opened == [4]


def test_the_summary_counts_participants_by_status_and_the_places_that_are_left(
    engine: SQLiteEngine, told: type[Told]
) -> None:
    app = an_app(engine, told)
    services.use(app)
    app.run(lambda ctx: setattr(ctx.uow.networks()[0], "max_size", 3))
    before = {"completed": False, "unfilled_networks": 1, "required_nodes": 3}
    assert counted(app) == {"summary": [], "nodes_remaining": 3, **before}
    take_place(app, arrive(app, "w1"))
    arrive(app, "w2")
    assert counted(app) == {"summary": [["working", 2]], "nodes_remaining": 2, **before}


def test_a_full_run_is_complete_when_it_was_launched_and_no_session_is_to_come(
    engine: SQLiteEngine, told: type[Told]
) -> None:
    told.repeats = 0
    app = not_launched(engine, told)
    services.use(app)
    none_left = {"summary": [], "unfilled_networks": 0, "nodes_remaining": 0, "required_nodes": 0}
    assert counted(app) == {**none_left, "completed": False}
    app.run(lambda ctx: ctx.uow.state.update(launched="2026-01-01T00:00:00.000000Z"))
    assert counted(app) == {**none_left, "completed": True}
    told.sessions = [{"session": 1, "ended": 2}]
    assert counted(app) == {**none_left, "completed": True, "sessions": told.sessions}
    told.sessions = [{"session": 1, "ended": 2}, {"session": 2, "open": 1}]
    assert counted(app) == {**none_left, "completed": False, "sessions": told.sessions}


def test_a_public_property_is_returned_and_no_other(engine: SQLiteEngine, told: type[Told]) -> None:
    app = an_app(engine, told)
    services.use(app)
    assert app.run(read_property, "seats", caller=ANONYMOUS) == {"seats": 3}
    with pytest.raises(NotFound) as refused:
        app.run(read_property, "calls", caller=ANONYMOUS)
    assert refused.value.code == "property_not_found"


def test_a_full_network_has_no_places_left_and_a_run_with_a_participant_at_work_is_not_complete(
    engine: SQLiteEngine, told: type[Told]
) -> None:
    app = an_app(engine, told)
    services.use(app)
    app.run(lambda ctx: setattr(ctx.uow.networks()[0], "max_size", 1))
    take_place(app, arrive(app, "w1"))
    none_left = {"unfilled_networks": 0, "nodes_remaining": 0, "required_nodes": 0}
    assert counted(app) == {"summary": [["working", 1]], "completed": False, **none_left}
