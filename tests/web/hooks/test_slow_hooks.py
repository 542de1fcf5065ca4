"""The warning about a slow hook names the hook, its place and what to do."""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import Any

import pytest

from chalicelib import services
from chalicelib.operations.shared.context import Context
from infra.aws.deployed.run_session import quiet_slow_warnings
from tests.web.conftest import NewWorld
from tests.web.experiments import Talk, with_hooks


def node_post_request(_experiment: Any, _participant: Any, _node: Any) -> None:
    time.sleep(0.02)


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]


def test_the_authors_hook_is_named_with_its_place(
    world: NewWorld, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = world(with_hooks(Talk, node_post_request=node_post_request)).arrive()
    monkeypatch.setattr(services, "SLOW_HOOK_SECONDS", 0.01)
    with caplog.at_level(logging.WARNING, logger="petri"):
        person.post(f"/node/{person.id}")
    line = node_post_request.__code__.co_firstlineno
    named = f"node_post_request() (test_slow_hooks.py, line {line}) took "
    (warning,) = [one for one in warnings_in(caplog) if one.startswith(named)]
    assert "self.after(0, ...)" in warning


def test_commands_on_a_deployed_run_suppress_the_warning(
    world: NewWorld, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = world(with_hooks(Talk, node_post_request=node_post_request)).arrive()
    monkeypatch.setattr(services, "SLOW_HOOK_SECONDS", 0.01)
    with caplog.at_level(logging.WARNING, logger="petri"), quiet_slow_warnings():
        person.post(f"/node/{person.id}")
    assert warnings_in(caplog) == []


def test_a_slow_request_without_a_slow_hook_gives_no_warning(
    world: NewWorld, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = world(Talk).arrive()
    monkeypatch.setattr(services, "SLOW_HOOK_SECONDS", 0.0)
    with caplog.at_level(logging.WARNING, logger="petri"):
        person.post(f"/node/{person.id}")
    assert [one for one in warnings_in(caplog) if " took " in one] == []


def test_a_slow_operation_without_a_name_of_its_own_is_logged(
    world: NewWorld, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait(ctx: Context, seconds: float) -> None:
        del ctx
        time.sleep(seconds)

    app = world(Talk).app
    monkeypatch.setattr(services, "SLOW_HOOK_SECONDS", 0.01)
    with caplog.at_level(logging.INFO, logger="petri"):
        app.run(partial(wait, seconds=0.02))
    said = [one.getMessage() for one in caplog.records]
    assert any(one.startswith("wait took ") for one in said), said
