"""Makes the pictures of the dashboard for the documentation (`make pictures`).

Bots take part in simulated time with a fixed seed, their data is served as a run, and a browser without a
window photographs its dashboard. The documentation includes the pictures in `build/pictures`, if there are
any.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser import chromium
from tests.browser.classes.test_gradebook_in_a_browser import served_course
from tests.browser.dashboard.test_dashboard import sign_in
from tests.demos.serving import environment

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "build" / "pictures"
DEMO = ROOT / "demos" / "bartlett1932"
RUN = "story-study"
#: The page of each picture, and its height.
PICTURES = {
    "sign-in": ("", 420),
    "overview": ("overview", 980),
    "participants": ("participants", 860),
    "participant": ("participants/7", 980),
    "decision": ("participants/7/bonus", 520),
    "log": ("log", 900),
    "stop": ("stop", 780),
}
#: The tab of a class for each picture, and its height.
CLASS_PICTURES = {
    "members": ("", 1480),
    "assignments": ("/assignments", 790),
    "gradebook": ("/gradebook", 1180),
}
_WIDTH = 1280
_WITHIN_SECONDS = 60


def make_pictures() -> None:
    """Make all pictures; earlier ones are replaced."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = _simulated(folder)
        with _served(archive, folder) as link:
            browser = chromium.start(folder / "profile")
            try:
                _photograph(browser, link)
                _photograph_class(browser, folder)
            finally:
                browser.quit()


def _photograph(browser: chromium.webdriver.Chrome, link: str) -> None:
    for name, (page, height) in PICTURES.items():
        metrics = {"width": _WIDTH, "height": height, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        browser.get(f"{link.partition('/sign-in')[0]}/{page}" if page else link)
        browser.save_screenshot(str(FOLDER / f"dashboard-{name}.png"))
        if not page:
            browser.find_element(By.CSS_SELECTOR, "button").click()
            WebDriverWait(browser, _WITHIN_SECONDS).until(lambda b: "Overview" in b.title)


def _photograph_class(browser: chromium.webdriver.Chrome, folder: Path) -> None:
    study, served = folder / "course", folder / "served"
    study.mkdir()
    served.mkdir()
    with served_course(study, served) as run:
        sign_in(browser, run)
        for name, (tab, height) in CLASS_PICTURES.items():
            metrics = {"width": _WIDTH, "height": height, "deviceScaleFactor": 1, "mobile": False}
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
            browser.get(f"{run.dashboard}/classes/1{tab}")
            browser.save_screenshot(str(FOLDER / f"class-{name}.png"))


def _simulated(folder: Path) -> Path:
    _petri(folder, "simulate", str(DEMO), "--participants", "40", "--seed", "7", "--out", "simulated")
    return Path(shutil.make_archive(str(folder / "simulated"), "zip", folder / "simulated"))


@contextmanager
def _served(archive: Path, folder: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "infra.cli", "load", str(archive), str(DEMO), "--id", RUN, "--port", "0"]
    server = subprocess.Popen(
        command,
        cwd=folder,
        env=environment(folder, PYTHONUNBUFFERED="1", COLUMNS="500"),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        lines = (line for line in server.stdout or () if "/sign-in?ticket=" in line)
        yield next(word for word in next(lines).split() if "/sign-in?ticket=" in word)
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=_WITHIN_SECONDS)


def _petri(folder: Path, *words: str) -> None:
    command = [sys.executable, "-m", "infra.cli", *words]
    subprocess.run(command, cwd=folder, env=environment(folder), check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    make_pictures()
