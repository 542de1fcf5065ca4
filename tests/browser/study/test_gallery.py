"""The gallery of `petri gallery`: all kinds of items on one page of the real host."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from selenium.webdriver import Chrome

from chalicelib.study.items import kinds
from infra.scaffold import create_gallery
from tests.browser.accessibility import problems
from tests.browser.hosts import hosting
from tests.demos.conftest import WITHIN_SECONDS
from tests.demos.serving import environment

from .people import Person


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_gallery_shows_each_kind_and_has_no_violations(
    browser: Chrome, tmp_path: Path, scheme: str
) -> None:
    folder = tmp_path / "gallery"
    folder.mkdir()
    colours = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    with hosting(create_gallery(folder), tmp_path) as host:
        one = Person(browser, host.address, 1)
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", colours)  # of the person's own tab
        one.come().is_at("gallery")
        shown = browser.execute_script(
            "return [...document.querySelectorAll('[data-kind]')].map((item) => item.dataset.kind)"
        )
        assert browser.execute_script("return matchMedia('(prefers-color-scheme: dark)').matches") == (
            scheme == "dark"
        )
        found = problems(browser, f"gallery-{scheme}")
        one.go_on()
        one.is_at("text")
        found += problems(browser, f"gallery-text-{scheme}")
        one.go_on()
        one.is_at("end")
    assert set(kinds()) <= set(shown)
    assert found == []


def test_the_command_serves_the_gallery_and_leaves_nothing_behind(tmp_path: Path) -> None:
    place = tmp_path / "here"
    place.mkdir()
    started = subprocess.Popen(
        [sys.executable, "-m", "infra.cli", "gallery", "--no-browser", "--port", "0"],
        cwd=place,
        env=environment(tmp_path, PYTHONUNBUFFERED="1", COLUMNS="500"),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        found = (re.search(r"http://127\.0\.0\.1:\d+", line) for line in started.stdout)
        address = next(filter(None, found))[0]
        assert "petri-study.js" in requests.get(f"{address}/exp", timeout=WITHIN_SECONDS).text
    finally:
        started.send_signal(signal.SIGINT)
        started.communicate(timeout=WITHIN_SECONDS)
    assert list(place.iterdir()) == []
