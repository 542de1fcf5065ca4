"""What every test shares: no network beyond loopback, no AWS credentials of the machine."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from pytest_socket import socket_allow_hosts

from chalicelib.model import record_classes
from chalicelib.storage import record_mapping
from infra.emulator.shims.service_models import read_once

# A busy machine must not fail a test: bench/ measures time, and seeds are printed when a rule breaks.
settings.register_profile("petri", deadline=None, print_blob=True)
settings.load_profile("petri")

HERE = Path(__file__).parent
#: Files that take a minute or so: they begin first, so that none is left alone at the end.
LONGEST = (
    "deploy/lifecycle/test_rehearsal.py",
    "docs/tutorial/test_fresh_shell.py",
    "browser/study/test_items.py",
    "money/test_paid_once.py",
    "deploy/resources/test_aliases.py",
    "deploy/resources/test_sockets.py",
    "browser/base_pages/test_pages.py",
    "unit/cli/test_debug.py",
    "deploy/lifecycle/test_destroying.py",
    "browser/base_pages/test_accessibility.py",
    "deploy/lifecycle/test_deploying.py",
    "contract/engine/test_locked_file.py",
    "deploy/lifecycle/test_rollback.py",
)
#: Workers more than there are cores: while some wait for browsers, servers and bots, others go on.
MORE_WORKERS = 2
# Workers hold all that botocore and moto know of AWS; looking through it takes a fifth of a run otherwise.
gc.set_threshold(100_000, 50, 50)

LOOPBACK = ["127.0.0.1", "::1", "localhost"]

for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_ACCOUNT_ID_ENDPOINT_MODE="disabled",
    AWS_EC2_METADATA_DISABLED="true",
)


@pytest.fixture(scope="session", autouse=True)
def _service_models() -> Iterator[None]:
    with read_once():
        yield


@pytest.fixture(autouse=True)
def _loopback_only() -> None:
    socket_allow_hosts(LOOPBACK, allow_unix_socket=True)


@pytest.fixture
def own_classes() -> None:
    """Forget the classes that the test defines: a cascade of its own counts for the whole process."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Delete what `own_classes` asks for once nothing of the test is left that refers to it."""
    result = yield
    if "own_classes" in getattr(item, "fixturenames", ()):
        record_classes.clear_cache()
        record_mapping._READERS.clear()
        gc.collect()
    return result


def pytest_xdist_auto_num_workers() -> int:
    """What `-n auto` stands for."""
    return (os.cpu_count() or 1) + MORE_WORKERS


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest files begin first."""
    moved = [name for name in LONGEST if not (HERE / name).is_file()]
    if moved:
        raise pytest.UsageError(f"Files of LONGEST in tests/conftest.py have moved: {', '.join(moved)}.")
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.relative_to(HERE).as_posix(), len(places)))
