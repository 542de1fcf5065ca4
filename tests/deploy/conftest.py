"""Fixtures of the emulated AWS: one server for the tests of a process, and an app for each test."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.aws.account import steps
from infra.aws.account.names import Names
from infra.aws.account.session import Account, connect
from infra.emulator.process.cloud import REGION, Cloud
from tests.deploy.app import at_home, deploy
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
class _Original:
    """A cloud that is only copied, its operator's registry, and the app that is deployed in it."""

    cloud: Cloud
    home: Path
    names: Names


@pytest.fixture(scope="session")
def _original(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Original]:
    folder, names = tmp_path_factory.mktemp("original"), Names("standing", "sandbox", REGION)
    with cloud.copy() as own:
        # Other tests run before this fixture ends, and use another AWS.
        with pytest.MonkeyPatch.context() as patch:
            home = at_home(patch, folder, own)
            deploy(connect(), names)
        yield _Original(own, home, names)


@pytest.fixture
def standing(_original: _Original, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Standing]:
    """An app that was deployed once: each test has its own copy of the cloud and the registry."""
    with _original.cloud.copy() as own:
        home = at_home(monkeypatch, tmp_path / "standing", own)
        shutil.copytree(_original.home, home, dirs_exist_ok=True)
        yield Standing(connect(), _original.names, own)


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
