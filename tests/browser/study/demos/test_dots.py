"""The demo rogers on the real host: dots are shown once for a second, and a key answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.browser.accessibility import problems
from tests.browser.hosts import Host, hosting
from tests.browser.study.people import Person

DEMO = Path(__file__).parents[4] / "demos" / "rogers"
#: Tells in `document.body.dataset.dots` how many dots were shown, and in how many colours.
COUNT = """
document.addEventListener("petri:page", () => {
  const fills = [...document.querySelectorAll("circle")].map((dot) => dot.getAttribute("fill"));
  if (fills.length) document.body.dataset.dots = `${fills.length} ${new Set(fills).size}`;
});
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with hosting(DEMO, tmp_path_factory.mktemp("dots"), generations="1", generation_size="9") as served:
        yield served


def test_dots_are_shown_once_and_a_key_answers(browser: Chrome, host: Host) -> None:
    one = Person(browser, host.address, 1)
    one.come().is_at("instructions")
    found = problems(browser, "rogers-instructions")
    one.go_on()
    one.is_at("look")
    one.shows("Round 1 of 8 (practice)")
    found += problems(browser, "rogers-look")
    browser.execute_script(COUNT)
    one.go_on()
    one.is_at("judge")
    assert browser.execute_script("return document.body.dataset.dots;") == "80 2"
    found += problems(browser, "rogers-judge")
    browser.refresh()
    one.is_at("judge")
    browser.switch_to.active_element.send_keys("y")
    one.is_at("look")
    one.shows("Round 2 of 8 (practice)")
    assert found == []
