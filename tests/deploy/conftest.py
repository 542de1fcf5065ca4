"""Fixtures of the emulated AWS: one server for the tests of a process, and an app for each test."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.aws.account import steps
from infra.aws.account.names import Names
from infra.aws.account.session import Account, connect
from infra.emulator.process.cloud import REGION, Cloud
from tests.deploy.app import HOME, at_home, deploy
from tests.tools.answers import _quick_answers

__all__ = ["_quick_answers"]

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    with Cloud() as played:
        yield played


@dataclass(frozen=True)
class Standing:
    """A deployed app in its own emulated AWS."""

    account: Account
    names: Names
    cloud: Cloud


@dataclass(frozen=True)
class Original:
    """A cloud that is only copied, its operator's registry, and the app that is deployed in it."""

    cloud: Cloud
    home: Path
    names: Names

    @contextmanager
    def copied_to(self, folder: Path) -> Iterator[Original]:
        """Copy the cloud, and the registry below `folder`."""
        home = folder / HOME
        shutil.copytree(self.home, home)
        with self.cloud.copy() as own:
            yield Original(own, home, self.names)


@pytest.fixture(scope="session")
def deployed_original(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Original]:
    folder, names = tmp_path_factory.mktemp("original"), Names("standing", "sandbox", REGION)
    with cloud.copy() as own:
        # Other tests run before this fixture ends, and use another AWS.
        with pytest.MonkeyPatch.context() as patch:
            home = at_home(patch, folder, own)
            deploy(connect(), names)
        yield Original(own, home, names)


@pytest.fixture
def standing(
    deployed_original: Original, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Standing]:
    """An app that was deployed once: each test has its own copy of the cloud and the registry."""
    with deployed_original.copied_to(tmp_path / "standing") as copy:
        at_home(monkeypatch, tmp_path / "standing", copy.cloud)
        yield Standing(connect(), copy.names, copy.cloud)


@pytest.fixture
def account(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Account:
    """The operator's account, looked up like in the commands."""
    for name, value in cloud.environment().items():
        monkeypatch.setenv(name, value)
    return connect()


@pytest.fixture
def names() -> Names:
    return Names(f"story{next(_NUMBERS)}", "sandbox", REGION)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "pause", lambda seconds: None)
