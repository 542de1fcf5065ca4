"""A browser for each worker, a stand-in for each test, and a place for screenshots."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytest_socket import enable_socket
from selenium.webdriver import Chrome

from infra.site import SiteSource, build

from . import chromium
from .standin import Answer, StandIn, serving, success

HERE = Path(__file__).parent
CONFIG = {
    "title": "Remembering a story",
    "description": "You will read a short story and then write it down from memory.",
    "base_payment": 1.0,
    "duration": 0.5,
    "contact_email_on_error": "lab@example.com",
    "language": "en",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to the report of a failed test what the windows of its browser show."""
    report = yield
    browser = getattr(item, "funcargs", {}).get("browser")
    if report.when == "call" and report.failed and browser is not None:
        report.sections.append(("The browser's windows", chromium.describe_windows(browser)))
    return report


@pytest.fixture(scope="session")
def whole_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    enable_socket()
    browser = chromium.start(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.quit()


@pytest.fixture
def browser(whole_browser: Chrome) -> Iterator[Chrome]:
    """The worker's browser with one empty window; windows and memory of a test end with it."""
    yield whole_browser
    chromium.tidy(whole_browser)


@pytest.fixture(scope="session")
def tutorial_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = SiteSource(HERE / "tutorial_bartlett", "bartlett1932", "debug", CONFIG)
    return build(source, tmp_path_factory.mktemp("tutorial") / "site").root


@pytest.fixture(scope="session")
def plain_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of core pages with one empty page of the experiment, for tests of the scripts."""
    folder = tmp_path_factory.mktemp("plain")
    (folder / "templates").mkdir()
    page = (
        '{% extends "layout.html" %}{% block body %}<div class="main_div"><h1>A page</h1></div>{% endblock %}'
    )
    (folder / "templates" / "exp.html").write_text(page, encoding="utf-8")
    return build(SiteSource(folder, "plain", "debug", CONFIG), folder / "site").root


def exit_answer(**changes: Any) -> Answer:
    """What the server knows of a participant who hasn't come to an end."""
    pay = {"currency": "USD", "entitled": True, "base": 1.0, "bonus": None, "recorded": False, "sent": False}
    known = {
        "recruiter": "hotair",
        "participant_status": "working",
        "released": None,
        "ended": False,
        "submit_address": "",
        "give_back": False,
        "pay": pay | changes.pop("pay", {}),
    }
    return success(**(known | changes))


def answers_like_an_experiment(standin: StandIn) -> None:
    """Answer as an experiment with one participant, one node and one story does."""
    participant = {"id": 1, "creation_time": "2024-05-01T10:00:00.000000Z", "status": "working"}
    standin.on("GET", "/may-take-part", success(may=True))
    standin.on("POST", "/participant", success(participant=participant, token="the-token", session=1))
    standin.on("POST", "/load-participant", success(participant=participant, token="the-token", session=1))
    standin.on("POST", "/node/1", success(node={"id": 100002}))
    standin.on(
        "GET", "/node/100002/received_infos", success(infos=[{"id": 7, "contents": "Once there was a seal."}])
    )
    standin.on("POST", "/info/100002", success(info={"id": 8}))
    standin.on("POST", "/question/1", success())
    standin.on("POST", "/worker_complete", success())
    standin.on("POST", "/withdraw", success())
    standin.on("GET", "/recruiter-exit/1", exit_answer())
    standin.on("POST", "/handle-error", success(recorded=True))
    standin.on("GET", "/participant/1/messages", success(messages=[], last=0, look_after=0))


@pytest.fixture
def plain(plain_site: Path) -> Iterator[StandIn]:
    with serving(plain_site) as standin:
        answers_like_an_experiment(standin)
        yield standin


@pytest.fixture
def tutorial(tutorial_site: Path) -> Iterator[StandIn]:
    with serving(tutorial_site) as standin:
        answers_like_an_experiment(standin)
        yield standin


@pytest.fixture
def keep_screenshot(browser: Chrome) -> Callable[[str], Path]:
    return partial(chromium.keep_screenshot, browser)


@pytest.fixture
def site_with(tmp_path: Path) -> Iterator[Callable[..., StandIn]]:
    """Serve core pages with other settings: `site_with(mode="live", currency="GBP")`."""
    with contextlib.ExitStack() as open_sites:

        def make(*, mode: str = "debug", templates: dict[str, str] | None = None, **settings: Any) -> StandIn:
            folder = tmp_path / "study"
            (folder / "templates").mkdir(parents=True)
            for name, text in {"exp.html": '{% extends "layout.html" %}', **(templates or {})}.items():
                (folder / "templates" / name).write_text(text, encoding="utf-8")
            source = SiteSource(folder, "study", mode, CONFIG | settings)
            standin = open_sites.enter_context(serving(build(source, tmp_path / "site").root))
            answers_like_an_experiment(standin)
            return standin

        yield make
