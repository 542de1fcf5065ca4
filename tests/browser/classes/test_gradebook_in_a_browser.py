"""An instructor sets an assignment, grades in the gradebook with the keyboard, and reads every page of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from openpyxl import load_workbook
from pytest_socket import enable_socket
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from chalicelib.model.record import iso
from chalicelib.operations.assignments.assignment_fields import AssignmentFields
from chalicelib.operations.assignments.except_member import except_member
from chalicelib.operations.assignments.gradebook import give_points
from chalicelib.operations.assignments.manage_assignments import release_grades, set_assignment
from chalicelib.operations.classes.class_records import add_member, create_class, read_member, store_member
from chalicelib.operations.participant.create_participant import create_participant
from chalicelib.operations.participant.entry_verification import EntryRequest
from chalicelib.operations.shared.context import OPERATOR_CALLER, Context
from chalicelib.services import App
from chalicelib.study.classes.study_class import ScoreStatus, StudyClass
from infra.local.lifecycle.run_paths import RunPaths
from infra.operator.run_session import opened
from tests.browser import accessibility
from tests.browser.dashboard.conftest import ServedRun
from tests.browser.dashboard.test_dashboard import in_dark_colours, sign_in
from tests.contract.factories import ANY_CALLER
from tests.demos.serving import serving
from tests.study.contract.players import Player

pytestmark = pytest.mark.e2e

WITHIN_SECONDS = 30
STUDY = '''
from petri.study import End, Form, Page, Study, choice, number, text


class Course(Study):
    """A course about chance."""

    capital = choice("How many of two coins show heads?", ["At least one", "One"], right="One")
    half = number("What is the median of 2, 3 and 12?", right=3, points=2)
    essay = text("When is the median a better summary than the mean?", grading="manual", points=4)
    timeline = [Form("coins", ask=["capital", "half"]), Form("essay", ask="essay"), Page("reading"), End()]
'''
NAMES = ("Lovelace, Ada", "Noether, Emmy", "Bayes, Thomas", "Turing, Alan", "Nightingale, Florence")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedRun]:
    enable_socket()
    with served_course(tmp_path_factory.mktemp("course"), tmp_path_factory.mktemp("served")) as run:
        yield run


@contextmanager
def served_course(study: Path, folder: Path) -> Iterator[ServedRun]:
    """Serve a course with a class; `study` and `folder` are empty folders for the study and the run."""
    (study / "experiment.py").write_text(STUDY, encoding="utf-8")
    (study / "config.txt").write_text("[Parameters]\n", encoding="utf-8")
    (study / "pages").mkdir()
    for name in ("coins", "essay", "reading"):
        (study / "pages" / f"{name}.md").write_text(f"# {name.title()}\n", encoding="utf-8")
    with serving(str(study), folder) as address:
        run = ServedRun(folder, address)
        with opened(None, RunPaths(folder)) as session:
            _fill(session.app)
        yield run


def _fill(app: App) -> None:
    """Make a class with members, of whom some have answered, and four assignments."""
    run = partial(app.run, caller=OPERATOR_CALLER)
    number = run(create_class, StudyClass(0, "Statistics, winter term", "", time_zone="Europe/Berlin")).number
    for name, parts, more in (
        ("Week 1: coins", ("page coins 10",), {"due": "2030-12-01T18:00", "enforced": True}),
        ("Week 2: essay", ("item essay 4", "page reading 1"), {"due": "2020-12-08T18:00"}),
        ("Exam", ("item half 20",), {"minutes": 90, "weight": "3"}),
        ("Bonus", ("item capital 2",), {"visible_from": "2031-01-01T08:00"}),
    ):
        run(set_assignment, number, AssignmentFields(name=name, parts=parts, **more))
    seats = [
        run(add_member, number, name=name, email=f"{name[:4].lower()}@example.org").seat for name in NAMES
    ]
    for seat, right in zip(seats[:4], (True, True, False, True), strict=True):
        entry = EntryRequest(worker_id=seat, hit_id="h", assignment_id=seat)
        created = app.run(create_participant, entry, caller=ANY_CALLER)
        player = Player(app, int(created["participant"]["id"]))
        player.get()
        player.post(capital="One" if right else "At least one", half=3)
        player.post(essay="When a few values are far from the others, as incomes are.")
        if right:
            player.post()
    run(give_points, number, 2, seats[0], "item:essay", Decimal("3.5"), "A good example. Why incomes?")
    run(give_points, number, 3, seats[1], "", Decimal(18), "Agreed in the review")
    run(except_member, number, 2, seats[1], due="2030-12-10T18:00", reason="Ill")
    run(_come_from_platform, number, seats[0], ScoreStatus.SENT, "")
    run(
        _come_from_platform,
        number,
        seats[2],
        ScoreStatus.REFUSED,
        "Moodle refused it (403).",
    )
    run(release_grades, number, 1, is_released=True)


def _come_from_platform(ctx: Context, number: int, seat: str, status: ScoreStatus, reason: str) -> None:
    member = read_member(ctx, number, seat)
    member.lti_platform, member.line_item = "moodle", "https://moodle.example.edu/items/7"
    member.score_status, member.score_reason, member.score_at = status.value, reason, iso(ctx.now)
    store_member(ctx, member)


def wait_for(browser: Chrome, text: str) -> None:
    WebDriverWait(browser, WITHIN_SECONDS).until(
        lambda b: text in b.execute_script("return document.body?.innerText ?? ''")
    )


def problems(browser: Chrome, name: str) -> list[str]:
    found = accessibility.problems(browser, name)
    in_dark_colours(browser, on=True)
    found += accessibility.problems(browser, f"{name}-dark", sizes=(accessibility.DESKTOP,))
    in_dark_colours(browser, on=False)
    return found


def test_an_instructor_uses_every_page_of_assignments_and_gradebook(
    browser: Chrome, course: ServedRun
) -> None:
    sign_in(browser, course)
    at = f"{course.dashboard}/classes/1"
    found = []
    for end, name in (
        ("assignments", "class-assignments"),
        ("assignments?new=yes", "class-assignment-new"),
        ("assignments?assignment=1-2", "class-assignment"),
        ("gradebook", "class-gradebook"),
    ):
        browser.get(f"{at}/{end}")
        found += problems(browser, name)
    cell = browser.find_element(By.CSS_SELECTOR, "a[href*='assignment=1-2']:not(thead a)")
    browser.get(str(cell.get_attribute("href")))
    found += problems(browser, "class-member-grade")
    assert found == [], "\n".join(found)


def test_arrow_keys_move_between_the_cells_of_the_gradebook_and_enter_opens_one(
    browser: Chrome, course: ServedRun
) -> None:
    sign_in(browser, course)
    browser.get(f"{course.dashboard}/classes/1/gradebook")
    cells = browser.find_elements(By.CSS_SELECTOR, ".gradebook tbody a")
    assert [one.get_attribute("tabindex") for one in cells].count("0") == 1

    def at() -> tuple[int, int]:
        active = browser.switch_to.active_element
        script = (
            "const td = arguments[0].parentElement; return [td.parentElement.sectionRowIndex, td.cellIndex]"
        )
        row, column = browser.execute_script(script, active)
        return row, column

    browser.execute_script("document.querySelector('.gradebook tbody a').focus()")
    places = []
    for key in (Keys.ARROW_RIGHT, Keys.ARROW_DOWN, Keys.END, Keys.ARROW_RIGHT, Keys.ARROW_UP, Keys.ARROW_UP):
        browser.switch_to.active_element.send_keys(key)
        places.append(at())
    # At the edge of the grid, nothing happens.
    assert places == [(0, 2), (1, 2), (1, 4), (1, 4), (0, 4), (0, 4)]
    browser.switch_to.active_element.send_keys(Keys.HOME, Keys.ENTER)
    wait_for(browser, "Week 1: coins")
    assert "seat=" in browser.current_url


def test_points_that_are_typed_in_a_cell_are_in_the_grid(browser: Chrome, course: ServedRun) -> None:
    sign_in(browser, course)
    browser.get(f"{course.dashboard}/classes/1/gradebook")
    blank = browser.find_element(By.XPATH, "//tr[th[contains(., 'Turing')]]/td[2]/a")
    assert "waiting for a grade" in str(blank.get_attribute("innerHTML"))
    browser.get(str(blank.get_attribute("href")))
    browser.find_element(By.ID, "points-item:essay").send_keys("2,5", Keys.ENTER)
    wait_for(browser, "Saved.")
    browser.get(f"{course.dashboard}/classes/1/gradebook")
    given = browser.find_element(By.XPATH, "//tr[th[contains(., 'Turing')]]/td[2]/a")
    assert given.text.startswith("3.5")


def test_one_press_downloads_the_workbook(browser: Chrome, course: ServedRun, tmp_path: Path) -> None:
    sign_in(browser, course)
    browser.get(f"{course.dashboard}/classes/1/gradebook")
    where = {"behavior": "allow", "downloadPath": str(tmp_path)}
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", where)
    browser.find_element(By.LINK_TEXT, "Download for Excel").click()
    target = tmp_path / "gradebook-1.xlsx"
    WebDriverWait(browser, WITHIN_SECONDS).until(lambda _: target.exists())
    totals, questions = load_workbook(target).worksheets
    assert [row[1].value for row in questions.iter_rows(min_row=4)] == [
        "Bayes",
        "Lovelace",
        "Nightingale",
        "Noether",
        "Turing",
    ]
    assert totals["A1"].value == "E-mail"
