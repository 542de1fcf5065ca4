"""A browser for the pages that the documents print."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_socket import enable_socket
from selenium.webdriver import Chrome

from chalicelib.experiment.dashboard_tabs import dashboard_tabs
from tests.browser import chromium


@pytest.fixture(autouse=True)
def _own_tabs() -> None:
    """Let an example add its tabs to none; the loader does the same before it loads an experiment."""
    dashboard_tabs.clear()


@pytest.fixture
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    enable_socket()
    started = chromium.start(tmp_path_factory.mktemp("profile"))
    yield started
    started.quit()
