"""A run of a small study in its own folder, as an operator finds it a day later."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib import bootstrap
from chalicelib.experiment.loader.experiment_folder import load_experiment
from chalicelib.model.run_records import Payment
from chalicelib.operations.run.launch import launch
from chalicelib.operations.shared.context import OPERATOR_CALLER, Context
from chalicelib.services import App, use
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.local.lifecycle import origin
from infra.local.lifecycle.run_paths import RunPaths
from tests.contract.factories import arrive, say, take_place

RUN = "pilot"
EXPERIMENT = """
from petri import Empty, Experiment


class Study(Experiment):
    experiment_repeats = 1

    def create_network(self):
        return Empty(max_size=3)

    def data_check(self, participant):
        raise LookupError("the author's mistake")
"""


@dataclass
class Scene:
    """The run's paths."""

    root: Path

    @property
    def places(self) -> RunPaths:
        return RunPaths(self.root)

    @contextmanager
    def app(self) -> Iterator[App]:
        """Open the run as its host does."""
        made_of = origin.read(RUN, self.places)
        loaded = load_experiment(made_of.folder, runtime={"mode": "debug", **made_of.settings})
        with closing(SQLiteEngine(self.places.database(RUN))) as engine:
            yield bootstrap.local(loaded.experiment_class, loaded.config, app_id=RUN, engine=engine)
            use(None)

    def run(self, operation: Any, *arguments: Any) -> Any:
        """Run one operation on it as the operator."""
        with self.app() as app:
            return app.run(operation, *arguments, caller=OPERATOR_CALLER)

    def state(self) -> dict[str, Any]:
        return dict(self.run(_state))

    def payments(self) -> dict[tuple[int, str], tuple[str, str]]:
        """Amount and status by participant and kind."""
        with closing(SQLiteEngine(self.places.database(RUN))) as engine:
            rows = engine._connection.execute("SELECT participant_id, kind, amount, status FROM payment")
            return {(who, kind): (f"{amount:.2f}", status) for who, kind, amount, status in rows}

    def everything(self) -> list[str]:
        """The stored items."""
        with closing(SQLiteEngine(self.places.database(RUN))) as engine:
            rows = engine._connection.execute("SELECT body FROM item WHERE kind != 'counter' ORDER BY pk, sk")
            return [body for (body,) in rows]


def _state(ctx: Context) -> dict[str, Any]:
    return ctx.uow.state


def make_run(root: Path, people: int = 2, **settings: Any) -> Scene:
    """Write the study, launch its run, and let participants take part without submitting."""
    folder = root / "study"
    folder.mkdir()
    (folder / "experiment.py").write_text(EXPERIMENT, encoding="utf-8")
    (folder / "config.txt").write_text("[Experiment]\ntitle = Study\nbase_payment = 1\n", encoding="utf-8")
    scene = Scene(root)
    origin.record_origin(origin.Origin(folder, {"auto_recruit": False, **settings}), RUN, scene.places)
    with scene.app() as app:
        app.run(launch, caller=OPERATOR_CALLER)
        for number in range(people):
            say(app, take_place(app, arrive(app, f"w{number + 1}"))["id"])
    return scene


def put_payment(ctx: Context, participant_id: int, kind: str, amount: Any, status: str) -> None:
    """Put a payment of any status into the ledger."""
    payment = Payment(participant_id, kind, amount, "for the test")
    payment.status = status
    ctx.uow.save(payment)
