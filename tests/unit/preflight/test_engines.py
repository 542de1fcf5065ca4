"""The counts match DynamoDB: the DynamoDB engine, on moto, gives the same counts."""

from __future__ import annotations

from collections import Counter

import pytest

from chalicelib.experiment.loader.experiment_folder import load_experiment
from infra.local.lifecycle.run import core_routes
from infra.local.moto.moto_engine import started
from infra.simulate.bot_threads import simulated_time
from infra.simulate.trial import TrialSpec, rehearsed
from tests.unit.preflight.conftest import CONFIG, EXPERIMENT, STUDY

pytestmark = pytest.mark.slow


def counted(folder, engine=None) -> Counter:
    with simulated_time():
        loaded = load_experiment(
            folder, runtime={"mode": "debug", "run_seed": 1}, core_routes=core_routes(), environ={}
        )
        with rehearsed(loaded, TrialSpec(2), engine) as trial:
            return trial.play().tally.counts


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A study that two participants fill, so that the schedule is soon disabled."""
    folder = tmp_path_factory.mktemp("engines") / "study"
    short = {
        "experiment.py": EXPERIMENT.replace("max_size=3", "max_size=2"),
        "config.txt": CONFIG.replace("duration = 0.5", "duration = 0.1"),
    }
    for name, text in {**STUDY, **short}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def on_moto(folder):
    """Counts of the study over the DynamoDB engine, and the calls that botocore made for it."""
    with started() as new_engine:
        engine = new_engine("preflight")
        calls: Counter = Counter()
        engine.client.meta.events.register(
            "before-call.dynamodb", lambda model, **_: calls.update([model.name])
        )
        return counted(folder, engine), calls


def test_both_engines_give_the_same_counts(folder, on_moto):
    assert counted(folder) == on_moto[0]


def test_every_call_of_dynamodb_is_counted(on_moto):
    counts, calls = on_moto
    # Before each commit, the counting engine reads the items to be changed, which isn't counted.
    looks = calls["PutItem"] + calls["TransactWriteItems"] + calls["DeleteItem"]
    assert sum(calls.values()) - looks == counts["dynamodb_calls"] + OF_THE_APP


#: Calls outside requests: building the app reads and writes the secrets, and the report reads the outcome.
OF_THE_APP = 2
