"""A browser for the pages that the documents print."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_socket import enable_socket
from selenium.webdriver import Chrome

from tests.browser import chromium


@pytest.fixture
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    enable_socket()
    started = chromium.start(tmp_path_factory.mktemp("profile"))
    yield started
    started.quit()
