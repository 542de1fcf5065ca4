"""The demos' own pages, as people use them: by pointer, by keyboard, and after a reload."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pytest_socket import enable_socket
from selenium.webdriver import ActionChains, Chrome, Keys

from tests.browser import accessibility, chromium
from tests.browser.pages import Page
from tests.demos.serving import serving
from tests.experiments import EXPERIMENTS

pytestmark = pytest.mark.browser
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    enable_socket()
    browser = chromium.start(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.quit()


@dataclass
class Served:
    """A demo that is being served, and the file in which its records are."""

    address: str
    folder: Path

    def infos(self) -> list[dict[str, Any]]:
        """The infos that participants made, newest last."""
        (file,) = self.folder.glob("runs/*.sqlite")
        with sqlite3.connect(file) as database:
            database.row_factory = sqlite3.Row
            rows = database.execute(
                "select info.* from info join node on node.id = info.origin_id "
                "where node.participant_id is not null order by info.creation_time"
            )
            return [dict(row) for row in rows]


def served_demo(demo: str, tmp_path_factory: pytest.TempPathFactory, **settings: str) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp(Path(demo).name)
    with serving(demo, folder, **settings) as address:
        yield Served(address, folder)


@pytest.fixture(scope="module")
def stories(tmp_path_factory):
    yield from served_demo(str(EXPERIMENTS / "bartlett1932"), tmp_path_factory)


@pytest.fixture(scope="module")
def drawings(tmp_path_factory):
    yield from served_demo("bartlett_drawing", tmp_path_factory)


@pytest.fixture(scope="module")
def dots(tmp_path_factory):
    # No catch rounds, and all places open at once, so that no participant waits for another.
    yield from served_demo(
        str(EXPERIMENTS / "rogers"),
        tmp_path_factory,
        generations="1",
        generation_size="50",
        catch_repeats="0",
    )


def come(browser: Chrome, served: Served) -> Page:
    """Read the instructions as a new participant."""
    page = Page(browser)
    number = next(NUMBERS)
    ids = f"hitId=H&assignmentId=A{number}&workerId=W{number}&mode=debug&recruiter=hotair"
    browser.get(f"{served.address}/instructions?{ids}")
    page.wait().until(lambda _: page.visible("#go-to-experiment").is_enabled())
    return page


def begin(browser: Chrome, served: Served) -> Page:
    """Arrive at the page of the experiment as a new participant."""
    page = come(browser, served)
    page.press("#go-to-experiment")
    page.arrive_at("/exp")
    return page


def reload(page: Page) -> None:
    page.browser.execute_script("dallinger.allowExit(); location.reload();")
    page.arrive_at("/exp")


def finish(page: Page) -> None:
    page.press("#submit-response")
    page.arrive_at("/questionnaire")


# Stories


def start_writing(browser: Chrome, stories: Served) -> Page:
    page = begin(browser, stories)
    page.press("#finish-reading")
    page.visible("#reproduction")
    return page


def test_the_story_is_gone_while_it_is_written_down(browser, stories):
    page = start_writing(browser, stories)
    gone = page.hidden("#story") and not browser.execute_script(
        "return document.getElementById('story').textContent"
    )
    page.visible("#reproduction").send_keys("A man went home to his village.")
    finish(page)
    assert gone


def test_the_pages_of_a_story_are_accessible(browser, stories):
    page = come(browser, stories)
    found = accessibility.problems(browser, "bartlett1932-instructions")
    page.press("#go-to-experiment")
    page.visible("#finish-reading")
    found += accessibility.problems(browser, "bartlett1932-read")
    page.press("#finish-reading")
    page.visible("#reproduction").send_keys("Too short.")
    page.press("#submit-response")
    page.visible("#reproduction-problem")
    found += accessibility.problems(browser, "bartlett1932-write")
    page.visible("#reproduction").send_keys(" But now it is long enough.")
    finish(page)
    assert found == []


def test_a_very_short_retelling_is_asked_for_again(browser, stories):
    page = start_writing(browser, stories)
    page.visible("#reproduction").send_keys("Too short.")
    page.press("#submit-response")
    problem = page.visible("#reproduction-problem").text
    page.visible("#reproduction").send_keys(" But now it is long enough.")
    finish(page)
    assert problem.startswith("That is very short.")


def test_a_reload_while_writing_restores_the_draft(browser, stories):
    page = start_writing(browser, stories)
    page.visible("#reproduction").send_keys("Two men went down to the river.")
    reload(page)
    draft = page.visible("#reproduction").get_attribute("value")
    finish(page)
    assert draft == "Two men went down to the river."


def test_markup_in_a_story_is_shown_as_it_was_written(browser, stories):
    page = start_writing(browser, stories)
    page.visible("#reproduction").send_keys("He saw <b>ghosts</b> & five canoes.")
    finish(page)
    after = begin(browser, stories)
    read = after.visible("#story").text
    after.press("#finish-reading")
    after.visible("#reproduction").send_keys("He saw five canoes with ghosts.")
    finish(after)
    assert read == "He saw <b>ghosts</b> & five canoes."


# Drawings


def start_drawing(browser: Chrome, drawings: Served) -> Page:
    page = begin(browser, drawings)
    page.press("#finish-reading")
    page.visible("#reproduction")
    return page


def strokes(drawings: Served) -> list[list[int]]:
    return json.loads(drawings.infos()[-1]["contents"])["strokes"]


def drag(page: Page, *steps: tuple[int, int]) -> None:
    hand = (
        ActionChains(page.browser, duration=10)
        .move_to_element(page.visible("#reproduction"))
        .click_and_hold()
    )
    for across, down in steps:
        hand = hand.move_by_offset(across, down)
    hand.release().perform()


def test_the_pages_of_a_drawing_are_accessible(browser, drawings):
    page = come(browser, drawings)
    found = accessibility.problems(browser, "bartlett-drawing-instructions")
    page.press("#go-to-experiment")
    page.visible("#finish-reading")
    found += accessibility.problems(browser, "bartlett-drawing-look")
    page.press("#finish-reading")
    page.visible("#reproduction")
    page.press("#submit-response")
    page.visible("#reproduction-problem")
    found += accessibility.problems(browser, "bartlett-drawing-draw")
    page.visible("#reproduction").send_keys(Keys.SPACE, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.SPACE)
    finish(page)
    assert found == []


def test_a_line_is_drawn_by_pointer(browser, drawings):
    page = start_drawing(browser, drawings)
    drag(page, (40, 0), (0, 40))
    finish(page)
    (line,) = strokes(drawings)
    assert line[:2] == [200, 200]
    assert line[-2] > 200 < line[-1]


def test_a_line_is_drawn_by_keyboard(browser, drawings):
    page = start_drawing(browser, drawings)
    page.visible("#reproduction").send_keys(" ", *[Keys.ARROW_RIGHT] * 10, *[Keys.ARROW_DOWN] * 5, " ")
    finish(page)
    assert strokes(drawings) == [[200, 200, 240, 200, 240, 220]]


def test_the_last_line_can_be_undone(browser, drawings):
    page = start_drawing(browser, drawings)
    drag(page, (40, 0))
    drag(page, (0, 40))
    page.press("#undo")
    finish(page)
    assert len(strokes(drawings)) == 1


def test_an_empty_sheet_is_asked_for_again(browser, drawings):
    page = start_drawing(browser, drawings)
    drag(page, (40, 0))
    page.press("#clear")
    page.press("#submit-response")
    problem = page.visible("#reproduction-problem").text
    drag(page, (40, 0))
    finish(page)
    assert problem.startswith("The sheet is still empty.")


def test_a_reload_while_drawing_restores_the_lines(browser, drawings):
    page = start_drawing(browser, drawings)
    page.visible("#reproduction").send_keys(" ", *[Keys.ARROW_RIGHT] * 10, " ")
    reload(page)
    page.visible("#reproduction")
    finish(page)
    assert strokes(drawings) == [[200, 200, 240, 200]]


def test_a_line_keeps_its_corners_when_it_is_thinned_out(browser, drawings):
    page = start_drawing(browser, drawings)
    thinned = browser.execute_script("return Sketch.simplified([0,0, 5,0, 10,0, 10,5, 10,10], 0.6)")
    drag(page, (40, 0))
    finish(page)
    assert thinned == [0, 0, 10, 0, 10, 10]


# Dots


def round_of(page: Page) -> str:
    return page.visible("#round").text


def look(page: Page) -> None:
    page.press("#look")
    page.visible("#seen")


def test_the_pages_of_the_dots_are_accessible(browser, dots):
    page = come(browser, dots)
    found = accessibility.problems(browser, "rogers-instructions")
    page.press("#go-to-experiment")
    page.visible("#look")
    found += accessibility.problems(browser, "rogers-offer")
    look(page)
    found += accessibility.problems(browser, "rogers-choose")
    browser.execute_script(
        "document.getElementById('asocial').hidden = true; document.getElementById('social').hidden = false;"
        "document.getElementById('advice').textContent = 'more blue';"
    )
    found += accessibility.problems(browser, "rogers-advice")
    assert found == []


def test_choosing_is_possible_only_after_looking(browser, dots):
    page = begin(browser, dots)
    page.visible("#look")
    assert not browser.find_element("id", "more-blue").is_enabled()


def test_the_dots_go_away_by_themselves(browser, dots):
    page = begin(browser, dots)
    look(page)
    assert page.hidden("#dots")


def test_eighty_dots_are_drawn_in_the_right_shares(browser, dots):
    page = begin(browser, dots)
    browser.execute_script(
        "window.colours = []; const pen = CanvasRenderingContext2D.prototype, fill = pen.fill;"
        "pen.fill = function () { colours.push(this.fillStyle); fill.call(this); };"
    )
    look(page)
    blue = browser.execute_script("return colours.filter((colour) => colour === '#1646a8').length")
    assert (browser.execute_script("return colours.length"), max(blue, 80 - blue)) == (80, 64)


def test_enter_does_not_answer_after_the_dots(browser, dots):
    page = begin(browser, dots)
    page.visible("#look").send_keys(Keys.ENTER)
    page.visible("#seen")
    assert browser.switch_to.active_element.get_attribute("id") == "question"
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    assert round_of(page).startswith("Round 1 ")


def test_a_reload_does_not_bring_the_dots_back(browser, dots):
    page = begin(browser, dots)
    look(page)
    reload(page)
    page.visible("#seen")
    assert page.hidden("#look")
    assert page.visible("#more-blue").is_enabled()


def test_a_key_chooses(browser, dots):
    page = begin(browser, dots)
    look(page)
    browser.switch_to.active_element.send_keys("y")
    page.wait().until(lambda _: round_of(page).startswith("Round 2"))
    assert [info["contents"] for info in dots.infos() if info["type"] == "meme"][-1] == "yellow"


def test_practice_rounds_are_called_so(browser, dots):
    assert round_of(begin(browser, dots)) == "Round 1 of 8 (practice)"


def test_eight_rounds_lead_to_the_questionnaire(browser, dots):
    page = begin(browser, dots)
    for number in range(1, 9):
        page.wait().until(lambda _, number=number: round_of(page).startswith(f"Round {number} "))
        look(page)
        page.press("#more-blue")
    page.arrive_at("/questionnaire")
