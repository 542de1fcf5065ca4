"""An archive that can't go into a table is refused before anything of the app is made or changed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

from chalicelib.model.keys import EXPERIMENT
from chalicelib.storage.engine import Put
from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.aws.resources import resource_inventory
from infra.emulator.process.cloud import Cloud
from infra.problems import OperatorProblem
from tests.deploy.app import Told, at_home, deploy
from tests.unit.importing.old_export import OLD, write


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> None:
    at_home(monkeypatch, tmp_path, cloud)


def damaged(path: Path) -> Path:
    path.write_bytes(b"no zip")
    return path


def incomplete(path: Path) -> Path:
    return write(path, {"node": OLD["node"]})


@pytest.mark.parametrize("archive", [damaged, incomplete])
def test_an_archive_that_cannot_be_loaded_makes_nothing(
    archive: Callable[[Path], Path], account: Account, names: Names, tmp_path: Path
) -> None:
    with pytest.raises(OperatorProblem, match="'stage and package the experiment' failed"):
        deploy(account, names, archive=archive(tmp_path / "bad.zip"))
    assert resource_inventory.find(account, names) == []


def test_an_archive_for_a_table_with_a_run_changes_no_function(
    account: Account, names: Names, tmp_path: Path
) -> None:
    deploy(account, names)
    with contextlib.closing(account.engine(names.table)) as engine:
        engine.commit([Put({"pk": EXPERIMENT[0], "sk": EXPERIMENT[1], "kind": "experiment", "v": 1})])
    told = Told()
    with pytest.raises(OperatorProblem, match="holds a run already"):
        deploy(account, names, told, archive=write(tmp_path / "old.zip"))
    assert told.steps[-1] == "create table, queues, topics and buckets"
