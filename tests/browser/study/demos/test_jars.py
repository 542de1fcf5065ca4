"""The demo vox_populi on the real host: two people guess, see each other's guess, and guess again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.browser.accessibility import problems
from tests.browser.hosts import Host, hosting
from tests.browser.study.people import Person

DEMO = Path(__file__).parents[4] / "demos" / "vox_populi"
#: Whether the canvas has been drawn on.
DRAWN = """
const canvas = document.querySelector("canvas");
const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
return data.some((value) => value > 0);
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with hosting(DEMO, tmp_path_factory.mktemp("jars"), group_size="2", answer_seconds="600") as served:
        yield served


def test_two_people_see_each_others_guesses(browser: Chrome, host: Host) -> None:
    people = [Person(browser, host.address, number) for number in (1, 2)]
    for one in people:
        one.come().is_at("instructions")
        found = problems(browser, "vox-populi-instructions")
        one.go_on()
    for one, guess in zip(people, ("70", "130"), strict=True):
        one.is_at("alone")
        one.write("alone", guess)
        assert browser.execute_script(DRAWN)
        found += problems(browser, "vox-populi-alone")
        one.go_on()
    one.is_at("together")
    assert [item.text for item in browser.find_elements("css selector", "#page-content li")] == ["70"]
    assert "The median of all guesses, yours included, is 100." in one.text()
    found += problems(browser, "vox-populi-together")
    assert found == []
