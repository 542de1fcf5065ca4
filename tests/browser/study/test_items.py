"""Each kind of item on the page of a study: with the keyboard alone, with the pointer, and by axe-core."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from chalicelib.study import items as kinds
from chalicelib.study.items import Item, check_answer
from tests.browser.accessibility import problems
from tests.browser.standin import success

from .conftest import Open
from .questions import asking
from .study_page import StudyPage

Act = Callable[[StudyPage], None]
RESULT = asking("The result")
ADD = [
    {"name": "adds", "run": "add(1, 2)", "expect": 3},
    {"name": "adds zero", "run": "add(1, 0)", "expect": 1},
]
SUM = "function add(a, b) { return a + b; }"


def pressing(control: str, *keys: str) -> Act:
    def act(page: StudyPage) -> None:
        page.tab_to(control)
        page.keys(*keys)

    return act


def both(*acts: Act) -> Act:
    def act(page: StudyPage) -> None:
        for each in acts:
            each(page)

    return act


def on_button(label: str, *keys: str) -> Act:
    """Press keys on the button with this name."""

    def act(page: StudyPage) -> None:
        for _ in range(40):
            active = page.browser.switch_to.active_element
            if active.get_attribute("aria-label") == label:
                page.keys(*keys)
                return
            page.keys(Keys.TAB)
        raise AssertionError(f"the Tab key never reached the button {label!r}")

    return act


def nothing(_: StudyPage) -> None:
    """Answer nothing: it is enough to have seen it."""


COLOURS = ["Red", "Blue", "Green"]
MOODS = {"a": "I am calm", "b": "I am awake"}
CASES: dict[str, tuple[Item, Act, Any]] = {
    "choice": (kinds.choice("Which?", COLOURS), pressing("item-x-1", Keys.SPACE, Keys.ARROW_DOWN), "Blue"),
    "choice with another answer": (
        kinds.choice("Which?", COLOURS, other=True),
        both(pressing("item-x-1", Keys.SPACE, Keys.ARROW_UP), pressing("item-x-other", "Pink")),
        {"key": "other", "text": "Pink"},
    ),
    "choice, drop-down": (
        kinds.choice("Which?", COLOURS, style="dropdown"),
        pressing("item-x", "G"),
        "Green",
    ),
    "choice, pictures": (
        kinds.choice(
            "Which?",
            {
                "a": {"picture": "images/petri.svg", "alt": "A dish", "label": "Dish"},
                "b": {"picture": "images/petri.svg"},
            },
            style="pictures",
        ),
        pressing("item-x-1", Keys.SPACE),
        "a",
    ),
    "choice, yes or no": (kinds.choice("Agreed?", style="yes_no"), pressing("item-x-1", Keys.SPACE), "yes"),
    "choices": (
        kinds.choices("Which?", COLOURS),
        both(pressing("item-x-1", Keys.SPACE), pressing("item-x-3", Keys.SPACE)),
        ["Red", "Green"],
    ),
    "choices, one alone": (
        kinds.choices("Which?", [*COLOURS, {"key": "none", "label": "None", "alone": True}]),
        both(pressing("item-x-1", Keys.SPACE), pressing("item-x-4", Keys.SPACE)),
        ["none"],
    ),
    "text": (kinds.text("Why?"), pressing("item-x", "because"), "because"),
    "number": (kinds.number("How many?", maximum=9, decimals=1), pressing("item-x", "2.5"), "2.5"),
    "email": (kinds.email("Where?"), pressing("item-x", "a@example.org"), "a@example.org"),
    "date": (kinds.date("When?"), pressing("item-x", "11282026"), "2026-11-28"),
    "time": (kinds.time("When?"), pressing("item-x", "0205PM"), "14:05"),
    "slider": (
        kinds.slider("How warm?", minimum=0, maximum=10, low="cold", high="hot", unit="°C"),
        pressing("item-x", Keys.ARROW_RIGHT),
        6,
    ),
    "range": (kinds.range_("Guess", minimum=0, maximum=100), pressing("item-x", "42"), 42),
    "rating": (kinds.rating("How good?"), pressing("item-x-1", Keys.SPACE, Keys.ARROW_RIGHT), 2),
    "likert": (kinds.likert("It is fair."), pressing("item-x-1", Keys.SPACE), 1),
    "poll": (kinds.poll("Which?", COLOURS), pressing("item-x-1", Keys.SPACE), "Red"),
    "table of scales": (
        kinds.table("How do you feel?", MOODS, kinds.likert("It is so.")),
        both(pressing("item-x.a-1", Keys.SPACE), pressing("item-x.b-1", Keys.SPACE, Keys.ARROW_RIGHT)),
        {"a": 1, "b": 2},
    ),
    "table of numbers": (
        kinds.table("How often?", MOODS, kinds.number("Times", maximum=9)),
        both(pressing("item-x.a", "3"), pressing("item-x.b", "4")),
        {"a": 3, "b": 4},
    ),
    "fill_in": (
        kinds.fill_in("The capitals", "France: ___; Italy: ___.", ["Paris", "Rome"]),
        both(pressing("item-x-1", "Paris"), pressing("item-x-2", "Milan")),
        ["Paris", "Milan"],
    ),
    "order": (
        kinds.order("Sort them", {"a": "One", "b": "Two", "c": "Three"}),
        on_button("Move up: One", Keys.ENTER, Keys.ENTER, Keys.ENTER),
        None,
    ),
    "match": (
        kinds.match("Capitals", {"France": "Paris", "Italy": "Rome"}),
        both(pressing("item-x-1", "P"), pressing("item-x-2", "R")),
        None,
    ),
    "categorise": (
        kinds.categorise("Where?", {"Fruit": ["apple"], "Animal": ["cat"]}),
        both(pressing("item-x-1", "F"), pressing("item-x-2", "F")),
        None,
    ),
    "area": (
        kinds.area(
            "Where?",
            "images/petri.svg",
            {
                "left": {"label": "Left", "rect": [0, 0, 50, 100]},
                "right": {"label": "Right", "circle": [75, 50, 20]},
            },
            size=[100, 100],
            alt="A dish",
        ),
        pressing("item-x-1", Keys.SPACE),
        ["left"],
    ),
    "code": (kinds.code("Write add", ADD), pressing("item-x", SUM), None),
    "consent": (kinds.consent("I agree", "What you agree to"), pressing("item-x", Keys.SPACE), None),
    "display": (kinds.display("Look at this"), nothing, True),
}


def test_each_kind_is_tried() -> None:
    tried = {item.kind for item, _, _ in CASES.values()}
    assert tried | {"upload"} == set(kinds.kinds())


@pytest.mark.parametrize("name", CASES)
def test_an_item_is_answered_by_keyboard_alone_and_has_no_violations(opened: Open, name: str) -> None:
    item, act, expected = CASES[name]
    page, study = opened(asking("A question", x=item), RESULT)
    page.shows("A question")
    found = problems(page.browser, f"study-item-{name.replace(' ', '-').replace(',', '')}")
    act(page)
    page.tab_to("next")
    page.keys(Keys.ENTER)
    page.shows("The result")
    stored = check_answer(item.named("x"), study.taken[0]["answers"]["x"])
    if expected is not None:
        assert stored == expected
    assert stored is not None
    assert found == []


@pytest.mark.parametrize("name", sorted(CASES.keys() - {"display", "order", "range"}))
def test_an_item_that_was_not_answered_is_marked(opened: Open, name: str) -> None:
    page, study = opened(asking("A question", x=CASES[name][0]), RESULT)
    page.shows("A question")
    page.go_on()
    assert page.error_of("x")
    assert study.taken == []
    assert problems(page.browser, f"study-refused-{name.replace(' ', '-').replace(',', '')}") == []


def answer(page: StudyPage) -> Any:
    return page.browser.execute_script("return petri.study.readAll(document).x")


def drag(page: StudyPage, one: str, other: str, *, below: int = 0) -> None:
    start = page.visible(one)
    end = page.visible(other)
    ActionChains(page.browser).click_and_hold(start).move_to_element_with_offset(
        end, 0, below
    ).release().perform()


def test_pieces_are_put_in_order_by_dragging_and_stay_so_after_a_reload(opened: Open) -> None:
    item = kinds.order("Sort", {"a": "One", "b": "Two", "c": "Three"})
    page, _ = opened(asking("Sort them", x=item), RESULT)
    page.shows("Sort them")
    first, second, third = answer(page)
    drag(page, f'[data-key="{first}"] .piece-handle', f'[data-key="{third}"]', below=15)
    page.wait().until(lambda _: answer(page) == [second, third, first])
    page.browser.execute_script("window.dallinger.allowExit()")
    page.browser.refresh()
    page.shows("Sort them")
    page.wait().until(lambda _: answer(page) == [second, third, first])


def test_pieces_are_indented_and_left_out_by_buttons(opened: Open) -> None:
    item = kinds.order("Sort", ["def f():", "    return 1"], distractors=["return 2"], indentation=True)
    page, _ = opened(asking("Sort them", x=item), RESULT)
    page.shows("Sort them")
    page.press('[aria-label="Indent more: return 1"]')
    page.press('[aria-label="Leave out: return 2"]')
    assert sorted(answer(page)) == [["def f():", 0], ["return 1", 1]]


def test_an_optional_order_has_no_answer_before_a_piece_was_moved(opened: Open) -> None:
    item = kinds.order("Sort", {"a": "One", "b": "Two"}, required=False)
    page, study = opened(asking("Sort them", x=item), RESULT)
    page.shows("Sort them")
    assert answer(page) is None
    second = page.browser.find_elements(By.CSS_SELECTOR, ".item-piece")[1].get_attribute("data-key")
    page.browser.find_elements(By.CSS_SELECTOR, '[aria-label^="Move up"]')[1].click()
    assert answer(page)[0] == second
    page.go_on()
    page.shows("The result")
    assert study.taken[0]["answers"]["x"][0] == second


def test_pairs_are_made_by_dragging_and_an_option_is_used_once(opened: Open) -> None:
    item = kinds.match("Capitals", {"France": "Paris", "Italy": "Rome"})
    page, _ = opened(asking("Match them", x=item), RESULT)
    page.shows("Match them")
    rows = page.browser.execute_script(
        "return [...document.querySelectorAll('.item-pair')].map((row) => row.dataset.key)"
    )
    keys = page.browser.execute_script(
        "return [...document.querySelectorAll('.pair-target')].map((target) => target.dataset.key)"
    )
    drag(page, f'.item-pair[data-key="{rows[0]}"] label', f'.pair-target[data-key="{keys[0]}"]')
    page.wait().until(lambda _: answer(page) == {rows[0]: keys[0]})
    options = page.browser.find_elements(By.CSS_SELECTOR, f'.item-pair[data-key="{rows[1]}"] option')
    assert {each.get_attribute("value"): each.is_enabled() for each in options}[keys[0]] is False
    drag(page, f'.item-pair[data-key="{rows[1]}"] label', f'.pair-target[data-key="{keys[0]}"]')
    page.wait().until(lambda _: answer(page) == {rows[1]: keys[0]})


def test_a_region_of_a_picture_is_chosen_by_a_click(opened: Open) -> None:
    page, _ = opened(asking("Choose", x=CASES["area"][0]), RESULT)
    page.shows("Choose")
    page.browser.find_element(By.CSS_SELECTOR, 'svg [data-key="right"]').click()
    assert answer(page) == ["right"]
    assert "chosen" in str(page.visible('svg [data-key="right"]').get_attribute("class"))


def test_a_slider_has_no_value_before_it_is_touched_and_keeps_it_after_a_reload(opened: Open) -> None:
    page, study = opened(asking("Slide", x=kinds.slider("How warm?", minimum=0, maximum=10)), RESULT)
    page.shows("Slide")
    assert answer(page) is None
    page.go_on()
    assert page.error_of("x") == "Please answer this question."
    page.visible("#item-x").click()
    assert answer(page) == "5"
    page.browser.execute_script("window.dallinger.allowExit()")
    page.browser.refresh()
    page.shows("Slide")
    assert page.visible("output").text == "5"
    page.go_on()
    page.shows("The result")
    assert study.taken[0]["answers"] == {"x": "5"}


def test_number_and_slider_show_the_same_guess(opened: Open) -> None:
    page, _ = opened(asking("Guess", x=kinds.range_("How many?", minimum=0, maximum=100)), RESULT)
    page.shows("Guess")
    page.write("x", "30")
    assert page.visible(".item-range-slider").get_attribute("value") == "30"
    page.visible(".item-range-slider").send_keys(Keys.ARROW_RIGHT)
    assert answer(page) == "31"


def test_code_is_run_against_its_tests_and_each_run_is_kept(opened: Open) -> None:
    page, study = opened(asking("Write", x=kinds.code("Write add", ADD, starter="let a = 1;")), RESULT)
    page.write("x", "function add(a, b) { return a; }")
    page.press(".item-run")
    page.wait().until(lambda _: "1 of 2 tests passed" in page.visible(".item-code-output").text)
    assert "the result was 1" in page.visible(".item-code-output").text
    page.write("x", SUM)
    page.go_on()
    page.shows("The result")
    sent = study.taken[0]["answers"]["x"]
    assert (sent["passed"], sent["failed"], sent["text"]) == (2, 0, SUM)
    assert [(run["passed"], run["failed"]) for run in sent["runs"]] == [(1, 1), (2, 0)]


@pytest.mark.parametrize(
    ("program", "error"),
    [
        ("while (true) {}", "stopped after 1 seconds"),
        ("function add( {", "SyntaxError"),
        ("const add = () => fetch('/page');", "TypeError"),
    ],
)
def test_code_that_never_ends_fails_or_reaches_for_the_network_only_fails_its_tests(
    opened: Open, program: str, error: str
) -> None:
    page, study = opened(asking("Write", x=kinds.code("Write add", ADD, seconds=1)), RESULT)
    page.write("x", program)
    page.go_on()
    page.shows("The result")
    sent = study.taken[0]["answers"]["x"]
    assert (sent["passed"], sent["failed"]) == (0, 2)
    assert error in sent["runs"][0]["error"]


def test_a_file_is_sent_to_where_the_server_says(opened: Open, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Some notes.", encoding="utf-8")
    page, study = opened(asking("Send", x=kinds.upload("Your notes", accept=[".txt"])), RESULT)
    study.on(
        "POST", "/page/upload", success(reference="r1", upload={"url": "/store/r1", "fields": {"key": "r1"}})
    )
    study.on("POST", "/store/r1", success())
    page.visible("#item-x").send_keys(str(file))
    page.wait().until(lambda _: "Uploaded" in page.visible(".item-uploaded").text)
    page.go_on()
    page.shows("The result")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert study.taken[0]["answers"]["x"] == {
        "reference": "r1",
        "size": 11,
        "type": "text/plain",
        "sha256": digest,
    }
    assert study.requests("/page/upload")[0].data["sha256"] == digest


def test_a_file_of_another_type_is_refused_before_it_is_sent(opened: Open, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Some notes.", encoding="utf-8")
    page, study = opened(asking("Send", x=kinds.upload("A picture", accept=["image/png"])), RESULT)
    page.shows("Send")
    page.visible("#item-x").send_keys(str(file))
    page.wait().until(lambda _: "not accepted" in page.visible(".item-uploaded").text)
    assert study.requests("/page/upload") == []
    assert problems(page.browser, "study-item-upload") == []


def test_a_language_that_is_being_loaded_is_waited_for(opened: Open) -> None:
    page, _ = opened(RESULT)
    page.shows("The result")
    script = (
        "const [done] = arguments; petri.study.speak('fr');"
        "petri.study.speak('fr').then(() => done(petri.study.text('Next')));"
    )
    assert page.browser.execute_async_script(script) == "Suivant"


def test_a_page_is_in_the_participants_language(opened: Open) -> None:
    more = {"language": "de", "button": "Weiter"}
    page, _ = opened(asking("Eine Frage", x=kinds.number("Wie viele?", maximum=9), seconds=600, more=more))
    page.write("x", "10")
    assert page.visible(".timer-label").text == "Verbleibende Zeit"
    assert page.visible("#withdraw-link").text == "Teilnahme beenden"
    page.go_on()
    assert page.error_of("x") == "Die Zahl darf höchstens 9 sein."
    assert page.visible("#problems").text == "Bitte prüfen Sie die markierte Antwort."
    assert page.browser.execute_script("return document.documentElement.lang") == "de"
