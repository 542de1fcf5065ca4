"""The pages of the group demos, with two people in two tabs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.support.ui import Select

from tests.browser import accessibility, chromium
from tests.browser.group import People, Tab
from tests.demos.serving import serving
from tests.experiments import EXPERIMENTS

pytestmark = pytest.mark.browser
TWO = {"group_size": "2", "groups": "20"}
FOREVER = {"answer_seconds": "600", "round_seconds": "600"}


@pytest.fixture(scope="module")
def whole_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    browser = chromium.start(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.quit()


@pytest.fixture
def browser(whole_browser: Chrome) -> Iterator[Chrome]:
    yield whole_browser
    chromium.tidy(whole_browser)


@pytest.fixture(scope="module")
def crowd(whole_browser: Chrome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    folder = tmp_path_factory.mktemp("vox")
    with serving(str(EXPERIMENTS / "vox_populi"), folder, jars="30, 60", **TWO, **FOREVER) as address:
        yield People(whole_browser, address)


@pytest.fixture(scope="module")
def players(whole_browser: Chrome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    folder = tmp_path_factory.mktemp("game")
    settings = {"rounds": "2", "grace_seconds": "4", **TWO, **FOREVER}
    with serving(str(EXPERIMENTS / "coordination"), folder, **settings) as address:
        yield People(whole_browser, address)


@pytest.fixture(scope="module")
def strict_players(whole_browser: Chrome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    settings = {"when_somebody_leaves": "end", "grace_seconds": "4", **TWO, **FOREVER}
    folder = tmp_path_factory.mktemp("strict")
    with serving(str(EXPERIMENTS / "coordination"), folder, **settings) as address:
        yield People(whole_browser, address)


def read_instructions(tab: Tab, people: People, name: str) -> list[str]:
    tab.browser.execute_script("dallinger.allowExit();")
    tab.come(people.address, "instructions")
    tab.visible("#go-to-waiting")
    return accessibility.problems(tab.browser, f"{name}-instructions")


# Vox populi


def guess(tab: Tab, number: int) -> None:
    tab.front()
    tab.wait().until(lambda _: tab.visible("#guess").is_enabled())
    tab.visible("#guess").clear()
    tab.visible("#guess").send_keys(str(number))
    tab.press("#send")


def guess_at_stages(first: Tab, second: Tab, stages: list[tuple[int, str]]) -> None:
    """Let both participants guess at each stage, once both pages show it."""
    for jar, question in stages:
        for tab in (first, second):
            tab.shows(f"Jar {jar} of 2", "#jar-number")
            tab.shows(question, "#question")
        for tab in (first, second):
            guess(tab, 33)


def test_guesses_stay_hidden_until_all_have_guessed(browser, crowd):
    first, second = crowd.meet(2)
    guess(first, 40)
    waited = first.shows("Waiting for one more person", "#note")
    hidden = first.hidden("#others")
    guess(second, 44)
    shown = first.shows("44", "#guesses")
    first.keep("vox-populi-guesses")
    assert (waited, hidden, shown) == (True, True, True)


def test_the_median_of_the_guesses_is_shown(browser, crowd):
    first, second = crowd.meet(2)
    guess(first, 40)
    guess(second, 44)
    assert first.shows("42", "#median")


def test_a_group_goes_from_jar_to_jar_to_the_end(browser, crowd):
    both = crowd.meet(2)
    stages = [(jar, question) for jar in (1, 2) for question in ("How many beans", "change your guess")]
    guess_at_stages(*both, stages)
    for tab in both:
        tab.shows("That was the last jar", "#question")
        tab.press("#go-on")
        tab.arrive_at("/questionnaire")


def test_the_pages_of_the_jars_are_accessible(browser, crowd):
    first, second = crowd.meet(2)
    first.shows("Jar 1 of 2", "#jar-number")
    found = accessibility.problems(browser, "vox-populi-alone")
    guess(first, 40)
    found += accessibility.problems(browser, "vox-populi-waiting")
    guess(second, 44)
    first.shows("44", "#guesses")
    found += accessibility.problems(browser, "vox-populi-together")
    guess_at_stages(
        first, second, [(1, "change your guess"), (2, "How many beans"), (2, "change your guess")]
    )
    first.shows("last jar", "#question")
    found += accessibility.problems(browser, "vox-populi-over")
    found += read_instructions(first, crowd, "vox-populi")
    assert found == []


def test_a_reload_returns_to_the_same_stage(browser, crowd):
    first, second = crowd.meet(2)
    guess(first, 40)
    guess(second, 44)
    first.shows("44", "#guesses")
    first.browser.execute_script("dallinger.allowExit(); location.reload();")
    assert first.shows("change your guess", "#question")


def test_the_beans_can_be_counted(browser, crowd):
    first, _ = crowd.meet(2)
    first.front()
    browser.execute_script(
        "window.beans = 0; const pen = CanvasRenderingContext2D.prototype, ellipse = pen.ellipse;"
        "pen.ellipse = function (...given) { beans += 1; ellipse.apply(this, given); };"
        "Beans.draw(document.getElementById('jar'), 57);"
    )
    assert browser.execute_script("return beans") == 57


# Coordination


def choose(tab: Tab, effort: int) -> None:
    tab.front()
    tab.press(f"[data-effort='{effort}']")


def test_both_earn_by_the_lowest_effort(browser, players):
    first, second = players.meet(2)
    choose(first, 7)
    choose(second, 3)
    first.shows("Round 2 of 2", "#round-number")
    first.keep("coordination")
    assert (first.shows("50", "#earned"), second.shows("90", "#earned")) == (True, True)


def test_a_proposal_reaches_the_others(browser, players):
    first, second = players.meet(2)
    second.shows("Round 1 of 2", "#round-number")
    first.shows("Round 1 of 2", "#round-number")
    Select(first.visible("#proposal")).select_by_visible_text("6")
    first.press("#propose")
    assert second.shows("suggests 6", "#proposals")


def test_the_pages_of_the_game_are_accessible(browser, players):
    first, second = players.meet(2)
    first.shows("Round 1 of 2", "#round-number")
    found = accessibility.problems(browser, "coordination-choose")
    choose(first, 7)
    first.shows("Waiting for", "#note")
    found += accessibility.problems(browser, "coordination-waiting")
    choose(second, 3)
    first.shows("Round 2 of 2", "#round-number")
    found += accessibility.problems(browser, "coordination-second-round")
    for tab in (first, second):
        choose(tab, 7)
    first.shows("You earned", "#note")
    found += accessibility.problems(browser, "coordination-over")
    found += read_instructions(first, players, "coordination")
    assert found == []


def test_a_game_has_an_end(browser, players):
    both = players.meet(2)
    for number in (1, 2):
        for tab in both:
            tab.shows(f"Round {number} of 2", "#round-number")
            choose(tab, 7)
    for tab in both:
        tab.shows("You earned 260 points", "#note")
        tab.press("#go-on")
        tab.arrive_at("/questionnaire")


def test_the_game_waits_for_a_dropout_and_continues_when_they_return(browser, players):
    first, second = players.meet(2)
    choose(first, 7)
    second.shows("Round 1 of 2", "#round-number")
    second.leave()
    paused = first.shows("The game is paused", "#paused")
    first.keep("coordination-paused")
    second.open()
    second.come(players.address, "exp")
    choose(second, 7)
    assert paused
    assert first.shows("Round 2 of 2", "#round-number")


def test_when_the_group_ends_the_others_see_a_friendly_message(browser, strict_players):
    first, second = strict_players.meet(2)
    second.shows("Round 1", "#round-number")
    second.leave()
    told = first.shows("This is not your fault", "#goodbye")
    first.keep("group-ended")
    first.press("#go-to-end")
    first.arrive_at("/questionnaire")
    assert told


def test_a_phone_shows_the_game_without_scrolling_sideways(browser, players):
    first, _ = players.meet(2)
    first.shows("Round 1 of 2", "#round-number")
    chromium.resize_to_phone(browser)
    first.keep("coordination-phone")
    assert not first.is_wider_than_the_window()


def test_a_phone_shows_a_jar_without_scrolling_sideways(browser, crowd):
    first, _ = crowd.meet(2)
    first.shows("Jar 1 of 2", "#jar-number")
    chromium.resize_to_phone(browser)
    first.keep("vox-populi-phone")
    assert not first.is_wider_than_the_window()
