"""Bots that click take part through the same pages as people."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import pytest

from tests.demos.conftest import ROOT, WITHIN_SECONDS, Run

pytestmark = pytest.mark.browser
PETRI = [sys.executable, "-m", "infra.cli"]


@pytest.fixture
def clicked(request, tmp_path):
    """The data of a demo after one browser bot took part in it."""
    demo = str(ROOT / "demos" / request.param)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "num_participants": "1"}
    server = subprocess.Popen(
        [*PETRI, "debug", demo, "--no-browser", "--port", "0"],
        cwd=tmp_path,
        env={**environment, "PYTHONUNBUFFERED": "1", "COLUMNS": "500"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        address = next(filter(None, (re.search(r"http://127\.0\.0\.1:\d+", line) for line in server.stdout)))
        bot = subprocess.run(
            [*PETRI, "bot", demo, "--app", address[0], "--name", "BrowserBot", "--seed", "1"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=WITHIN_SECONDS,
            check=False,
        )
    finally:
        server.send_signal(signal.SIGINT)
        printed, _ = server.communicate(timeout=WITHIN_SECONDS)
    assert bot.returncode == 0, bot.stdout + bot.stderr
    return Run(printed, tmp_path)


@pytest.mark.parametrize("clicked", ["pushbutton"], indirect=True)
def test_a_browser_bot_presses_the_button(clicked):
    assert [info["contents"] for info in clicked.tables["info"]] == ["Submitted"]


@pytest.mark.parametrize("clicked", ["bartlett1932"], indirect=True)
def test_a_browser_bot_retells_the_story(clicked):
    story, retelling = (info["contents"].split() for info in clicked.tables["info"])
    assert 0 < len(retelling) <= len(story)


@pytest.mark.parametrize("clicked", ["pushbutton"], indirect=True)
def test_a_browser_bot_comes_to_the_end(clicked):
    assert clicked.statuses == ["approved"]
