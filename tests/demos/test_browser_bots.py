"""Browser bots take part through the same pages as people."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.demos.conftest import ROOT, WITHIN_SECONDS, Run
from tests.demos.serving import environment, serving
from tests.experiments import EXPERIMENTS

pytestmark = pytest.mark.browser


@pytest.fixture
def clicked(request, tmp_path):
    """The data of a demo after one browser bot took part in it."""
    demo = request.param
    with serving(demo, tmp_path, num_participants="1") as address:
        words = ["bot", str(ROOT / "demos" / demo), "--app", address, "--name", "BrowserBot", "--seed", "1"]
        bot = subprocess.run(
            [sys.executable, "-m", "infra.cli", *words],
            cwd=tmp_path,
            env=environment(tmp_path, num_participants="1"),
            capture_output=True,
            text=True,
            timeout=WITHIN_SECONDS,
            check=False,
        )
    assert bot.returncode == 0, bot.stdout + bot.stderr
    return Run(bot.stdout, tmp_path)


@pytest.mark.parametrize("clicked", ["pushbutton"], indirect=True)
def test_a_browser_bot_presses_the_button(clicked):
    assert [info["contents"] for info in clicked.tables["info"]] == ["Submitted"]


@pytest.mark.parametrize("clicked", ["bartlett1932", str(EXPERIMENTS / "bartlett1932")], indirect=True)
def test_a_browser_bot_retells_the_story(clicked):
    story, retelling = (info["contents"].split() for info in clicked.tables["info"])
    assert 0 < len(retelling) <= len(story)


@pytest.mark.parametrize("clicked", ["pushbutton"], indirect=True)
def test_a_browser_bot_comes_to_the_end(clicked):
    assert clicked.statuses == ["approved"]
