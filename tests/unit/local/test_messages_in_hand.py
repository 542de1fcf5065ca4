"""What the local host stores before it processes a message, and what that costs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib import bootstrap, services
from chalicelib.operations.schedule import delivery_attempts
from chalicelib.operations.shared.context import Context
from chalicelib.services import App
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.local.consumer import MessageConsumer
from tests.web.clock import HandClock
from tests.web.experiments import Talk


class Ringing(Talk):
    """Records the stored attempts while its timer runs, and how often an experiment was created."""

    made = 0
    in_hand: dict[str, int] = {}

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        type(self).made += 1

    def rings(self) -> None:
        stored = self.work.item(("counter", "in-hand"))
        type(self).in_hand = dict(stored["begun"])


@pytest.fixture
def ringing() -> type[Ringing]:
    return type("Ringing", (Ringing,), {"made": 0, "in_hand": {}})


@pytest.fixture
def app(tmp_path: Path, ringing: type[Ringing]) -> Iterator[App]:
    engine = SQLiteEngine(tmp_path / "run.sqlite")
    settings = {"mode": "debug", "recruiter": "hotair"}
    yield bootstrap.local(ringing, settings, app_id="in-hand", engine=engine, clock=HandClock())
    services.use(None)
    engine.close()


def posted(ctx: Context) -> None:
    ctx.experiment.after(0, "rings")


def test_a_message_is_stored_as_in_hand_before_its_hook_runs_without_making_the_experiment_twice(
    app: App, ringing: type[Ringing]
) -> None:
    consumer = MessageConsumer(app)
    while consumer.carry_out_one():
        pass
    app.run(posted)
    ringing.made = 0
    assert consumer.carry_out_one()
    assert (ringing.made, list(ringing.in_hand.values())) == (1, [1])


def test_the_next_process_knows_the_message_in_progress(app: App, ringing: type[Ringing]) -> None:
    consumer = MessageConsumer(app)
    app.run(posted)
    with app.store.begin(app.clock.now()) as work:
        delivery_attempts.store_attempts(work, {delivery_attempts.attempt_name(("nudge", "group")): 3})
    assert app.run(delivery_attempts.unfinished_attempts) == {"nudge|group": 3}
    assert consumer.next_due() is None
